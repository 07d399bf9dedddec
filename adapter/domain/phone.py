"""What is the number behind what a provider or a PMS wrote, and does it name a person at all?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers

DEFAULT_REGION = "US"
# A text with more characters than that is not one number, however it is written.
LONGEST_NUMBER = 100
# So much is read of a field that has words in it.
LONGEST_FIELD = 250


# Numbers that are not told -------------------------------------------------------------------------


class Hidden(StrEnum):
    """Why no number is told: the caller withheld it, or the network did not pass one on."""

    WITHHELD = "withheld"
    UNAVAILABLE = "unavailable"


# ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE, as a keypad spells them. Providers write each of
# these for a caller who hides the number; what says that a network passed none on are the plain words.
_HIDDEN_NUMBERS = {
    "+266696687": Hidden.WITHHELD,
    "+7378742833": Hidden.WITHHELD,
    "+2562533": Hidden.WITHHELD,
    "+8656696": Hidden.WITHHELD,
    "+86282452253": Hidden.WITHHELD,
}
_WITHHELD = frozenset(
    {"anonymous", "restricted", "blocked", "private", "withheld", "hidden", "suppressed"}
)
_UNAVAILABLE = frozenset({"unknown", "unavailable"})
# Words beside those that say it: "Private Number", "Caller ID blocked", "Unknown Caller".
_BESIDE = frozenset({"number", "caller", "id", "callerid", "call", "phone", "name"})
_PHRASES = {
    "no caller id": Hidden.WITHHELD,
    "no callerid": Hidden.WITHHELD,
    "no number": Hidden.UNAVAILABLE,
    "not available": Hidden.UNAVAILABLE,
    "number not available": Hidden.UNAVAILABLE,
    "caller id not available": Hidden.UNAVAILABLE,
    "out of area": Hidden.UNAVAILABLE,
}
_SIP_SCHEME = re.compile(r"sips?:")


def hidden(raw: str | None) -> Hidden | None:
    """Why no number is told, if this is what providers write in its place."""
    if raw is None or len(raw) > LONGEST_NUMBER:
        return None
    text = raw.strip().casefold()
    if text[:1] == "+" and text[1:].isdecimal():  # so nearly all of them are
        return _HIDDEN_NUMBERS.get(text)
    if text == "+":
        return Hidden.UNAVAILABLE
    if "@" in text:  # anonymous@anonymous.invalid, as SIP has it (RFC 3323)
        text = _SIP_SCHEME.sub("", text, count=1).partition("@")[0]
    if text in _HIDDEN_NUMBERS or ":" in text:  # client:anonymous is a browser phone of that name
        return _HIDDEN_NUMBERS.get(text)
    words = re.findall(r"[^\W_]+", text)
    if phrase := _PHRASES.get(" ".join(words)):
        return phrase
    telling = set(words) - _BESIDE
    if not telling or not telling <= _WITHHELD | _UNAVAILABLE:
        return None
    return Hidden.UNAVAILABLE if telling & _UNAVAILABLE else Hidden.WITHHELD


# One whole number ----------------------------------------------------------------------------------

# Numbers as addresses: RFC 3966, and what providers write for calls by WhatsApp.
_SCHEME = re.compile(r"(?:tel|whatsapp):", re.IGNORECASE)
# An extension ends the text, and is short: what follows a comma may be another number.
_EXTENSION = re.compile(
    r"(?:;\s?ext\s?=|ext\.?|extension|x|#|,+|;+)[ .:#]{0,3}\d{0,7}$", re.IGNORECASE
)


def e164(raw: str | None, region: str = DEFAULT_REGION) -> str | None:
    """The number in E.164, or None for what is not one whole, possible phone number.

    Takes any format a PMS stores ("(617) 555-0134", "617.555.0134 x12", "0044 20 7946 0018"); an
    extension is dropped. What hides a number, SIP and client addresses, short codes and garbage give
    None. A number from before its country's last change is given as it is dialled today.
    """
    text = (raw or "").strip()
    return _e164(text, region) if text and len(text) <= LONGEST_NUMBER else None


@lru_cache(maxsize=65536)
def _e164(text: str, region: str) -> str | None:
    if hidden(text):
        return None
    if scheme := _SCHEME.match(text):
        text = text[scheme.end() :]
    if extension := _EXTENSION.search(text):
        text = text[: extension.start()].rstrip()
    if not text or any(char.isalpha() or char == "@" for char in text):
        return None
    digits = re.sub(r"\D", "", text)
    # Both habits of writing the international prefix out: Europe's 00 and North America's 011.
    for prefix in ("011", "00"):
        if digits.startswith(prefix) and not text.startswith("+") and len(digits) > 11:
            text = "+" + digits.removeprefix(prefix)
            break
    try:
        number = _as_today(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return None
    if number.extension:
        return None  # what the library takes for one may be a second number
    if not phonenumbers.is_possible_number(number) or len(str(number.national_number)) < 7:
        return None
    if number.country_code == 1 and len(str(number.national_number)) != 10:
        return None  # seven local digits: whose area code would it be?
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None if formatted in _HIDDEN_NUMBERS else formatted


def _as_today(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    """The same number after its country's last change.

    Mexico dropped the 1 in front of mobile numbers in 2020; Brazil put a 9 in front of them until 2016.
    """
    national = str(number.national_number)
    if number.country_code == 52 and len(national) == 11 and national[0] == "1":
        national = national[1:]
    elif number.country_code == 55 and len(national) == 10 and national[2] in "6789":
        national = f"{national[:2]}9{national[2:]}"
    else:
        return number
    return phonenumbers.PhoneNumber(country_code=number.country_code, national_number=int(national))


_MEXICAN, _BRAZILIAN = re.compile(r"\+52(\d{10})"), re.compile(r"\+55(\d\d)9([6-9]\d{7})")
_ARGENTINE = re.compile(r"\+549?([1-8]\d{9})")


def same_line(number: str) -> frozenset[str]:
    """The number (E.164), and others by which the same line is called or calls.

    An Argentine mobile number has a 9 in front where it is called from abroad, and only there.
    """
    if match := _ARGENTINE.fullmatch(number):
        return frozenset({f"+54{match[1]}", f"+549{match[1]}"})
    return frozenset({number})


def ever_written(number: str) -> frozenset[str]:
    """Every way in which this number (E.164) was ever written, for those who look through old data."""
    if match := _MEXICAN.fullmatch(number):
        return frozenset({number, f"+521{match[1]}"})
    if match := _BRAZILIAN.fullmatch(number):
        return frozenset({number, f"+55{match[1]}{match[2]}"})
    return same_line(number)


def national_ten(number: str) -> str | None:
    """The ten digits of a North American E.164 number, or None for any other country's."""
    if number.startswith("+1") and len(number) == 12 and number[2] in "23456789":
        return number[2:]
    return None


