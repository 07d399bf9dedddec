"""What does the page of alerts show, and what may operators do there?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, redirect, request, url_for

from adapter.domain.alert_rules import RULES, title_of
from adapter.domain.alert_words import calls_words, lasted, state_words
from adapter.errors import SettingsError
from adapter.operations.alerts.build import Alerting
from adapter.operations.alerts.manage import NoSuchAlert, plan_test
from adapter.web.pages.shell import render
from adapter.web.sign_in.users import current_user

# For how many hours an alert can be snoozed here, with the words for it.
SNOOZES = {1: "1 hour", 8: "8 hours", 24: "1 day", 168: "7 days"}


def alerts_page(alerts: Alerting, clock: Callable[[], datetime]) -> Blueprint:
    """Return the routes GET /alerts, POST /alerts/test and POST /alerts/<key>/{acknowledge|snooze}."""
    routes = Blueprint("alerts", __name__)

    @routes.get("/alerts")
    def show() -> Response:
        return render(
            "alerts.html",
            found=alerts.desk.list(),
            has_channels=bool(alerts.settings.alert_urls),
            rules=RULES,
            snoozes=SNOOZES,
            now=clock(),
            title_of=title_of,
            lasted=lasted,
            state_words=state_words,
            calls_words=calls_words,
            is_operator=current_user().is_operator,
        )

    @routes.post("/alerts/test")
    def test() -> Response:
        if not alerts.settings.alert_urls:
            abort(400, "There is no channel to test: ALERT_URLS is not set.")
        plan_test(alerts.sender, alerts.page, by=current_user().actor())
        return _to_page("channels")

    @routes.post("/alerts/<key>/acknowledge")
    def acknowledge(key: str) -> Response:
        try:
            alerts.desk.acknowledge(key, by=current_user().actor())
        except NoSuchAlert:
            _gone()
        return _to_page()

    @routes.post("/alerts/<key>/snooze")
    def snooze(key: str) -> Response:
        hours = request.form.get("hours", "24")
        if not (hours.isascii() and hours.isdigit() and len(hours) <= 4):
            abort(400, "hours is a whole number of hours, such as 24.")
        try:
            alerts.desk.snooze(key, timedelta(hours=int(hours)), by=current_user().actor())
        except NoSuchAlert:
            _gone()
        except SettingsError as error:
            abort(400, str(error))
        return _to_page()

    return routes


def _to_page(part: str | None = None) -> Response:
    target = url_for("alerts.show", _anchor=part)
    answer: Response = redirect(target, 303)  # type: ignore[assignment]  # Flask's own in an app
    return answer


def _gone() -> None:
    abort(404, "This alert is not open: it may have been resolved meanwhile.")
