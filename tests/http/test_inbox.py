"""Does the inbox show what waits, does each button do what it says once, and may only operators press it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.bootstrap import web_app
from adapter.config.settings import Settings
from adapter.domain.call import Call, CallState, HookState, RawHook
from adapter.domain.cause import Cause
from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.domain.record import Recording, RecordingState
from adapter.operations.bulk_replay import BulkReplaying
from adapter.operations.decisions import ignore
from adapter.operations.inbox import CALLS_ON_PAGE
from adapter.storage.bulk_replays import BulkState
from adapter.storage.people_index import PeopleIndex
from adapter.storage.store import Store
from tests.support.actors import ERIC
from tests.support.browser_user import PASSWORD, BrowserUser
from tests.support.environment import ENVIRON, LINE, NOW
from tests.support.rows import add, record
from tests.support.viewer import VIEWERS, become_viewer

NUMBER, OTHER = "+16175550134", "+16175550135"
GROUP = "/inbox?state=held&cause=nobody_found&line=0100"
ANNA = Person(
    PersonKind.LEAD,
    "lead_anna",
    "int_main",
    name="Anna Archer",
    property_id="prop_main",
    numbers=frozenset({NUMBER}),
    updated_at=NOW,
)
LINES = f"""
[defaults]
ambiguous = "hold"
[lines."{LINE}"]
name = "Main Street"
property_id = "prop_main"
"""


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Nothing outside answers."""
    nowhere = "http://127.0.0.1:1"
    environ = {
        **ENVIRON,
        **VIEWERS,
        "DATABASE_URL": database_url,
        "ADMIN_PASSWORD": PASSWORD,
        "ADAPTER_LINES": LINES,
        "PROPEXO_BASE_URL": nowhere,
        "TWILIO_API_BASE_URL": nowhere,
    }
    return Settings.from_environ(environ)


@pytest.fixture
def user(settings: Settings, store: Store) -> Iterator[BrowserUser]:
    """An operator."""
    made = BrowserUser(web_app(settings))
    made.sign_in(name="dana")
    yield made


@pytest.fixture
def viewer(settings: Settings, engine: sa.Engine) -> BrowserUser:
    made = BrowserUser(web_app(settings))
    become_viewer(made, engine)
    return made


def hold(store: Store, number: int, **values: Any) -> str:
    facts = record(f"CA{number}", f"CA{number}")
    row = {
        "state": "held",
        "cause": Cause.NOBODY_FOUND,
        "reason": f"nobody with this number ({NUMBER})",
        "other": NUMBER,
        "line": LINE,
        "first_seen_at": NOW + timedelta(minutes=number),
        "due_at": None,
        **values,
    }
    add(store, row.pop("record", facts), **row)
    return f"CA{number}"


def call_of(store: Store, sid: str) -> Call:
    (call,) = store.calls.find(sid)
    return call


def who_decided(store: Store, sid: str) -> list[tuple[str, str | None, str]]:
    kept = store.decisions.of_call(call_of(store, sid).key)
    return [(each.who, each.origin, each.what) for each in kept]


# What it shows --------------------------------------------------------------------------------------------


def test_it_groups_what_waits(user: BrowserUser, store: Store) -> None:
    for number in range(3):
        hold(store, number)
    hold(
        store, 5, state="failed", cause=Cause.LINE_INCOMPLETE, reason="Main Street lacks event_type"
    )
    page = user.get("/inbox").text
    assert "3 calls: nobody has this number" in page
    assert "1 call: the line lacks a setting" in page and "Main Street lacks event_type" in page
    assert 'title="2026-03-02 15:00:00 UTC"' in page and 'title="2026-03-02 15:02:00 UTC"' in page
    assert "Nothing waits" not in page


def test_empty_it_says_so_and_when_the_last_call_came(user: BrowserUser, store: Store) -> None:
    page = user.get("/inbox").text
    assert "Nothing waits for a decision." in page and "No call has come yet" in page
    hold(store, 1, state="written", confirmed_at=NOW + timedelta(minutes=3))
    page = user.get("/inbox").text
    assert "Nothing waits for a decision." in page
    assert 'title="2026-03-02 15:01:00 UTC"' in page and 'title="2026-03-02 15:03:00 UTC"' in page


def test_a_group_shows_its_calls_with_candidates_and_the_recording(
    user: BrowserUser, store: Store
) -> None:
    recording = Recording(id="RE1", state=RecordingState.COMPLETE, duration_seconds=9)
    facts = record("CA1", "CA1").model_copy(update={"recordings": {"RE1": recording}})
    hold(store, 1, record=facts)
    hold(store, 2, other=OTHER)
    PeopleIndex(store).save([ANNA])
    page = user.get(GROUP).text
    assert "2 calls: nobody has this number" in page
    assert page.count("(617) 555-0134") >= 1 and "(617) 555-0135" in page
    assert "Anna Archer" in page and "at the line&#39;s property" in page
    assert "the rule would choose this person now" in page
    assert page.count("<audio") == 1 and re.search(r'<source src="/recordings/[\w.-]+\.mp3"', page)


