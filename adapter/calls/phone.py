"""What is the number behind what a provider or a PMS wrote, and does it name a person at all?"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

# Words and keypad spellings that stand for "number withheld".
# https://help.twilio.com/articles/223179988 (ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE)
_WITHHELD_WORDS = frozenset(
    {"anonymous", "restricted", "unknown", "unavailable", "blocked", "private", "withheld", "+"}
)
_WITHHELD_NUMBERS = frozenset(
    {
        "+266696687",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
    }
)
_EXTENSION = re.compile(r"\s*(?:;ext=|ext\.?|extension|x|#|,|;).*$", re.IGNORECASE)
DEFAULT_REGION = "US"


def is_withheld(raw: str | None) -> bool:
    """True for what providers write when the caller hides the number."""
    if raw is None:
        return False
    text = raw.strip().casefold()
    return text in _WITHHELD_WORDS or text in _WITHHELD_NUMBERS or text.startswith("anonymous@")


@lru_cache(maxsize=65536)
def e164(raw: str | None, region: str = DEFAULT_REGION) -> str | None:
    """The number in E.164, or None for what is not one whole, possible phone number.

    Takes any format a PMS stores ("(617) 555-0134", "617.555.0134 x12", "0044 20 7946 0018"); an
    extension is dropped. Withheld numbers, SIP and client addresses, short codes and garbage give None.
    """
    if not raw or is_withheld(raw):
        return None
    text = _EXTENSION.sub("", raw.strip())
    if not text or any(char.isalpha() or char == "@" for char in text):
        return None
    digits = re.sub(r"\D", "", text)
    # Both habits of writing the international prefix out: Europe's 00 and North America's 011.
    for prefix in ("011", "00"):
        if digits.startswith(prefix) and not text.lstrip().startswith("+") and len(digits) > 11:
            text = "+" + digits.removeprefix(prefix)
            break
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or len(str(number.national_number)) < 7:
        return None
    if number.country_code == 1 and len(str(number.national_number)) != 10:
        return None  # seven local digits: whose area code would it be?
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None if found in _WITHHELD_NUMBERS else found


def national_ten(number: str) -> str | None:
    """The ten digits of a North American E.164 number, or None for any other country's."""
    if number.startswith("+1") and len(number) == 12 and number[2] in "23456789":
        return number[2:]
    return None


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
