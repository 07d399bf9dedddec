"""What happens to one hook: verify, parse, keep it raw and merge it in one transaction, then answer.

The call's row says when it is due and which run that will be; so record and schedule cannot come apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from werkzeug.datastructures import Headers

from adapter.domain import lifecycle
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call, HookState, RawHook
from adapter.domain.conferences import calls_with_a_person, is_settled
from adapter.domain.merge import join, moved
from adapter.domain.out_of_queue import pick_up
from adapter.domain.record import CallRecord, call_key
from adapter.errors import HookError, HookTooLarge, StoreRefused, StoreUnavailable, UnreadableHook
from adapter.intake.known_calls import KnownCallIntake
from adapter.intake.legs import (
    dialled,
    is_call_of_its_own,
    may_be_a_queued_caller,
    stands_alone,
)
from adapter.intake.plan import CallPlan
from adapter.observability.logs import logger
from adapter.observability.metrics import HOOKS
from adapter.providers.base import (
    ConferenceRecording,
    HookKind,
    HookRequest,
    Parameters,
    ParsedHook,
    Provider,
    Reply,
    UnusedHook,
)
from adapter.storage.conferences import Conferences
from adapter.storage.store import Store

MAX_BODY_BYTES = 64 * 1024
# What may help to explain a hook later, besides the headers that its provider names.
KEPT_HEADERS = ("Content-Type", "User-Agent")

_TAKEN = {kind: HOOKS.labels(kind.value, "taken") for kind in HookKind}

# PostgreSQL's indexes take no longer text. Ids of calls and legs have 34 characters.
_LONGEST_KEY = 500

log = logger("adapter.intake")


class Intake:
    """Takes hooks of any provider."""

    def __init__(
        self,
        *,
        store: Store,
        providers: Mapping[str, Provider],
        rules: CallRules,
        call_days: int | None = None,
    ) -> None:
        """call_days: how long calls are kept; a hook of an older one is not taken in."""
        self.store = store
        self._call_days = call_days
        self.providers = providers
        self._rules = rules
        self._plan = CallPlan(rules)
        self._known = KnownCallIntake(store, self._plan)
        self._conferences = Conferences(store)

    def take(self, provider: Provider, request: HookRequest) -> Reply:
        """Store one hook and what follows from it; the answer may be sent when this returns.

        Errors: HookError (nothing was stored); StoreUnavailable, StoreRefused (the provider should try again).
        """
        if max(len(request.body), len(request.target)) > MAX_BODY_BYTES:
            HOOKS.labels("unknown", "refused").inc()
            raise HookTooLarge(f"a hook has {MAX_BODY_BYTES} bytes at most")
        try:
            params = provider.hooks.parse(request)
            account = provider.hooks.verify(request, params)
        except HookError:
            HOOKS.labels("unknown", "refused").inc()
            raise
        kept = (*KEPT_HEADERS, *provider.kept_headers)
        raw = RawHook(
            received_at=request.received_at,
            provider=provider.name,
            account=account,
            method=request.method,
            target=request.target,
            headers={name: value for name in kept if (value := request.header(name))},
            body=request.body,
        )
        try:
            return provider.hooks.reply(self._store(provider, params, raw))
        except (StoreUnavailable, StoreRefused):
            # The provider may not try again, so we do, once: after a restart of the database the
            # first use of an old connection fails. Taking a hook in twice does no harm.
            return provider.hooks.reply(self._store(provider, params, raw))
        except Exception as error:
            # A trusted hook whose content we cannot take in: keep it, say so, replay it after the fix.
            self._park(provider, params, raw, error)
            return provider.hooks.reply(None)

    def replay(self, raw: RawHook) -> bool:
        """Read a parked hook again; True if it was taken this time. It was verified when it came."""
        provider = self.providers[raw.provider]
        headers = Headers(dict(raw.headers))
        request = HookRequest(raw.method, raw.target, headers, raw.body, raw.received_at)
        try:
            hooks = provider.hooks
            event = hooks.read(hooks.parse(request), raw.account, raw.received_at)
            if not isinstance(event, ParsedHook):
                self._take_other(event, raw.received_at)
                self.store.hooks.drop(raw.id)
                return True
            with self.store.begin() as connection:
                call, _ = self._merge(connection, event.facts, raw.received_at)
                self.store.hooks.update(
                    connection,
                    raw.id,
                    state=HookState.TAKEN,
                    kind=event.kind.value,
                    call_key=call.key,
                    error=None,
                )
        except (StoreUnavailable, StoreRefused):
            raise
        except Exception as error:
            with self.store.begin() as connection:
                self.store.hooks.update(connection, raw.id, error=_reason(error))
            return False
        return True

    def attach_conference_recordings(self, now: datetime) -> bool:
        """Give the recordings of conferences to the calls that they belong to; False: nothing more to do."""
        for waiting in self._conferences.waiting(now):
            owners = calls_with_a_person(self._conferences.calls_of(waiting), self._rules)
            if not is_settled(waiting, owners, now):
                continue
            with self.store.begin() as connection:
                if len(owners) == 1:
                    self._merge(connection, waiting.of_call(owners[0].call_id), now)
                else:
                    log.info(
                        "a conference's recording belongs to no call",
                        recording=waiting.recording.id,
                        calls=len(owners),
                    )
                self._conferences.drop(connection, waiting)
        return False

    def add(self, connection: sa.Connection, facts: CallRecord, at: datetime) -> str:
        """Merge facts that did not come by a hook; the key of their call."""
        return self._merge(connection, facts, at)[0].key

    # ------------------------------------------------------------------------------------------

    def _store(self, provider: Provider, params: Parameters, raw: RawHook) -> ParsedHook | None:
        event = provider.hooks.read(params, raw.account, raw.received_at)
        if not isinstance(event, ParsedHook):
            self._take_other(event, raw.received_at)
            return None
        _refuse_long_ids(event.facts)
        if self._call_days and _is_older(event.facts, raw.received_at, self._call_days - 1):
            # Such a call may have been written and thrown away; taken in again it would be written twice.
            HOOKS.labels(event.kind.value, "too old").inc()
            log.warning(
                "a hook of a call older than CALL_DAYS is not taken in", call=event.facts.key
            )
            return event
        try:
            key = self._take_in(event, raw, provider.signature_header)
        except (
            OSError,
            MemoryError,
        ) as error:  # this machine is at its end, which is not the hook's fault
            raise StoreUnavailable(f"it could not be stored: {type(error).__name__}") from error
        _TAKEN[event.kind].inc()
        log.info("hook taken", call=key, kind=event.kind.value)
        return event

    def _take_other(self, hook: UnusedHook | ConferenceRecording, at: datetime) -> None:
        """Keep of a hook that tells of no call what may lead a conference's recording to one."""
        if isinstance(hook, ConferenceRecording):
            self._conferences.add_recording(hook, at)
            HOOKS.labels("conference recording", "taken").inc()
            return
        if hook.conference_call is not None:
            self._conferences.add_call(hook, at)
        HOOKS.labels(hook.what, "not used").inc()

    def _take_in(self, event: ParsedHook, raw: RawHook, signature_header: str) -> str:
        """Store a hook together with what it tells; the key of its call.

        Most calls are told by a single hook, so that case has a way of its own: one statement. The hook of
        a call that is known takes two. What is not so simple, or was changed meanwhile, goes the long way.
        """
        facts, kind = event.facts, event.kind.value
        if stands_alone(facts):
            new = self._plan.new_call(facts, raw.received_at)
            first = self.store.calls.add_first(new, raw, kind=kind)
            if first.is_new:
                return facts.key
            goal = self._known.goal(facts, first)
        else:
            goal = self._known.find_goal(facts)
        if goal is not None and self._known.add(
            goal, raw, kind=kind, signature_header=signature_header
        ):
            return goal.key
        with self.store.begin() as connection:
            call, is_new = self._merge(connection, facts, raw.received_at)
            if not call.record.is_forgotten:
                kept = replace(raw, kind=kind, call_key=call.key)
                # What is sent again and again does not fill the database.
                if is_new or not self.store.hooks.count_repeat(connection, kept, signature_header):
                    self.store.hooks.add(connection, kept)
        return call.key

    def _park(self, provider: Provider, params: Parameters, raw: RawHook, error: Exception) -> None:
        """Keep a hook that cannot be read, unless its call was forgotten on request."""
        reason = _reason(error)
        call_ids = provider.hooks.call_ids(params)
        keys = [call_key(raw.provider, raw.account, call_id) for call_id in call_ids]
        keys = [key for key in keys if len(key) <= _LONGEST_KEY]
        parked = replace(
            raw, state=HookState.PARKED, error=reason, call_key=keys[0] if keys else None
        )
        with self.store.begin() as connection:
            if self.store.calls.has_forgotten(connection, keys):
                HOOKS.labels("unknown", "forgotten").inc()
                log.info("hook of a forgotten call not kept", call=keys[0])
                return
            if self.store.hooks.count_repeat(connection, parked, provider.signature_header):
                HOOKS.labels("unknown", "repeated").inc()
                log.warning("a parked hook came again", call=parked.call_key, reason=reason)
                return
            hook_id = self.store.hooks.add(connection, parked)
        HOOKS.labels("unknown", "parked").inc()
        log.error(
            "hook parked",
            hook=hook_id,
            reason=reason,
            then="see why, and adapter replay --state parked after the fix",
            exc_info=not isinstance(error, UnreadableHook),
        )

    def _merge(
        self, connection: sa.Connection, facts: CallRecord, at: datetime
    ) -> tuple[Call, bool]:
        """Join the facts into their call's record and plan what follows.

        The call as it was before, and whether the facts say anything that was not known.
        """
        facts = self._in_its_call(connection, facts, at)
        call = self.store.calls.take(connection, self._plan.new_call(facts, at))
        return call, call.version == 1 or self._join(connection, call, facts, at)

    def _join(self, connection: sa.Connection, call: Call, facts: CallRecord, at: datetime) -> bool:
        update = self._plan.join(call, facts, at)
        if update is None:
            return False
        self.store.calls.update(connection, call.key, **update)
        return True

    def _in_its_call(
        self, connection: sa.Connection, facts: CallRecord, at: datetime
    ) -> CallRecord:
        """The facts under the key of the call that they belong to.

        Hooks on a dialled leg name their parent, but for some (machine detection), which name only
        the leg; and either may come first.
        """
        if leg_ids := dialled(facts):
            for leg_id in leg_ids:
                leg_key = call_key(facts.provider, facts.account, leg_id)
                stray = self.store.calls.locked(connection, leg_key)
                if stray is not None and is_call_of_its_own(stray.record):
                    if (told := pick_up(facts, stray.record)) is not None:
                        self._join(connection, stray, told, at)
                    continue
                self.store.legs.own(connection, leg_key, facts.key)
                stray = stray or self.store.calls.locked(connection, leg_key)
                if stray is None or is_call_of_its_own(stray.record):
                    continue  # it may have been told of only just now
                if may_be_a_queued_caller(stray.record, leg_id not in facts.legs):
                    continue  # its own hooks say what it is, or the provider does
                if stray.state in lifecycle.FOLD.sources:
                    facts = join(facts, moved(stray.record, facts.call_id))
                    folded = lifecycle.fold(stray, into=facts.key)
                    self.store.calls.update(connection, leg_key, **folded)
        # A leg's own status hook always says its direction.
        if leg_ids or facts.parent.direction is None:
            return self._in_call_of_owner(connection, facts)
        return facts

    def _in_call_of_owner(self, connection: sa.Connection, facts: CallRecord) -> CallRecord:
        """The facts of a leg that another call dialled, under the key of that call."""
        owner = self.store.legs.owner(connection, facts.key)
        if owner is None or owner == facts.key:
            return facts
        itself = self.store.calls.read(connection, facts.key)
        if itself is not None and is_call_of_its_own(itself.record):
            return facts
        call = self.store.calls.read(connection, owner)
        return facts if call is None else moved(facts, call.call_id)


def _refuse_long_ids(facts: CallRecord) -> None:
    """Errors: UnreadableHook if the database would refuse what these facts are filed under."""
    ids = [facts.call_id, *dialled(facts)]
    if len(facts.provider) + len(facts.account) + max(map(len, ids)) > _LONGEST_KEY:
        raise UnreadableHook(
            f"an id of an account, call or leg has more than {_LONGEST_KEY} characters"
        )


def _is_older(facts: CallRecord, now: datetime, days: int) -> bool:
    """True if these facts tell when the call was, and that was longer ago."""
    times = [at for leg in facts.legs.values() for at in (leg.started_at, leg.ended_at) if at]
    return bool(times) and max(times) < now - timedelta(days=days)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, UnreadableHook) else f"{type(error).__name__}: {error}"
