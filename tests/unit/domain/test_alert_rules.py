"""Does each rule of alerts open when it says, and not before?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from adapter.domain.alert_facts import (
    Compared,
    Facts,
    HeldCalls,
    HitCalls,
    SilentApi,
    Trouble,
    Writes,
)
from adapter.domain.alert_rules import BY_NAME, RULES, key_of, rule_of, title_of
from adapter.domain.call import CallState
from tests.support.environment import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def troubles(rule: str, **facts: Any) -> Sequence[Trouble] | None:
    return BY_NAME[rule].find(Facts(now=NOW, **facts))


def keys(rule: str, **facts: Any) -> list[str] | None:
    found = troubles(rule, **facts)
    return None if found is None else [trouble.key for trouble in found]


def compared(**values: Any) -> Compared:
    return Compared(**{"at": NOW - MINUTE, "missed": 0, "unheard": 0, "refused": 0, **values})


def silent(**values: Any) -> SilentApi:
    known = {"provider": "acme", "account": "AC0000", "since": NOW - HOUR}
    return SilentApi(**{**known, "is_refusal": False, "is_unreachable": False, **values})


# Each rule with facts that open it, and the same a little better.
CASES: list[tuple[str, dict[str, Any], list[str], dict[str, Any]]] = [
    ("no_worker", {"last_sign": NOW - 2 * MINUTE}, ["no_worker"], {"last_sign": NOW - MINUTE}),
    ("late", {"oldest_due": NOW - 5 * MINUTE}, ["late"], {"oldest_due": NOW - 4 * MINUTE}),
    ("late", {"oldest_due": NOW - 5 * MINUTE}, ["late"], {"oldest_due": None}),
    (
        "key_refused",
        {"pauses": {"key/12345678": NOW, "writes/int_main": NOW - HOUR}},
        ["key_refused:key-12345678", "key_refused:writes-int_main"],
        {},
    ),
    (
        "key_refused",
        {"silent_apis": [silent(is_refusal=True)]},
        ["key_refused:acme:AC0000"],
        {"silent_apis": [silent(is_unreachable=True)]},
    ),
    (
        "key_refused",
        {"compared": compared(refused=1)},
        ["key_refused:list"],
        {"compared": compared()},
    ),
    (
        "provider_silent",
        {"silent_apis": [silent(is_unreachable=True)]},
        ["provider_silent:acme:AC0000"],
        {"silent_apis": [silent()]},
    ),
    ("writes_fail", {"breakers": {"int_a": 5}}, ["writes_fail:int_a:in_a_row"], {}),
    (
        "writes_fail",
        {"writes": {"int_a": Writes(12, {"refused_by_pms": 3})}},
        ["writes_fail:int_a:refused_by_pms"],
        {"writes": {"int_a": Writes(13, {"refused_by_pms": 3})}},
    ),
    (
        "writes_fail",
        {"writes": {"int_a": Writes(0, {"bug": 3, "given_up": 2})}},
        ["writes_fail:int_a:bug"],
        {"writes": {"int_a": Writes(0, {"bug": 2})}},
    ),
    (
        "held",
        {"held": {"nobody_found": HeldCalls(1, 0), "no_line": HeldCalls(2, 0)}},
        ["held:nobody_found", "held:no_line"],
        {"held": {}},
    ),
    (
        "held_long",
        {"held": {"nobody_found": HeldCalls(20, 6), "no_line": HeldCalls(4, 4)}},
        ["held_long"],
        {"held": {"nobody_found": HeldCalls(20, 9)}},
    ),
    (
        "no_hooks",
        {"newest_hook": NOW - HOUR, "compared": compared(unheard=3)},
        ["no_hooks"],
        {"newest_hook": NOW - HOUR, "compared": compared(unheard=2)},
    ),
    (
        "no_hooks",
        {"newest_hook": None, "compared": compared(unheard=3)},
        ["no_hooks"],
        {"newest_hook": NOW, "compared": compared(unheard=3)},
    ),
    (
        "missed_hooks",
        {"compared": compared(missed=1)},
        ["missed_hooks"],
        {"compared": compared()},
    ),
    ("hooks_refused", {"hooks_refused": 20}, ["hooks_refused"], {"hooks_refused": 19}),
    ("parked", {"parked": 1}, ["parked"], {"parked": 0}),
    ("callback_elsewhere", {"numbers_elsewhere": ["PN1"]}, ["callback_elsewhere"], {}),
    (
        "wrong_passwords",
        {"wrong_passwords": 100},
        ["wrong_passwords"],
        {"wrong_passwords": 99},
    ),
]


@pytest.mark.parametrize(("rule", "bad", "expected", "good"), CASES)
def test_a_rule_opens_at_its_limit_and_not_before(
    rule: str, bad: dict[str, Any], expected: list[str], good: dict[str, Any]
) -> None:
    assert keys(rule, **bad) == expected
    assert keys(rule, **good) == []


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(BY_NAME)
    assert len(BY_NAME) == len(RULES)


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("no_worker", {}),
        ("wrong_passwords", {}),
        ("no_hooks", {}),
        ("missed_hooks", {}),
        ("missed_hooks", {"compared": compared(at=NOW - 2 * HOUR, missed=3)}),
        ("no_hooks", {"compared": compared(at=NOW - 2 * HOUR, unheard=3)}),
    ],
)
def test_a_rule_says_nothing_of_what_could_not_be_looked_at(
    rule: str, facts: dict[str, Any]
) -> None:
    """Neither good nor bad: what is open stays open."""
    assert keys(rule, **facts) is None


@pytest.mark.parametrize(("rule", "bad"), [case[:2] for case in CASES])
def test_words_and_keys_hold_no_number_and_keys_fit_into_addresses(
    rule: str, bad: dict[str, Any]
) -> None:
    for trouble in troubles(rule, **bad) or ():
        assert not re.search(r"\+?\d{7,}", trouble.words)
        assert re.fullmatch(r"[A-Za-z0-9_.:-]+", trouble.key)
        assert rule_of(trouble.key) == rule
        assert title_of(trouble.key) == BY_NAME[rule].title


def test_every_rule_says_what_it_looks_at() -> None:
    for rule in RULES:
        assert all((rule.title, rule.looks_at, rule.opens, rule.closes))
        assert rule.good_for >= MINUTE


def test_a_key_is_made_of_any_text() -> None:
    assert key_of("held", "a b/ü") == "held:a-b"
    assert key_of("held", "") == "held:none"


def test_a_trouble_names_the_calls_that_it_hits() -> None:
    (trouble,) = troubles("held", held={"no_line": HeldCalls(2, 0)}) or ()
    assert trouble.hits == HitCalls(state=CallState.HELD, cause="no_line")
    assert "the number called is no line" in trouble.words
