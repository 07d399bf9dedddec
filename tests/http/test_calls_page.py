"""Does /calls list the calls that somebody asks for, with links that keep the question, and as CSV?"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.domain.cause import Cause
from adapter.operations.call_csv import COLUMNS
from adapter.storage.store import Store
from adapter.web.pages.calls import CALLS_ON_PAGE
from tests.support.browser_user import PASSWORD, BrowserUser
from tests.support.environment import ENVIRON, LINE, NOW
from tests.support.rows import add, record
from tests.support.viewer import VIEWERS, become_viewer

OTHER_LINE = "+16175550101"
LINES = f"""
[lines."{LINE}"]
name = "Main <Street>"
property_id = "prop_main"
[lines."{OTHER_LINE}"]
timezone = "America/Denver"
"""


@pytest.fixture
def settings(database_url: str) -> Settings:
    environ = {**ENVIRON, **VIEWERS, "DATABASE_URL": database_url, "ADMIN_PASSWORD": PASSWORD}
    environ |= {"PROPEXO_BASE_URL": "http://127.0.0.1:1", "ADAPTER_LINES": LINES}
    return Settings.from_environ(environ)


@pytest.fixture
def user(settings: Settings) -> Iterator[BrowserUser]:
    """An operator."""
    made = BrowserUser(web_app(settings))
    made.sign_in()
    yield made


@pytest.fixture
def viewer(settings: Settings, engine: sa.Engine) -> BrowserUser:
    made = BrowserUser(web_app(settings))
    become_viewer(made, engine)
    return made


def put(store: Store, name: str, **values: object) -> None:
    add(store, record(name, name), **{"first_seen_at": NOW, **values})


@pytest.fixture
def some(store: Store) -> Store:
    """A written call, an older one that is held, and one that failed on another line."""
    put(
        store,
        "CA1",
        state="written",
        person_kind="lead",
        person_id="lead_anna",
        person_name="Anna <Archer>",
        because="lead lead_anna: the only active lead with this number",
        job_id="job_7",
    )
    put(
        store,
        "CA2",
        state="held",
        cause=Cause.NOBODY_FOUND,
        reason="nobody with (617) 555-0135 among the leads",
        other="+16175550135",
        outcome="no_answer",
        first_seen_at=NOW - timedelta(days=1),
    )
    put(
        store,
        "CA3",
        state="failed",
        cause=Cause.GIVEN_UP,
        reason="given up",
        line=OTHER_LINE,
        other="+16175550136",
        direction="outbound",
        outcome="busy",
        first_seen_at=NOW - timedelta(days=2),
    )
    return store


def shown(text: str) -> list[str]:
    """The ids of the calls in the list, as its rows' links name them."""
    return re.findall(r'stretched-link" href="/calls/twilio%3AAC0%3A(\w+)"', text)


def addresses(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'href="(/calls\?[^"]*)"', text)]


def test_the_newest_call_comes_first_and_its_row_is_a_link(user: BrowserUser, some: Store) -> None:
    text = user.get("/calls").text
    assert shown(text) == ["CA1", "CA2", "CA3"]
    for words in (
        *("Anna &lt;Archer&gt; (lead)", "(617) 555-0134", "Main &lt;Street&gt;", "3 calls"),
        *("Mar 2, 2026, 10:00 AM EST", 'title="2026-03-02 15:00:00 UTC"', "no answer"),
        *("the only active lead", "nobody with (617) 555-0135"),
        "Feb 28, 2026, 8:00 AM MST",  # in the zone of its own line
        "(617) 555-0101",  # a line without a name
    ):
        assert words in text, words
    assert user.get("/calls/twilio%3AAC0%3ACA1").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=held", ["CA2"]),
        ("outcome=busy", ["CA3"]),
        ("line=0101", ["CA3"]),
        ("line=%2B16175550101", ["CA3"]),
        ("line=Main+%3CStreet%3E", ["CA1", "CA2"]),
        ("kind=lead", ["CA1"]),
        ("direction=outbound", ["CA3"]),
        ("cause=given_up", ["CA3"]),
        ("since=2026-03-02", ["CA1"]),
        ("until=2026-03-01&since=2026-03-01", ["CA2"]),
        ("q=(617)+555-0135", ["CA2"]),
        ("q=0136", ["CA3"]),
        ("q=CA1", ["CA1"]),
        ("q=twilio:AC0:CA3", ["CA3"]),
        ("q=job_7", ["CA1"]),
        ("q=archer", ["CA1"]),
        ("state=held&outcome=no_answer&line=0100&q=0135", ["CA2"]),
        ("state=&outcome=&q=", ["CA1", "CA2", "CA3"]),
        ("state=held&outcome=busy", []),
    ],
)
def test_filters_and_search_stand_in_the_address(
    user: BrowserUser, some: Store, query: str, found: list[str]
) -> None:
    answer = user.get(f"/calls?{query}")
    assert answer.status_code == 200
    assert shown(answer.text) == found
    count = "1 call</strong> matches" if len(found) == 1 else f"{len(found)} calls</strong>"
    assert count in answer.text