def test_a_group_comes_in_pages(user: BrowserUser, store: Store) -> None:
    for number in range(CALLS_ON_PAGE + 1):
        hold(store, number)
    first = user.get(GROUP).text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = user.get(following[1].replace("&amp;", "&")).text
    shown = [set(re.findall(r'id="twilio:AC0:(CA\d+)"', page)) for page in (first, second)]
    assert [len(each) for each in shown] == [CALLS_ON_PAGE, 1]
    assert not shown[0] & shown[1] and "Newest" in second


@pytest.mark.parametrize(
    "path",
    [
        "/inbox?after=x",
        "/inbox?state=held&cause=nobody_found&line=0100&after=x",
        "/people?q=" + "x" * 201,
        "/people?q=a&line=nowhere",
        "/calls/replay?state=flying",
        "/calls/replay?state=parked&line=0100",
        "/calls/replay?since=yesterday",
        "/inbox?after=%00",
    ],
)
def test_what_makes_no_sense_is_a_clear_400(user: BrowserUser, store: Store, path: str) -> None:
    hold(store, 1)
    assert user.get(path).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/inbox?state=&cause=&line=",
        "/inbox?state=written&cause=x&line=none",
        "/inbox?state=held&cause=" + "x" * 3000,
        "/inbox?state=%F0%9F%93%9E",
    ],
)
def test_a_group_that_is_not_there_leads_back(user: BrowserUser, store: Store, path: str) -> None:
    hold(store, 1)
    answer = user.get(path)
    assert answer.status_code == 200 and "Nothing is left of this group." in answer.text


# Deciding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "form", "state", "assigned", "what"),
    [
        (
            "assign",
            {"kind": "lead", "person_id": "lead_anna"},
            CallState.OPEN,
            ("lead", "lead_anna"),
            "assigned to lead lead_anna",
        ),
        ("ignore", {}, CallState.IGNORED, ("nobody", None), "not to be written"),
        (
            "create-lead",
            {},
            CallState.OPEN,
            ("new_lead", None),
            "a lead is to be made of the caller",
        ),
        ("replay", {}, CallState.OPEN, (None, None), "to be delivered again"),
    ],
)
def test_each_button_does_what_it_says(
    user: BrowserUser,
    store: Store,
    action: str,
    form: dict[str, str],
    state: CallState,
    assigned: tuple[str | None, str | None],
    what: str,
) -> None:
    sid = hold(store, 1)
    PeopleIndex(store).save([ANNA])
    page = user.get(GROUP).text
    back = re.search(r'name="back" value="([^"]+)"', page)
    assert back is not None
    form = {**form, "seen": "1", "back": back[1].replace("&amp;", "&")}
    answer = user.post(f"/calls/{sid}/{action}", form)
    assert (answer.status_code, answer.location) == (303, GROUP)
    told = user.get(answer.location).text
    assert f"{sid}" in told and 'role="status"' in told
    assert 'role="status"' not in user.get("/inbox").text, "it is said once"
    call = call_of(store, sid)
    assert (call.state, call.assigned_kind, call.assigned_id) == (state, *assigned)
    assert who_decided(store, sid) == [("dana", user.address, what)]


def test_links_are_ended(user: BrowserUser, store: Store) -> None:
    sid = hold(store, 1)
    user.get("/inbox")
    assert user.post(f"/calls/{sid}/revoke-link").status_code == 303
    assert call_of(store, sid).link_version == 1
    assert who_decided(store, sid)[0][2] == "all links to it that were given out are ended"


def test_a_written_call_is_replayed_only_if_that_is_said(user: BrowserUser, store: Store) -> None:
    sid = hold(store, 1, state="written", job_id="job_1")
    user.get("/inbox")
    refused = user.post(f"/calls/{sid}/replay")
    assert refused.status_code == 409 and "it would stand there twice" in refused.text
    assert call_of(store, sid).state is CallState.WRITTEN
    assert user.post(f"/calls/{sid}/replay", {"again": "1"}).status_code == 303
    assert call_of(store, sid).state is CallState.OPEN


def test_the_second_of_two_is_told_who_was_first(user: BrowserUser, store: Store) -> None:
    sid = hold(store, 1)
    user.get(GROUP)
    ignore(store, call_of(store, sid), by=ERIC)
    answer = user.post(f"/calls/{sid}/create-lead", {"seen": "1"})
    assert answer.status_code == 409 and "eric was first" in answer.text
    assert "not to be written" in answer.text
    assert call_of(store, sid).state is CallState.IGNORED
    assert len(who_decided(store, sid)) == 1