# A field with words in it ----------------------------------------------------------------------------

_DATE = re.compile(r"(?<!\d)\d{1,4}/\d{1,2}/\d{2,4}(?!\d)")
_MEXICAN_MOBILE = re.compile(r"\+52[ .-]?1[ .-]?(?=\(?\d{2})")
# Labels that people write on to a number: "cell617-555-0134", "617-555-0134h".
_LABEL = r"(?:cell|mobile|mob|home|work|office|tel|phone|ph|[chmwop])"
_LABEL_BEFORE = re.compile(rf"(?<![^\W_])({_LABEL})(?=\(?\d{{3}})", re.IGNORECASE)
_LABEL_AFTER = re.compile(rf"(?<=\d)(?={_LABEL}(?![^\W_]))", re.IGNORECASE)
_NOT_THEIRS = re.compile(
    r"\b(?:wrong|disconnected|out of service|not in service|no longer)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class FieldNumbers:
    """The numbers (E.164) of a phone field: the one that is all of it, or those that stand among words."""

    whole: frozenset[str] = frozenset()
    among_words: frozenset[str] = frozenset()


def field_numbers(raw: str | None, region: str = DEFAULT_REGION) -> FieldNumbers:
    """The numbers of a PMS's phone field, also of "617-555-0134 (cell)" and of one that holds two."""
    text = (raw or "").strip()
    number = e164(text, region)
    if number is not None:
        return FieldNumbers(whole=same_line(number))
    if len(text) > LONGEST_FIELD:
        # Half a number at the end of what is read would be another number.
        text = text[:LONGEST_FIELD].rpartition(" ")[0]
    return FieldNumbers(among_words=_among_words(text, region) if text else frozenset())


@lru_cache(maxsize=65536)
def _among_words(text: str, region: str) -> frozenset[str]:
    if _NOT_THEIRS.search(text):
        return frozenset()
    text = _MEXICAN_MOBILE.sub("+52 ", _DATE.sub(";", text))
    text = _LABEL_BEFORE.sub(r"\1 ", _LABEL_AFTER.sub(" ", text))
    # What is grouped like a phone number: digits of dates, prices and door numbers may make up ten together.
    matcher = phonenumbers.PhoneNumberMatcher(
        text, region, leniency=phonenumbers.Leniency.STRICT_GROUPING
    )
    style = phonenumbers.PhoneNumberFormat.E164
    numbers = [e164(phonenumbers.format_number(match.number, style)) for match in matcher]
    return frozenset().union(*(same_line(number) for number in numbers if number))


# As people see it ------------------------------------------------------------------------------------


def mask(raw: str | None) -> str:
    """The number as it may stand in logs: all but the last two digits hidden."""
    if not raw:
        return "-"
    shown = raw[-2:] if len(raw) > 4 else ""
    return f"{'*' * (len(raw) - len(shown))}{shown}"


def pretty(number: str) -> str:
    """The number as people read it: (617) 555-0134, or +44 20 7946 0018."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if parsed.country_code == 1
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, style)


def last_four(raw: str) -> str:
    """Return a number for those who may not see it: by its last four digits, (•••) •••-0134."""
    digits = [sign for sign in (e164(raw) or "") if sign.isdigit()]
    if len(digits) < 7:
        return "hidden"
    shown = "".join(digits[-4:])
    return f"(•••) •••-{shown}" if len(digits) == 11 and digits[0] == "1" else f"••• {shown}"
