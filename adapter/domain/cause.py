"""Why is a call held, failed or ignored? The closed list of causes, by which operators group calls.

A call has one cause beside its reason. The reason is a sentence about this one call; the cause is the same for
all calls that have the same way out.
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """Why a call is held, failed or ignored. The values stand in the database and in the API."""

    # Held: what is known of the call does not say whom it was with, or on which line.
    NO_LINE = "no_line"
    NO_ENDING = "no_ending"
    NUMBER_WITHHELD = "number_withheld"
    NO_NUMBER = "no_number"
    SWITCHBOARD = "switchboard"
    # Held: the person.
    NOBODY_FOUND = "nobody_found"
    SEVERAL_FOUND = "several_found"
    NUMBER_IN_DOUBT = "number_in_doubt"
    PEOPLE_NOT_READ = "people_not_read"
    ASSIGNED_NOT_FOUND = "assigned_not_found"
    LEAD_NOT_MADE = "lead_not_made"
    LEAD_NOT_SHOWN = "lead_not_shown"
    # Held or failed: the write.
    NOT_SUPPORTED = "not_supported"
    LINE_INCOMPLETE = "line_incomplete"
    WRITE_IN_DOUBT = "write_in_doubt"
    GIVEN_UP = "given_up"
    REFUSED_BY_PMS = "refused_by_pms"
    REFUSED_BY_TARGET = "refused_by_target"
    REFUSED_BY_PROVIDER = "refused_by_provider"
    DOES_NOT_FIT = "does_not_fit"
    BUG = "bug"
    # Ignored.
    OWN_NUMBER = "own_number"
    DEVICE = "device"
    IGNORE_LIST = "ignore_list"
    TOO_SHORT = "too_short"
    UNKNOWN_IGNORED = "unknown_ignored"
    BY_OPERATOR = "by_operator"
    FORGOTTEN = "forgotten"
    # Versions before kept no cause, and their reason is none that is known.
    OTHER = "other"

    @property
    def words(self) -> str:
        """The cause as a heading over its calls."""
        return _WORDS[self]

    @classmethod
    def of(cls, value: str | None) -> Cause | None:
        """The cause with this value. OTHER if this version does not know it."""
        if value is None:
            return None
        try:
            return cls(value)
        except ValueError:
            return cls.OTHER


_WORDS = {
    Cause.NO_LINE: "the number called is no line",
    Cause.NO_ENDING: "it is not known how the call ended",
    Cause.NUMBER_WITHHELD: "the number was withheld",
    Cause.NO_NUMBER: "no number was passed on",
    Cause.SWITCHBOARD: "the number is a shared switchboard",
    Cause.NOBODY_FOUND: "nobody has this number",
    Cause.SEVERAL_FOUND: "several people fit equally well",
    Cause.NUMBER_IN_DOUBT: "it is not clear whose number it is",
    Cause.PEOPLE_NOT_READ: "the index of people is not complete",
    Cause.ASSIGNED_NOT_FOUND: "the assigned person was not found",
    Cause.LEAD_NOT_MADE: "the lead could not be made",
    Cause.LEAD_NOT_SHOWN: "the new lead does not show up",
    Cause.NOT_SUPPORTED: "the PMS takes no such events",
    Cause.LINE_INCOMPLETE: "the line lacks a setting",
    Cause.WRITE_IN_DOUBT: "it may be written already",
    Cause.GIVEN_UP: "given up after a day of trying",
    Cause.REFUSED_BY_PMS: "the PMS refused the event",
    Cause.REFUSED_BY_TARGET: "the request was refused",
    Cause.REFUSED_BY_PROVIDER: "the provider refused the question",
    Cause.DOES_NOT_FIT: "the call makes no valid event",
    Cause.BUG: "a bug of the adapter",
    Cause.OWN_NUMBER: "one of our own numbers",
    Cause.DEVICE: "a browser phone or SIP address",
    Cause.IGNORE_LIST: "on the ignore list",
    Cause.TOO_SHORT: "too short",
    Cause.UNKNOWN_IGNORED: "unknown callers are ignored",
    Cause.BY_OPERATOR: "ignored by an operator",
    Cause.FORGOTTEN: "forgotten on request",
    Cause.OTHER: "another reason",
}
