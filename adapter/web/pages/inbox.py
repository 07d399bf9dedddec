"""GET /inbox: what waits for a decision? Groups by cause and line, or the calls of one group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from adapter.domain.call import Call
from adapter.domain.call_links import Links
from adapter.domain.lines import Lines
from adapter.domain.phone import e164
from adapter.operations.bulk_replay import BulkReplaying
from adapter.operations.call_filters import name_of_line
from adapter.operations.inbox import GroupLine, InboxReader
from adapter.storage.inbox import GroupKey
from adapter.web.pages.player import recording_path
from adapter.web.pages.shell import readable, render
from adapter.web.sign_in.users import current_user, signed_in

NO_LINE = "none"


@dataclass(frozen=True)
class ShownGroup:
    """A group as the page shows it.

    query: the parameters of /inbox that name it. replay: those of /calls/replay.
    """

    group: GroupLine
    query: str
    replay: str


def inbox_page(
    reader: InboxReader, replaying: BulkReplaying, lines: Lines, links: Links
) -> Blueprint:
    """Return the route GET /inbox. Parameters: state, cause and line of a group; after: a place in the list."""
    routes = Blueprint("inbox_page", __name__)

    @routes.get("/inbox")
    @signed_in
    def inbox() -> Response:
        args = request.args
        try:
            if "state" in args:
                return one_group(_key(args, lines), args.get("after"))
            page = reader.page(args.get("after"))
        except ValueError:
            abort(400, "after: it is no place in this list. Begin with the first page.")
        return render(
            "inbox.html",
            group=None,
            page=page,
            groups=[shown(each) for each in page.groups],
            next_url=f"/inbox?{urlencode({'after': page.next})}" if page.next else None,
            bulk=replaying.rows.newest(3) if not args.get("after") else [],
            readable=readable,
            zone=lines.defaults.timezone,
        )

    def one_group(key: GroupKey, after: str | None) -> Response:
        found = reader.group(key, after)
        here = request.full_path.rstrip("?")
        if found is None:
            return render("inbox.html", group=None, page=None, is_gone=True)
        group = shown(found.group)
        next_url = f"/inbox?{group.query}&{urlencode({'after': found.next})}"
        return render(
            "inbox.html",
            group=group,
            calls=found.calls,
            audio=audio,
            back=here,
            next_url=next_url if found.next else None,
            first_url=f"/inbox?{group.query}" if after else None,
            readable=readable,
            zone=(found.group.line or lines.defaults).timezone,
        )

    def shown(group: GroupLine) -> ShownGroup:
        key = group.key
        names = {"state": key.state, "cause": key.cause, "line": _name(key.line, lines)}
        replay = {name: text for name, text in names.items() if text and text != NO_LINE}
        return ShownGroup(group, urlencode(names), urlencode(replay))

    def audio(call: Call) -> str | None:
        return recording_path(call, links) if current_user().is_operator else None

    return routes


def _name(number: str, lines: Lines) -> str:
    line = lines.by_number.get(number)
    return name_of_line(line, lines) if line else number or NO_LINE


def _key(args: Mapping[str, str], lines: Lines) -> GroupKey:
    text = args.get("line", "")[:100]
    named: Sequence[str] = [line.number for line in lines if name_of_line(line, lines) == text]
    number = "" if text == NO_LINE else next(iter(named), e164(text) or text)
    return GroupKey(args.get("state", "")[:100], args.get("cause", "")[:100], number)
