"""How is each fact of a call said in notes: in full, and in fewer characters where room is scarce?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from adapter.domain.outcome import Outcome
from adapter.domain.parties import Direction
from adapter.domain.phone import Hidden, hidden, national_ten, pretty
from adapter.domain.summary import CallSummary
from adapter.text.phrases import UNITS, duration

_OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ANSWERED: "answered",
    Outcome.NO_ANSWER: "not answered",
    Outcome.BUSY: "busy",
    Outcome.VOICEMAIL: "went to voicemail",
    Outcome.ABANDONED: "caller hung up before an answer",
    Outcome.FAILED: "could not be connected",
    Outcome.DISCONNECTED: "number not in service",
    Outcome.UNKNOWN: "outcome unknown",
}
_DEVICES: Mapping[str, str] = {
    "client": "a browser phone",
    "sip": "a SIP phone",
    "sips": "a SIP phone",
    "sim": "a SIM",
}
_HIDDEN = {Hidden.WITHHELD: "a withheld number", Hidden.UNAVAILABLE: "an unknown number"}
_ARTICLE = re.compile(r"^an? ")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def dashed(number: str) -> str:
    """The number in few characters: 617-555-0134, or +442079460018."""
    ten = national_ten(number)
    return f"{ten[:3]}-{ten[3:6]}-{ten[6:]}" if ten else number


@dataclass(frozen=True)
class Wording:
    """One way to say the facts. The names of months and days follow no locale.

    has_from: begin with "From" where two ends are named. has_link_label: say before the link whether
    there is a recording. date: of at, with the month's name as {month}. units: of hours, minutes and
    seconds, gap: between these. talk, message: what stands before the talk time, and a voicemail's length.
    """

    has_from: bool
    has_link_label: bool
    date: str
    directions: Mapping[Direction, str]
    outcomes: Mapping[Outcome, str]
    message: str
    units: tuple[str, str, str]
    number: Callable[[str], str]
    talk: str = ", "
    gap: str = " "

    def head(self, summary: CallSummary) -> str:
        """Which way the call went, how it ended, and how long they talked."""
        words = self.outcomes[summary.outcome]
        if summary.outcome is Outcome.ABANDONED and summary.direction is Direction.OUTBOUND:
            words = "ended before an answer"
        if summary.assumed:
            words += " (assumed)"
        length = duration(max(summary.talk_seconds, 0), self.units, self.gap)
        if summary.outcome is Outcome.ANSWERED:
            words += f"{self.talk}{'up to ' if summary.is_at_most else ''}{length}"
        elif summary.outcome is Outcome.VOICEMAIL and summary.talk_seconds > 0:
            words += f"{self.message}{length}"
        return f"{self.directions[summary.direction]}, {words}."

    def numbers(self, summary: CallSummary) -> str:
        """Who called whom; "" where neither would tell the reader anything."""
        caller, callee = self._end(summary.from_number), self._end(summary.to_number)
        ends = [*([f"from {caller}"] if caller else []), *([f"to {callee}"] if callee else [])]
        words = " ".join(ends)
        if not self.has_from and caller and callee:
            words = words.removeprefix("from ")
        return f"{words[0].upper()}{words[1:]}." if words else ""

    def time(self, moment: datetime, zone: str) -> str:
        """The moment as the clocks there show it."""
        at = moment.astimezone(ZoneInfo(zone))
        half = "AM" if at.hour < 12 else "PM"
        # Not strftime: its names of months follow the locale.
        date = self.date.format(at=at, month=_MONTHS[3 * at.month - 3 : 3 * at.month])
        return f"{date} {at.hour % 12 or 12}:{at.minute:02} {half} {at.tzname()}."

    def link(self, summary: CallSummary) -> str:
        """The whole link."""
        label = "Recording: " if summary.has_recording else "Details: "
        return f"{label if self.has_link_label else ''}{summary.link}"

    def _end(self, number: str) -> str:
        """One end of the call in words; "" for what would tell the reader nothing."""
        why = hidden(number)
        if _NUMBER.fullmatch(number) and why is None:
            return self.number(number)
        kind = number.partition(":")[0].lower() if ":" in number else ""
        if "@" in number and kind not in _DEVICES:
            kind = "sip"
        words = _HIDDEN[why] if why else _DEVICES.get(kind, "")
        return words if self.has_from else _ARTICLE.sub("", words)


FULL = Wording(
    has_from=True,
    has_link_label=True,
    date="{month} {at.day}, {at.year},",
    directions={Direction.INBOUND: "Incoming call", Direction.OUTBOUND: "Outgoing call"},
    outcomes=_OUTCOMES,
    message=", message of ",
    units=UNITS,
    number=pretty,
)
_NO_FROM = replace(FULL, has_from=False)
# As Americans write and read it; so far all of these PMSs are American.
_SHORT_DATE = replace(_NO_FROM, date="{at.month}/{at.day}/{at:%y}")
_BARE_LINK = replace(_SHORT_DATE, has_link_label=False)
_SHORT_HEAD = replace(
    _BARE_LINK,
    directions={Direction.INBOUND: "Incoming", Direction.OUTBOUND: "Outgoing"},
    outcomes={**_OUTCOMES, Outcome.VOICEMAIL: "voicemail"},
    message=" of ",
    units=("h", "m", "s"),
)
_DASHED = replace(_SHORT_HEAD, number=dashed)
_TIGHT = replace(
    _DASHED,
    outcomes={**_SHORT_HEAD.outcomes, Outcome.ABANDONED: "hung up before an answer"},
    talk=" ",
    gap="",
)
# From the fullest to the shortest, none longer than the one before. All facts stay; only that there
# is a recording is left to the page behind the link from the fourth on.
PHRASINGS = (FULL, _NO_FROM, _SHORT_DATE, _BARE_LINK, _SHORT_HEAD, _DASHED, _TIGHT)
