"""When is somebody to be told that something is wrong? The table of alert rules, RULES.

A rule looks at the facts and names its troubles. A trouble opens an alert, which lasts until the rule has not
named it for a while (adapter.domain.alert_life). Words of alerts hold no number and no name of a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapter.domain.alert_facts import Compared, Facts, HitCalls, Trouble
from adapter.domain.alert_sentences import (
    no_worker_words,
    parked_words,
    paused_words,
    silent_words,
)
from adapter.domain.call import CallState
from adapter.domain.cause import Cause

# A due call that no worker takes for so long.
LATE_AFTER = timedelta(minutes=5)
# No sign of any worker for so long: longer than a deploy takes.
NO_WORKER_AFTER = timedelta(minutes=2)
# Calls on the provider's list that ended after the last hook.
UNHEARD_CALLS = 3
REFUSED_HOOKS, REFUSED_WITHIN = 20, timedelta(minutes=10)
# Writes of an integration that failed for the same cause within WRITES_WITHIN, and their share of all.
FAILED_WRITES, FAILED_SHARE, WRITES_WITHIN = 3, 0.2, timedelta(hours=1)
HELD_LONG_CALLS, HELD_LONG = 10, timedelta(days=1)
WRONG_PASSWORDS, PASSWORDS_WITHIN = 100, timedelta(hours=1)
# A comparison with the provider's list that is older says nothing about now.
COMPARED_WITHIN = timedelta(hours=1)

_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,300}")
_SLUG = re.compile(r"[^A-Za-z0-9_.-]+")


Look = Callable[[Facts], Sequence[Trouble] | None]


@dataclass(frozen=True)
class Rule:
    """One row of the table. looks_at, opens, closes: for people.

    find: returns the troubles of now; None if the facts do not tell. good_for: for so long a trouble must be
    away before its alert is resolved. by_web: the web process looks too, as no worker may be there to do it.
    """

    name: str
    title: str
    looks_at: str
    opens: str
    closes: str
    find: Look
    good_for: timedelta = timedelta(minutes=1)
    by_web: bool = False


def key_of(rule: str, *parts: str) -> str:
    """Return the key of an alert, which also stands in addresses."""
    return ":".join([rule, *(_SLUG.sub("-", part).strip("-") or "none" for part in parts)])


def is_key(text: str) -> bool:
    """Return whether this may be the key of an alert."""
    return _KEY.fullmatch(text) is not None


def rule_of(key: str) -> str:
    """Return the name of the rule that made this key."""
    return key.partition(":")[0]


# The rules ------------------------------------------------------------------------------------------------


def _no_worker(facts: Facts) -> Sequence[Trouble] | None:
    if facts.last_sign is None:
        return None
    if facts.now - facts.last_sign < NO_WORKER_AFTER:
        return []
    hits = HitCalls(is_unwritten=True)
    return [Trouble("no_worker", no_worker_words(), hits, since=facts.last_sign)]


def _late(facts: Facts) -> Sequence[Trouble]:
    if facts.oldest_due is None or facts.now - facts.oldest_due < LATE_AFTER:
        return []
    minutes = (facts.now - facts.oldest_due) // timedelta(minutes=1)
    words = (
        f"the oldest due call has waited {minutes} minutes for a worker: start more workers, or look in the "
        "worker's log for what keeps them busy"
    )
    hits = HitCalls(is_unwritten=True, due_before=facts.now - LATE_AFTER)
    return [Trouble("late", words, hits, since=facts.oldest_due)]


def _key_refused(facts: Facts) -> Sequence[Trouble]:
    troubles = [
        Trouble(key_of("key_refused", name), paused_words(name), HitCalls(waits_for=name), since)
        for name, since in facts.pauses.items()
    ]
    troubles += [
        Trouble(
            key_of("key_refused", api.provider, api.account), silent_words(api), since=api.since
        )
        for api in facts.silent_apis
        if api.is_refusal
    ]
    compared = _fresh(facts)
    if compared is not None and compared.refused:
        words = (
            f"the provider refused to show its list of calls for {compared.refused} account(s): check "
            "their tokens; `adapter doctor` tries them"
        )
        troubles.append(Trouble("key_refused:list", words))
    return troubles


def _provider_silent(facts: Facts) -> Sequence[Trouble]:
    return [
        Trouble(
            key_of("provider_silent", api.provider, api.account),
            silent_words(api),
            since=api.since,
        )
        for api in facts.silent_apis
        if api.is_unreachable and not api.is_refusal
    ]


def _writes_fail(facts: Facts) -> Sequence[Trouble]:
    troubles = []
    for integration, failures in facts.breakers.items():
        words = (
            f"{failures} writes to integration {integration} failed in a row; it is tried again now and then, "
            "and what waits goes on by itself"
        )
        hits = HitCalls(is_unwritten=True, is_retrying=True)
        troubles.append(Trouble(key_of("writes_fail", integration, "in_a_row"), words, hits))
    for integration, writes in facts.writes.items():
        for cause, count in writes.failed.items():
            share = count / (writes.written + sum(writes.failed.values()))
            if count < FAILED_WRITES or share < FAILED_SHARE:
                continue
            words = (
                f"{count} calls of integration {integration} failed within an hour ({share:.0%} of its calls), "
                f"{_cause(cause)}: after putting it right, `adapter replay --state failed`"
            )
            hits = HitCalls(
                state=CallState.FAILED,
                cause=cause,
                integration_id=integration,
                failed_since=facts.now - WRITES_WITHIN,
            )
            troubles.append(Trouble(key_of("writes_fail", integration, cause), words, hits))
    return troubles


def _cause(cause: str) -> str:
    known = Cause.of(cause)
    return known.words if known else cause


def _held(facts: Facts) -> Sequence[Trouble]:
    return [
        Trouble(
            key_of("held", cause),
            f"{held.count} call(s) are held ({_cause(cause)}): a person has to decide",
            HitCalls(state=CallState.HELD, cause=cause),
        )
        for cause, held in facts.held.items()
        if held.count
    ]


def _held_long(facts: Facts) -> Sequence[Trouble]:
    count = sum(held.waiting_long for held in facts.held.values())
    if count < HELD_LONG_CALLS:
        return []
    words = f"{count} calls have been held for longer than a day: a person has to decide"
    return [
        Trouble(
            "held_long", words, HitCalls(state=CallState.HELD, came_before=facts.now - HELD_LONG)
        )
    ]


def _no_hooks(facts: Facts) -> Sequence[Trouble] | None:
    compared = _fresh(facts)
    if compared is None:
        return None
    was_heard = facts.newest_hook is not None and facts.newest_hook > compared.at
    if was_heard or compared.unheard < UNHEARD_CALLS:
        return []
    last = f"{facts.newest_hook:%Y-%m-%d %H:%M} UTC" if facts.newest_hook else "never"
    words = (
        f"no hooks come, though the provider lists {compared.unheard} calls since the last one ({last}): look "
        "whether its numbers still call back to this address; `adapter doctor` checks the address"
    )
    return [Trouble("no_hooks", words, since=facts.newest_hook)]


def _missed_hooks(facts: Facts) -> Sequence[Trouble] | None:
    compared = _fresh(facts)
    if compared is None:
        return None
    if not compared.missed:
        return []
    words = (
        f"the last comparison with the provider's list took in {compared.missed} call(s) that no hook had told "
        "of: look in the provider's log whether its hooks fail"
    )
    hits = HitCalls(unheard_since=compared.at - timedelta(minutes=30))
    return [Trouble("missed_hooks", words, hits)]


def _fresh(facts: Facts) -> Compared | None:
    """Return the last comparison, unless it is old."""
    compared = facts.compared
    if compared is None or facts.now - compared.at > COMPARED_WITHIN:
        return None
    return compared


def _hooks_refused(facts: Facts) -> Sequence[Trouble]:
    if facts.hooks_refused < REFUSED_HOOKS:
        return []
    words = (
        f"{facts.hooks_refused} hooks were refused with 403 within 10 minutes: they are forged, or signed for "
        "another address or with another token; the log names both (hook refused)"
    )
    return [Trouble("hooks_refused", words)]


def _parked(facts: Facts) -> Sequence[Trouble]:
    return [Trouble("parked", parked_words(facts.parked))] if facts.parked else []


def _callback_elsewhere(facts: Facts) -> Sequence[Trouble]:
    numbers = facts.numbers_elsewhere
    if not numbers:
        return []
    named = ", ".join(numbers[:5]) + (", ..." if len(numbers) > 5 else "")
    words = (
        f"{len(numbers)} number(s) called back to this address and do no longer ({named}): adapter numbers "
        "shows where they call back to, and adapter connect brings them back here"
    )
    return [Trouble("callback_elsewhere", words)]


def _wrong_passwords(facts: Facts) -> Sequence[Trouble] | None:
    if facts.wrong_passwords is None:
        return None
    if facts.wrong_passwords < WRONG_PASSWORDS:
        return []
    words = (
        f"{facts.wrong_passwords} wrong passwords within an hour: somebody guesses; nobody is locked out, and "
        "a long ADMIN_PASSWORD withstands it"
    )
    return [Trouble("wrong_passwords", words)]


RULES: Sequence[Rule] = (
    Rule(
        "no_worker",
        "No worker",
        "the workers' signs of life",
        "none for 2 minutes",
        "a worker is alive",
        _no_worker,
        by_web=True,
    ),
    Rule(
        "late",
        "Calls are written late",
        "the oldest due call",
        "it is due for 5 minutes",
        "no call is due for so long",
        _late,
        good_for=timedelta(minutes=2),
    ),
    Rule(
        "key_refused",
        "A key is refused",
        "answers of the target and of the provider",
        "401 or 403, and for the target a second request says so",
        "the key is taken again",
        _key_refused,
    ),
    Rule(
        "provider_silent",
        "A provider's API is silent",
        "answers of the provider's API",
        "it has not answered for as long as calls wait for it",
        "it answers",
        _provider_silent,
    ),
    Rule(
        "writes_fail",
        "Writes fail",
        "writes by integration, and failed calls by integration and cause",
        "5 fail in a row, or 3 and a fifth of an hour's calls",
        "writes succeed, and fewer fail",
        _writes_fail,
        good_for=timedelta(minutes=5),
    ),
    Rule(
        "held",
        "Calls are held",
        "held calls by cause",
        "the first call is held for this cause",
        "none is held for it",
        _held,
        good_for=timedelta(minutes=10),
    ),
    Rule(
        "held_long",
        "Calls wait for a decision",
        "how long calls are held",
        "10 of them longer than a day",
        "fewer are",
        _held_long,
        good_for=timedelta(minutes=10),
    ),
    Rule(
        "no_hooks",
        "No hooks come",
        "the provider's list of calls, and the last hook",
        "3 calls ended after the last hook",
        "a hook comes",
        _no_hooks,
    ),
    Rule(
        "missed_hooks",
        "Hooks are missing",
        "comparisons with the provider's list",
        "one found a call that no hook told of",
        "the next one finds none",
        _missed_hooks,
    ),
    Rule(
        "hooks_refused",
        "Hooks are refused",
        "hooks answered with 403",
        "20 within 10 minutes",
        "fewer are",
        _hooks_refused,
        good_for=timedelta(minutes=5),
        by_web=True,
    ),
    Rule(
        "parked",
        "Hooks cannot be read",
        "parked hooks",
        "one is parked",
        "none is",
        _parked,
    ),
    Rule(
        "callback_elsewhere",
        "A number calls back elsewhere",
        "the status callbacks of the provider's numbers, looked at every 6 hours",
        "one that pointed here does no longer",
        "it points here again",
        _callback_elsewhere,
    ),
    Rule(
        "wrong_passwords",
        "Somebody guesses passwords",
        "wrong passwords at the sign-in",
        "100 within an hour",
        "fewer are",
        _wrong_passwords,
        good_for=timedelta(minutes=10),
    ),
)
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}


def title_of(key: str) -> str:
    """Return what an alert is about, in a few words."""
    rule = BY_NAME.get(rule_of(key))
    return rule.title if rule else key
