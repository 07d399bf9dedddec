"""Why is a call not to be written, if so? Rules that need nobody to be asked."""

from __future__ import annotations

from adapter.delivery.result import Finished
from adapter.domain.assessment import View
from adapter.domain.call import CallState
from adapter.domain.lines import Line, Lines
from adapter.domain.outcome import Outcome
from adapter.domain.parties import PartyKind


def refusal(view: View, line: Line, lines: Lines) -> Finished | None:
    """Held: a person should look. Ignored: a rule says that it is not to be written."""
    other = view.parties.other
    if view.ending.outcome is Outcome.UNKNOWN:
        return Finished(CallState.HELD, "the provider never reported how the call ended")
    if other.kind is PartyKind.WITHHELD:
        return Finished(CallState.HELD, "the caller withheld the number")
    if other.kind is PartyKind.UNAVAILABLE:
        return Finished(CallState.HELD, "the number is not available: the network passed none on")
    if other.kind is PartyKind.OURS:
        return Finished(CallState.IGNORED, "the other side is one of our own lines or staff")
    if other.kind is PartyKind.DEVICE:
        return Finished(
            CallState.IGNORED, "the other side is a browser phone or SIP address, no person"
        )
    if other.number is None:
        return Finished(CallState.HELD, "no phone number of the other side was reported")
    if {other.number, view.parties.line} & lines.ignored:
        return Finished(CallState.IGNORED, "the number is on the ignore list")
    is_short = view.ending.talk_seconds < line.min_seconds
    if view.ending.outcome is Outcome.ANSWERED and is_short:
        return Finished(CallState.IGNORED, f"answered calls under {line.min_seconds} s are ignored")
    if other.number in lines.switchboards:
        return Finished(CallState.HELD, "the number is a shared switchboard, which names no person")
    return None


NO_LINE = Finished(
    CallState.HELD,
    "the number called is none of our lines and no default integration is set; "
    "add the line to lines.toml or set PROPEXO_INTEGRATION_ID",
)