def test_the_form_shows_what_was_asked_for(user: BrowserUser, some: Store) -> None:
    text = user.get(
        "/calls?state=held&line=0100&q=%3Cb%3E%22x&since=24h&until=2026-03-02&cause=bug"
    ).text
    for words in (
        '<option value="held" selected>held</option>',
        '<option value="0100" selected>Main &lt;Street&gt;</option>',
        '<option value="bug" selected>',
        'type="search" value="&lt;b&gt;&#34;x"',
        'name="since" value="24h"',
        'name="until" value="2026-03-02"',
    ):
        assert words in text, words
    assert "<b>" not in text
    assert '<option value="" selected' not in text


def test_a_line_that_is_not_listed_can_be_asked_for(user: BrowserUser, store: Store) -> None:
    put(store, "CA1", line="+16175550199")
    text = user.get("/calls?line=%2B16175550199").text
    assert shown(text) == ["CA1"]
    assert '<option value="+16175550199" selected>(617) 555-0199</option>' in text


def test_pages_keep_the_question_and_hold_each_call_once(user: BrowserUser, store: Store) -> None:
    names = [f"CA{number:03}" for number in range(CALLS_ON_PAGE * 2 + 1)]
    for name in names:
        put(store, name, state="held")
    put(store, "CA999", state="written")
    found, path = [], "/calls?state=held&q="
    while path:
        text = user.get(path).text
        found += shown(text)
        older = [each for each in addresses(text) if "after=" in each and "format" not in each]
        assert all(parse_qs(urlsplit(each).query)["state"] == ["held"] for each in older)
        is_first = path.endswith("q=")
        assert ("data-follow" in text) is is_first, "only the newest calls can be followed"
        assert ("/calls?state=held" in addresses(text)) is not is_first
        path = older[0] if older else ""
    assert found == sorted(names, reverse=True)


def test_behind_the_last_call_one_is_told_so(user: BrowserUser, some: Store) -> None:
    put(some, "CA0", state="held", first_seen_at=NOW - timedelta(days=9))
    from adapter.domain.call_filter import Cursor

    text = user.get(f"/calls?after={Cursor(NOW - timedelta(days=9), 'a').encode()}").text
    assert shown(text) == []
    assert "There are no older calls" in text


def test_without_calls_the_page_says_what_to_do(user: BrowserUser) -> None:
    text = user.get("/calls").text
    assert "No call has come yet" in text and "adapter doctor" in text
    assert "Download" not in text


def test_without_a_match_one_can_clear_the_filters(user: BrowserUser, some: Store) -> None:
    text = user.get("/calls?q=Nobody").text
    assert "No call matches" in text and "0 calls" in text
    assert '<a href="/calls">clear the filters</a>' in text


def test_many_calls_are_counted_up_to_ten_thousand(
    user: BrowserUser, some: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(some.call_lists).count, "__defaults__", (2,))
    assert "more than 2 calls" in user.get("/calls").text
    assert "<strong>2 calls" not in user.get("/calls").text


