"""Why is a call not to be written? The rules here need nobody to be asked."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.domain.assessment import Assessment
from adapter.domain.call import CallState
from adapter.domain.cause import Cause
from adapter.domain.lines import Line, Lines
from adapter.domain.outcome import Outcome
from adapter.domain.parties import PartyKind


@dataclass(frozen=True)
class Ineligible:
    """The call is not to be written. reason: why, in words for an operator.

    state: HELD if a person should look at it, IGNORED if a rule says that nothing is to be written.
    """

    state: CallState
    reason: str
    cause: Cause


NO_LINE = Ineligible(
    CallState.HELD,
    "the number called is none of our lines and no default integration is set; "
    "add the line to lines.toml or set an integration_id for all lines",
    Cause.NO_LINE,
)


def why_ineligible(assessment: Assessment, line: Line, lines: Lines) -> Ineligible | None:
    """Return why this call is not to be written, or None if it may be. line: the call's own."""
    other = assessment.parties.other
    if assessment.ending.outcome is Outcome.UNKNOWN:
        return _held(Cause.NO_ENDING, "the provider never reported how the call ended")
    if other.kind is PartyKind.WITHHELD:
        return _held(Cause.NUMBER_WITHHELD, "the caller withheld the number")
    if other.kind is PartyKind.UNAVAILABLE:
        return _held(Cause.NO_NUMBER, "the number is not available: the network passed none on")
    if other.kind is PartyKind.OURS:
        return _ignored(Cause.OWN_NUMBER, "the other side is one of our own lines or staff")
    if other.kind is PartyKind.DEVICE:
        return _ignored(Cause.DEVICE, "the other side is a browser phone or SIP address, no person")
    if other.number is None:
        return _held(Cause.NO_NUMBER, "no phone number of the other side was reported")
    if {other.number, assessment.parties.line} & lines.ignored:
        return _ignored(Cause.IGNORE_LIST, "the number is on the ignore list")
    is_short = assessment.ending.talk_seconds < line.min_seconds
    if assessment.ending.outcome is Outcome.ANSWERED and is_short:
        return _ignored(Cause.TOO_SHORT, f"answered calls under {line.min_seconds} s are ignored")
    if other.number in lines.switchboards:
        return _held(Cause.SWITCHBOARD, "the number is a shared switchboard, which names no person")
    return None


def _held(cause: Cause, reason: str) -> Ineligible:
    return Ineligible(CallState.HELD, reason, cause)


def _ignored(cause: Cause, reason: str) -> Ineligible:
    return Ineligible(CallState.IGNORED, reason, cause)