def test_every_held_call_from_the_number(user: BrowserUser, store: Store) -> None:
    sids = [hold(store, number) for number in range(3)]
    other = hold(store, 7, other=OTHER)
    page = user.get(GROUP).text
    assert "and every held call from this number (3 in all)" in page
    form = {"same_number": "1", "expected": "2", "seen": "1"}
    wrong = user.post(f"/calls/{sids[0]}/ignore", form)
    assert (
        wrong.status_code == 409 and "3 held call(s) are from this number now, not 2" in wrong.text
    )
    assert {call_of(store, sid).state for sid in sids} == {CallState.HELD}
    assert user.post(f"/calls/{sids[0]}/ignore", {"same_number": "1"}).status_code == 400
    answer = user.post(f"/calls/{sids[0]}/ignore", {**form, "expected": "3"})
    assert answer.status_code == 303
    assert {call_of(store, sid).state for sid in sids} == {CallState.IGNORED}
    assert call_of(store, other).state is CallState.HELD


def test_every_held_call_from_the_number_is_replayed(user: BrowserUser, store: Store) -> None:
    sids = [hold(store, number) for number in range(3)]
    user.get(GROUP)
    form = {"same_number": "1", "expected": "2", "seen": "1"}
    assert user.post(f"/calls/{sids[0]}/replay", form).status_code == 409
    assert {call_of(store, sid).state for sid in sids} == {CallState.HELD}
    assert user.post(f"/calls/{sids[0]}/replay", {**form, "expected": "3"}).status_code == 303
    assert {call_of(store, sid).run for sid in sids} == {2}
    assert {call_of(store, sid).state for sid in sids} == {CallState.OPEN}


@pytest.mark.parametrize(
    ("action", "form", "status"),
    [
        ("assign", {}, 400),
        ("assign", {"kind": "king", "person_id": "x"}, 400),
        ("assign", {"kind": "lead", "person_id": ""}, 400),
        ("assign", {"kind": "lead", "person_id": "x" * 300}, 400),
        ("ignore", {"seen": "-1"}, 400),
        ("ignore", {"seen": "9" * 30}, 400),
        ("ignore", {"same_number": "perhaps"}, 400),
        ("ignore", {"same_number": "1", "expected": "many"}, 400),
        ("replay", {"again": "\x00"}, 400),
        ("fly", {}, 404),
    ],
)
def test_a_wrong_form_changes_nothing(
    user: BrowserUser, store: Store, action: str, form: dict[str, str], status: int
) -> None:
    sid = hold(store, 1)
    user.get("/inbox")
    assert user.post(f"/calls/{sid}/{action}", form).status_code in (status, 405)
    assert call_of(store, sid).state is CallState.HELD
    assert who_decided(store, sid) == []


def test_an_unknown_call_is_a_404_and_a_foreign_address_is_not_gone_to(
    user: BrowserUser, store: Store
) -> None:
    sid = hold(store, 1)
    user.get("/inbox")
    assert user.post("/calls/CAnone/ignore").status_code == 404
    answer = user.post(f"/calls/{sid}/ignore", {"back": "//evil.example.net"})
    assert (answer.status_code, answer.location) == (303, "/inbox")


# Somebody else ------------------------------------------------------------------------------------------


def test_somebody_else_is_found_and_assigned(user: BrowserUser, store: Store) -> None:
    sid = hold(store, 1, other=OTHER)
    PeopleIndex(store).save([ANNA])
    page = user.get(f"/people?call={sid}&seen=1&q=archer&back=/inbox").text
    assert "Anna Archer" in page
    action = re.search(r'formaction="([^"]+)"', page)
    assert action is not None
    answer = user.post(action[1].replace("&amp;", "&"), {"seen": "1"})
    assert answer.status_code == 303
    assert call_of(store, sid).assigned_id == "lead_anna"


def test_a_name_is_found_without_a_call(user: BrowserUser, store: Store) -> None:
    PeopleIndex(store).save([ANNA])
    assert "Anna Archer" in user.get("/people?q=anna&line=0100").text
    assert "Nobody was found." in user.get("/people?q=zzz").text
    assert user.get("/people").status_code == 200


def test_what_propexo_says_is_told(user: BrowserUser, store: Store) -> None:
    page = user.get("/people?q=anna@example.com")
    assert page.status_code == 200 and "Propexo" in page.text and 'role="status"' in page.text


# All that match -----------------------------------------------------------------------------------------