# What is wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("state=hold", "state: it is one of open"),
        ("q=" + "x" * 500, "q: it is longer"),
        ("since=yesterday", "since: write it like"),
        ("line=Elm", "line: no line"),
        ("after=x", "after: it is no place in a list"),
        ("q=a%0Ab", "q: it holds a character"),
    ],
)
def test_what_cannot_be_understood_is_told(
    user: BrowserUser, some: Store, query: str, words: str
) -> None:
    answer = user.get(f"/calls?{query}")
    assert answer.status_code == 400
    assert words in html.unescape(answer.text)
    assert shown(answer.text) == []


@pytest.mark.parametrize("query", ["q=%00", "format=xml", "format=csv&state=x", "after=%00"])
def test_nonsense_is_a_clear_no(user: BrowserUser, query: str) -> None:
    assert user.get(f"/calls?{query}").status_code == 400


def test_whoever_is_not_signed_in_is_asked_to(settings: Settings) -> None:
    for path in ("/calls", "/calls?format=csv"):
        answer = BrowserUser(web_app(settings)).get(path)
        assert (answer.status_code, answer.headers["Location"][:7]) == (303, "/login?")


# Viewers --------------------------------------------------------------------------------------------


def test_a_viewer_sees_the_last_digits_and_no_actions(viewer: BrowserUser, some: Store) -> None:
    text = viewer.get("/calls?state=held").text
    assert shown(text) == ["CA2"]
    assert "-0135" in text
    for secret in ("555-0135", "5550135", "/calls/replay"):
        assert secret not in text
    assert shown(viewer.get("/calls?q=0135").text) == ["CA2"]


def test_a_viewer_cannot_search_for_a_whole_number(viewer: BrowserUser, some: Store) -> None:
    answer = viewer.get("/calls?q=(617)+555-0135")
    assert answer.status_code == 400
    assert "last 4 digits" in answer.text


def test_an_operator_may_replay_what_matches(user: BrowserUser, some: Store) -> None:
    text = user.get("/calls?state=held&line=0100").text
    assert 'href="/calls/replay?state=held&amp;line=0100"' in text
    assert user.get("/calls/replay?state=held&line=0100").status_code == 200


# CSV ------------------------------------------------------------------------------------------------


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_same_list_as_csv(user: BrowserUser, some: Store) -> None:
    (address,) = [each for each in addresses(user.get("/calls?line=0100").text) if "csv" in each]
    answer = user.get(address)
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="calls.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    found = rows(answer.text)
    assert tuple(found[0]) == COLUMNS
    assert [row["call_id"] for row in found] == ["CA1", "CA2"]
    assert found[0]["other_number"] == "'+16175550134"


def test_csv_has_so_many_rows_at_most(
    user: BrowserUser, some: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.web.pages.calls.MOST_ROWS", 2)
    assert [row["call_id"] for row in rows(user.get("/calls?format=csv").text)] == ["CA1", "CA2"]


def test_csv_comes_in_pieces(user: BrowserUser, store: Store) -> None:
    for number in range(250):
        put(store, f"CA{number:03}")
    answer = user.get("/calls?format=csv")
    assert "Content-Length" not in answer.headers
    assert len(rows(answer.text)) == 250


def test_one_file_is_made_at_a_time_and_pages_go_on(user: BrowserUser, some: Store) -> None:
    """A long answer may have one of the two threads."""
    first = user.client.get("/calls?format=csv", base_url=user.base_url, buffered=False)
    assert first.status_code == 200
    second = user.get("/calls?format=csv")
    assert second.status_code == 503
    assert "another file of calls is being made right now" in second.text
    assert int(second.headers["Retry-After"]) > 0
    assert user.get("/calls").status_code == 200
    first.close()
    assert user.get("/calls?format=csv").status_code == 200


def test_a_viewers_csv_has_no_whole_number(viewer: BrowserUser, some: Store) -> None:
    text = viewer.get("/calls?format=csv").text
    assert [row["other_number"] for row in rows(text)] == ["***0134", "***0135", "***0136"]
    assert "5550135" not in text and "555-0135" not in text


def test_a_database_that_is_away_is_no_half_list(
    user: BrowserUser, some: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.get("/calls")
    from adapter.errors import StoreUnavailable
    from adapter.storage.call_lists import CallLists

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(CallLists, "page", away)
    for path in ("/calls", "/calls?format=csv"):
        answer = user.get(path)
        assert answer.status_code == 503
        assert "could not be loaded" in answer.text
