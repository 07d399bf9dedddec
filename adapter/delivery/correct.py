"""Does a written event still say what is known of its call, and can it be corrected if not?

The event is changed where the PMS takes changes. There is never a second event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from adapter.delivery.event_write import EventComposer
from adapter.delivery.result import KEEP_TRYING, Finished, Reschedule, RunResult
from adapter.domain.assessment import CallRules
from adapter.domain.call import Call, CallState
from adapter.domain.call_event import STANDS_WRONG, WAS_CORRECTED, ToldFacts
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.record import CallRecord
from adapter.errors import PermanentError, TemporaryError
from adapter.targets.base import TargetApi

# Clocks and roundings make moments differ by so much.
SAME_MOMENT_SECONDS = 2.0
EVENT_NOT_SEEN_WAIT_SECONDS = 1800.0


class Correction:
    """Corrects written events. clock: aware UTC now."""

    def __init__(
        self,
        *,
        rules: CallRules,
        target: TargetApi,
        composer: EventComposer,
        clock: Callable[[], datetime],
    ) -> None:
        self._rules = rules
        self._target = target
        self._composer = composer
        self._clock = clock

    def correct(self, call: Call, record: CallRecord, written: Finished) -> RunResult:
        """Bring the written event up to what is known now. record: what is known now.

        written: how the run ends if there is nothing to correct. Where the PMS takes no correction, the
        reason says what stands wrong there. Other rules or settings than the event was written by are no
        reason to change it: it stays as it was until more is known of the call. Of an event of version 0.1.0
        nobody knows what it told, and so nobody knows what stands wrong.
        """
        if record == call.record and not call.knows_more_than_event:
            return written
        assessment = self._rules.assess(record)
        line = self._rules.lines.of(assessment.parties.line)
        if call.event is None or line is None:
            return written
        if assessment.questions and call.state is not CallState.WRITTEN:
            more = "written; more is asked of the provider"
            return Reschedule(0.0, more, CallState.WRITTEN, values=written.values)
        person = call.event.person
        event = self._composer.compose(call, record, assessment, line, person)
        wrong = what_stands_wrong(call.event.told, event.told)
        if event.request.body == call.event.request.body and wrong is None:
            return written
        if not self._target.takes_corrections(person):
            if wrong is None:
                return written
            return replace(written, reason=f"{wrong}; this PMS takes no corrections")
        change = wrong or "more is known than its notes say"
        try:
            event_id = self._target.find_event(call.call_id, call.event.request, call.event_id)
            if event_id is None:
                if self._clock() - (call.posted_at or self._clock()) < KEEP_TRYING:
                    why = f"{change}; the event cannot be seen yet"
                    return Reschedule(
                        EVENT_NOT_SEEN_WAIT_SECONDS, why, CallState.WRITTEN, values=written.values
                    )
                return replace(written, reason=f"{change}; the event was not found to correct it")
            self._target.amend(event_id, event)
        except TemporaryError:
            raise
        except PermanentError as error:
            return replace(written, reason=f"{change}; it cannot be corrected there: {error}")
        values: CallUpdate = {**(written.values or {}), "event": event}
        return replace(written, reason=f"{change}{WAS_CORRECTED}", values=values)


def what_stands_wrong(then: ToldFacts | None, now: ToldFacts | None) -> str | None:
    """Return what an event that told `then` says wrongly if `now` is right, or None if nothing is.

    Also None where either is not known.
    """
    if then is None or now is None:
        return None
    wrong = []
    if then.outcome != now.outcome:
        said, right = (each.outcome.replace("_", " ") for each in (then, now))
        wrong.append(f"{said} (it was {right})")
    if then.talk_seconds != now.talk_seconds:
        wrong.append(f"{then.talk_seconds} s of talk (it was {now.talk_seconds} s)")
    if abs((now.started_at - then.started_at).total_seconds()) > SAME_MOMENT_SECONDS:
        wrong.append(f"begun at {_clock(then.started_at)} (it was {_clock(now.started_at)})")
    if then.other != now.other:
        wrong.append("another person's number")
    return f"{STANDS_WRONG}{', '.join(wrong)}" if wrong else None


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
