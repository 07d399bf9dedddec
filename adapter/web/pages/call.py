"""GET /calls/<call id>: the whole story of one call. Told by `adapter.operations.call_story`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort

from adapter.domain.assessment import CallRules
from adapter.domain.call import Call
from adapter.domain.call_links import Links
from adapter.operations.call_story import CallStory, tell
from adapter.operations.inbox import InboxReader, WaitingCall
from adapter.storage.alerts import Alerts
from adapter.storage.store import Store
from adapter.text.phrases import clock_duration
from adapter.web.pages.player import recording_path
from adapter.web.pages.shell import render
from adapter.web.sign_in.users import current_user, signed_in


@dataclass(frozen=True)
class Shown:
    """What the page shows of a call to this user.

    zone: of the call's line. line_name: "" if it has none.
    waiting: what the call can be decided by; None for viewers.
    audio: where the recording is heard; None if there is none, and for viewers.
    is_operator: whether hooks, requests, candidates, the message and the actions are shown.
    """

    story: CallStory
    zone: str
    line_name: str
    talk: str
    messages: Sequence[str]
    waiting: WaitingCall | None
    audio: str | None
    is_operator: bool

    def clock(self, moment: datetime) -> str:
        """Return the moment to the second, in the zone of the call's line."""
        at = moment.astimezone(ZoneInfo(self.zone))
        return f"{at:%b} {at.day}, {at.hour % 12 or 12}:{at:%M:%S %p}"


def call_page(
    store: Store,
    rules: CallRules,
    links: Links,
    inbox: InboxReader,
    clock: Callable[[], datetime],
) -> Blueprint:
    """Return the route GET /calls/<call id>. The id is the provider's, or the call's key."""
    routes = Blueprint("call_page", __name__)

    @routes.get("/calls/<name>")
    @signed_in
    def call(name: str) -> Response:
        calls = store.calls.find(name)
        if not calls:
            abort(
                404, "No call has this id. It may have been deleted, as calls are after CALL_DAYS."
            )
        return render("call.html", name=name, calls=[show(each) for each in calls])

    def show(call: Call) -> Shown:
        user = current_user()
        line = rules.lines.by_number.get(call.line or "")
        story = tell(
            call,
            store.hooks.of_call(call.key) if user.is_operator else [],
            store.attempts.of_call(call.key) if user.is_operator else [],
            rules,
            decisions=store.decisions.of_call(call.key),
            alerts=Alerts(store).of_call(call.key),
            is_worker_alive=store.workers.is_one_alive(clock()),
        )
        messages = [text for text in call.record.transcripts.values() if text]
        return Shown(
            story=story,
            zone=(line or rules.lines.defaults).timezone,
            line_name=line.name if line else "",
            talk=clock_duration(call.talk_seconds),
            messages=messages if user.is_operator else [],
            waiting=inbox.waiting(call) if user.is_operator else None,
            audio=recording_path(call, links) if user.is_operator else None,
            is_operator=user.is_operator,
        )

    return routes
