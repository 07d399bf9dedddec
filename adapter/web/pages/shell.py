"""How is a page made of its template? With the frame that all pages share, and with what templates may use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, render_template

from adapter.domain.actor import Role
from adapter.domain.phone import e164, last_four, pretty
from adapter.observability.redact import hide_numbers
from adapter.web.sign_in.users import maybe_user

# Where the navigation leads.
NAVIGATION = (
    ("/inbox", "Inbox"),
    ("/calls", "Calls"),
    ("/lines", "Lines"),
    ("/health", "Health"),
    ("/alerts", "Alerts"),
)


def render(template: str, *, status: int = 200, **values: Any) -> Response:
    """Return the page of this template with these values. Templates extend base.html."""
    user = maybe_user()
    html = render_template(template, user=user, navigation=NAVIGATION, **values)
    return Response(html, status, content_type="text/html; charset=utf-8")


def use_in_templates(app: Flask, default_zone: str) -> None:
    """Give templates their filters. default_zone: the time zone where a page names none."""

    def local(moment: datetime | str, zone: str | None = None) -> str:
        return in_words(_aware(moment), zone or default_zone)

    app.add_template_filter(local, "local")
    app.add_template_filter(_utc, "utc")
    app.add_template_filter(_iso, "iso")
    app.add_template_filter(number_of_other, "other_number")
    app.add_template_filter(number_of_line, "line_number")
    app.add_template_filter(readable)


def in_words(moment: datetime, zone: str) -> str:
    """Return the moment as people read it: Mar 2, 2026, 10:00 AM EST."""
    at = moment.astimezone(ZoneInfo(zone))
    return f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M %p %Z}"


def number_of_other(raw: str | None) -> str:
    """Return the number of the other side: whole for operators, by its last four digits for everybody else.

    What is no number (withheld, a SIP address) stays as it is for operators.
    """
    user = maybe_user()
    number = e164(raw)
    if user is not None and user.role is Role.OPERATOR:
        return pretty(number) if number else raw or "not known"
    return last_four(raw) if raw else "not known"


def number_of_line(raw: str | None) -> str:
    """Return one of our own numbers: whole for operators, by its last four digits for everybody else."""
    return number_of_other(raw)


def readable(text: str | None) -> str:
    """Return the text as this user may read it: a viewer sees no full number."""
    user = maybe_user()
    is_operator = user is not None and user.role is Role.OPERATOR
    return (text or "") if is_operator else hide_numbers(text or "")


def _aware(moment: datetime | str) -> datetime:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment


def _utc(moment: datetime | str) -> str:
    return f"{_aware(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _iso(moment: datetime | str) -> str:
    return _aware(moment).astimezone(UTC).isoformat(timespec="seconds")