def test_a_replay_of_many_says_first_how_many_and_what_is_skipped(
    user: BrowserUser, store: Store
) -> None:
    for number in range(3):
        hold(store, number)
    hold(store, 7, state="written")
    page = user.get("/calls/replay?line=0100").text
    assert "Replay 4 calls" in page and "skipped: written already" in page
    assert user.get("/calls/replay?state=failed").text.count("Nothing matches.") == 1
    group = user.get(GROUP).text
    assert 'href="/calls/replay?state=held&amp;cause=nobody_found&amp;line=0100"' in group


def test_it_is_begun_if_the_number_is_right_and_can_be_stopped(
    user: BrowserUser, store: Store
) -> None:
    sids = [hold(store, number) for number in range(3)]
    user.get("/calls/replay?state=held")
    wrong = user.post("/calls/replay", {"state": "held", "expected": "2"})
    assert wrong.status_code == 409 and "3 match now, not 2" in wrong.text
    assert user.post("/calls/replay", {"state": "held"}).status_code == 400
    assert BulkReplaying(store, lambda: NOW).rows.newest() == []
    begun = user.post("/calls/replay", {"state": "held", "expected": "3"})
    assert begun.status_code == 303 and begun.location.startswith("/replays/")
    progress = user.get(begun.location).text
    assert "0 of 3" in progress and "by dana" in progress and "No worker is alive" in progress
    assert "/replays/" in user.get("/inbox").text
    stopped = user.post(f"{begun.location}/stop")
    assert (stopped.status_code, stopped.location) == (303, begun.location)
    assert "stopped by dana" in user.get(begun.location).text
    (bulk,) = BulkReplaying(store, lambda: NOW).rows.newest()
    assert bulk.state is BulkState.STOPPED
    assert {call_of(store, sid).state for sid in sids} == {CallState.HELD}
    assert user.get("/replays/999999").status_code == 404
    assert user.get(f"/replays/{'9' * 40}").status_code == 404


def test_parked_hooks_are_shown_and_read_again(user: BrowserUser, store: Store) -> None:
    hook = RawHook(
        received_at=NOW,
        provider="twilio",
        account="AC0",
        method="POST",
        target="/",
        headers={},
        body=b"",
        state=HookState.PARKED,
        error="no CallSid",
    )
    with store.begin() as connection:
        store.hooks.add(connection, hook)
    assert "1 parked: no CallSid" in user.get("/inbox").text
    assert "Replay 1 parked hook<" in user.get("/calls/replay?state=parked").text
    answer = user.post("/calls/replay", {"state": "parked", "expected": "1"})
    assert answer.status_code == 303


# Who may ------------------------------------------------------------------------------------------------

POSTS = [
    *(f"/calls/CA1/{action}" for action in ("assign", "ignore", "create-lead", "replay")),
    "/calls/CA1/revoke-link",
    "/calls/replay",
    "/replays/1/stop",
]


@pytest.mark.parametrize("path", POSTS)
def test_a_viewer_decides_nothing(viewer: BrowserUser, store: Store, path: str) -> None:
    hold(store, 1)
    viewer.get("/inbox")
    form = {"kind": "lead", "person_id": "lead_anna", "expected": "1", "state": "held"}
    assert viewer.post(path, form).status_code == 403
    assert viewer.post_without_token(path, form).status_code == 400
    assert (call_of(store, "CA1").state, who_decided(store, "CA1")) == (CallState.HELD, [])
    assert BulkReplaying(store, lambda: NOW).rows.newest() == []


@pytest.mark.parametrize("path", ["/people?q=anna", "/calls/replay", "/replays/1"])
def test_a_viewer_sees_no_page_that_is_for_deciding(viewer: BrowserUser, path: str) -> None:
    assert viewer.get(path).status_code == 403


def test_a_viewer_reads_numbers_by_their_last_digits(viewer: BrowserUser, store: Store) -> None:
    recording = Recording(id="RE1", state=RecordingState.COMPLETE, duration_seconds=9)
    hold(
        store, 1, record=record("CA1", "CA1").model_copy(update={"recordings": {"RE1": recording}})
    )
    PeopleIndex(store).save([ANNA])
    for path in ("/inbox", GROUP):
        page = viewer.get(path)
        assert page.status_code == 200
        assert "555-0134" not in page.text and NUMBER not in page.text
        assert "<audio" not in page.text and "Anna Archer" not in page.text
        assert "/ignore" not in page.text and "/calls/replay" not in page.text


@pytest.mark.parametrize("path", ["/inbox", GROUP, "/people?q=anna", "/calls/replay"])
def test_a_stranger_is_sent_to_sign_in(settings: Settings, path: str) -> None:
    stranger = BrowserUser(web_app(settings))
    assert stranger.get(path).location.startswith("/login")
    assert stranger.post("/calls/CA1/ignore").status_code in (400, 403)
