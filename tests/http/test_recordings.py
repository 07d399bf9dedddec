"""What does the link of a call open, for whom, and what is asked of Twilio for it?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from itsdangerous import Signer
from itsdangerous.encoding import base64_encode
from werkzeug.test import TestResponse

from adapter.bootstrap import Container
from adapter.cli.commands import cli
from adapter.config.settings import Settings
from adapter.domain.call import Call
from adapter.domain.call_links import Links
from adapter.operations.decisions import revoke_link
from adapter.web.app import create_app
from adapter.web.recordings.page import masked
from adapter.web.recordings.routes import NOT_VALID, recording_routes
from tests.support import audio
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.recorded import SID, environ_of, link_of, take_call, take_recording
from tests.support.rows import row
from tests.support.twilio_api import FakeTwilio, Fault

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NOW = datetime.now(UTC).replace(microsecond=0)
OTHER = "RE00000000000000000000000000000002"


class World:
    """An adapter with one call that was recorded, and a Twilio that has the recording."""

    def __init__(self, twilio: FakeTwilio, database_url: str) -> None:
        self.twilio = twilio
        self.environ = environ_of(database_url, twilio)
        self.container = Container(Settings.from_environ(self.environ))
        self.clock = Clock(NOW)
        self.client = self.client_with()
        self.call = take_call(self.container, NOW)

    def client_with(self, links: Links | None = None, **limits: Any) -> FlaskClient:
        container = self.container
        routes = recording_routes(
            container.store,
            links or container.links,
            container.providers,
            container.lines,
            clock=self.clock,
            **limits,
        )
        return create_app(routes).test_client()

    @property
    def path(self) -> str:
        return link_of(self.container, self.call)

    def page(self, **headers: str) -> str:
        answer = self.client.get(self.path, headers={**BROWSER, **headers})
        assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
        return answer.text

    def sound(self, suffix: str = ".mp3", **headers: str) -> TestResponse:
        return self.client.get(self.path + suffix, headers=headers, buffered=True)


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio({ACCOUNT: TOKEN}) as fake:
        yield fake


@pytest.fixture
def fresh(twilio: FakeTwilio, database_url: str) -> Iterator[World]:
    """A call that has just ended; its recording is not there yet."""
    world = World(twilio, database_url)
    yield world
    world.container.store.engine.dispose()


@pytest.fixture
def world(fresh: World) -> World:
    """A call with a recording."""
    fresh.twilio.add_recording(ACCOUNT, fresh.call.call_id, SID, started=NOW)
    fresh.call = take_recording(fresh.container)
    return fresh


# Audio --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "media_type", "body"),
    [(".mp3", "audio/mpeg", audio.mp3()), (".wav", "audio/wav", audio.wav())],
)
def test_the_recording_is_heard_as_mp3_and_as_wav(
    world: World, suffix: str, media_type: str, body: bytes
) -> None:
    answer = world.sound(suffix)
    assert (answer.status_code, answer.content_type, answer.data) == (200, media_type, body)
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.headers["Accept-Ranges"] == "bytes"
    name = f'inline; filename="call-recording{suffix}"'
    assert answer.headers["Content-Disposition"] == name


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges at Twilio", "none at Twilio"])
@pytest.mark.parametrize("suffix", [".mp3", ".wav"])
@pytest.mark.parametrize(
    ("header", "first", "end"),
    [
        ("bytes=0-", 0, None),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=0-0", 0, 1),
        ("bytes=5000-99999999", 5000, None),
    ],
)
def test_a_range_gives_exactly_these_bytes(
    world: World, suffix: str, ranges: bool, header: str, first: int, end: int | None
) -> None:
    world.twilio.ranges = ranges
    whole = world.twilio.audio[SID][suffix]
    answer = world.sound(suffix, Range=header)
    part = whole[first:end]
    at = len(whole) + first if first < 0 else first
    assert (answer.status_code, answer.data) == (206, part)
    assert answer.headers["Content-Range"] == f"bytes {at}-{at + len(part) - 1}/{len(whole)}"
    assert answer.headers["Content-Length"] == str(len(part))


@pytest.mark.parametrize("ranges", [True, False])
def test_a_range_behind_the_end_is_416(world: World, ranges: bool) -> None:
    world.twilio.ranges = ranges
    answer = world.sound(Range="bytes=99999999-")
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{len(audio.mp3())}"


@pytest.mark.parametrize("header", ["bytes=0-9,20-29", "bytes=9-5", "bytes=x", "lines=0-1"])
def test_several_ranges_or_garbage_give_the_whole(world: World, header: str) -> None:
    answer = world.sound(Range=header)
    assert (answer.status_code, answer.data) == (200, audio.mp3())


@pytest.mark.parametrize("suffix", [".mp3", ".wav"])
def test_head_tells_what_get_would_send(world: World, suffix: str) -> None:
    whole = world.twilio.audio[SID][suffix]
    answer = world.client.head(world.path + suffix)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(whole))
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("headers", "content_type"),
    [
        ({"Accept": "audio/*"}, "audio/mpeg"),
        ({"Accept": "audio/wav"}, "audio/wav"),
        ({"Accept": "audio/x-wav"}, "audio/wav"),
        ({"Accept": "audio/x-wav, audio/mpeg;q=0.5"}, "audio/wav"),
        ({"Range": "bytes=0-"}, "audio/mpeg"),
        ({**BROWSER, "Range": "bytes=0-"}, "audio/mpeg"),
        ({"Accept": "audio/webm,audio/ogg,audio/*;q=0.9,*/*;q=0.5"}, "audio/mpeg"),
        (BROWSER, "text/html; charset=utf-8"),
        ({"Accept": "*/*"}, "text/html; charset=utf-8"),
        ({}, "text/html; charset=utf-8"),
    ],
)
def test_audio_for_players_and_the_page_for_people(
    world: World, headers: dict[str, str], content_type: str
) -> None:
    assert world.client.get(world.path, headers=headers).content_type == content_type


def test_the_longest_complete_recording_is_the_calls(world: World) -> None:
    world.twilio.add_recording(
        ACCOUNT, world.call.call_id, OTHER, started=NOW, files={".mp3": b"longer"}
    )
    take_recording(world.container, OTHER, seconds=500)
    assert world.sound().data == b"longer"


def test_a_recording_that_breaks_off_does_not_end_like_a_whole_one(world: World) -> None:
    world.twilio.broken = 8192
    with pytest.raises(ConnectionResetError):
        world.sound()


def test_credentials_go_to_twilio_and_none_to_the_listener(world: World) -> None:
    answer = world.sound()
    assert [one.account for one in world.twilio.asked] == [ACCOUNT]
    assert TOKEN not in str(answer.headers)
    assert "Set-Cookie" not in answer.headers


# The page -----------------------------------------------------------------------------------------


def test_the_page_tells_the_call_and_has_a_player(world: World) -> None:
    text = world.page()
    for words in (
        "Incoming call",
        "Answered",
        "3 min 12 s",
        "Main Street leasing",
        "(617) 555-0100",
    ):
        assert words in text
    token = world.path.rpartition("/")[2]
    assert f'<source src="{token}.mp3" type="audio/mpeg">' in text
    assert f'<source src="{token}.wav" type="audio/wav">' in text
    assert 'preload="none"' in text


def test_the_page_hides_the_number_and_needs_no_script(world: World) -> None:
    text = world.page()
    assert "Number ending in 0134" in text
    assert not re.search(r"555.?0134", text)
    assert "<script" not in text
    assert "http://" not in text and "https://" not in text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("+16175550134", "Number ending in 0134"),
        ("+442079460018", "Number ending in 0018"),
        ("+266696687", "Number withheld"),
        ("anonymous", "Number withheld"),
        ("client:anna", "Number not known"),
        (None, "Number not known"),
    ],
)
def test_the_other_side_is_told_by_four_digits_at_most(raw: str | None, words: str) -> None:
    assert masked(raw) == words


@pytest.mark.parametrize("suffix", ["", ".mp3"])
def test_nothing_of_it_is_kept_indexed_or_told_on(world: World, suffix: str) -> None:
    headers = world.client.get(world.path + suffix).headers
    assert "private" in headers["Cache-Control"]
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_pages_style_is_let_in_by_its_nonce_alone(world: World) -> None:
    answers = [world.client.get(world.path, headers=BROWSER) for _ in range(2)]
    nonces = []
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        found = re.search(r"style-src 'nonce-([^']+)'", policy)
        assert found and f'<style nonce="{found[1]}">' in answer.text
        assert "default-src 'none'" in policy and "unsafe" not in policy
        nonces.append(found[1])
    assert nonces[0] != nonces[1]


def test_a_call_without_a_recording_has_a_page_too(fresh: World) -> None:
    assert "not ready yet" in fresh.page()
    answer = fresh.sound()
    assert (answer.status_code, answer.headers["Retry-After"]) == (404, "30")
    assert "not ready yet" in answer.text
    fresh.clock.advance(3600)
    page = fresh.page()
    assert "There is no recording of this call." in page and "<audio" not in page
    assert fresh.sound().status_code == 404
    assert not fresh.twilio.asked


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("in-progress", "not ready yet"),
        ("absent", "There is no recording"),
        ("deleted", "deleted at Twilio"),
    ],
)
def test_a_recording_that_is_no_recording_is_told_in_words(
    fresh: World, status: str, words: str
) -> None:
    take_recording(fresh.container, status=status)
    assert words in fresh.page()
    assert words in fresh.sound().text
    assert not fresh.twilio.asked


def test_a_file_that_twilio_does_not_have_yet_is_not_ready_and_later_deleted(world: World) -> None:
    world.twilio.audio.clear()
    assert "not ready yet" in world.page()
    assert world.sound().status_code == 404
    world.clock.advance(timedelta(hours=1).total_seconds())
    page = world.page()
    assert "deleted at Twilio" in page and "<audio" not in page
    answer = world.sound()
    assert (answer.status_code, "deleted at Twilio" in answer.text) == (410, True)


@pytest.mark.parametrize(
    ("status", "words", "player", "answered"),
    [(500, "does not answer", True, 503), (401, "refuses", False, 502)],
)
def test_trouble_at_twilio_is_told_in_words(
    world: World, status: int, words: str, player: bool, answered: int
) -> None:
    world.twilio.faults.append(Fault(SID, status, times=99))
    page = world.page()
    assert words in page and ("<audio" in page) is player
    answer = world.sound()
    assert (answer.status_code, words in answer.text) == (answered, True)


# Whose link is good -------------------------------------------------------------------------------


def is_closed(world: World, path: str, client: FlaskClient | None = None) -> bool:
    """True if this path gives the same 404 in every form, whatever is wrong, and Twilio is not asked."""
    asked = len(world.twilio.asked)
    dead = world.client.get("/recordings/none", headers=BROWSER)
    for suffix in ("", ".mp3", ".wav"):
        shown = (client or world.client).get(path + suffix, headers=BROWSER)
        played = (client or world.client).get(path + suffix, headers={"Range": "bytes=0-"})
        if (played.status_code, played.text) != (404, f"{NOT_VALID}\n"):
            return False
        if (shown.status_code, without_nonce(shown)) != (404, without_nonce(dead)):
            return False
    return len(world.twilio.asked) == asked


def without_nonce(answer: TestResponse) -> str:
    return re.sub(r'nonce="[^"]+"', "", answer.text)


def test_a_dead_link_has_a_page_that_looks_like_a_living_one(world: World) -> None:
    living = world.client.get(world.path, headers=BROWSER)
    dead = world.client.get("/recordings/none", headers=BROWSER)
    assert (dead.status_code, dead.mimetype) == (404, "text/html")
    assert "This link is not valid" in dead.text
    assert "<audio" not in dead.text and "<dt>" not in dead.text and "none.mp3" not in dead.text
    for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy", "X-Content-Type-Options"):
        assert dead.headers[name] == living.headers[name]
    style, csp = re.compile(r"<style.*?</style>", re.DOTALL), "Content-Security-Policy"
    looks = [style.findall(answer.text)[0].partition(">")[2] for answer in (living, dead)]
    assert looks[0] == looks[1]
    nonce = re.findall(r'nonce="([^"]+)"', dead.text)[0]
    assert f"style-src 'nonce-{nonce}'" in dead.headers[csp]


def test_a_deleted_recording_has_a_page_for_people_and_words_for_players(fresh: World) -> None:
    take_recording(fresh.container, status="deleted")
    shown = fresh.client.get(f"{fresh.path}.mp3", headers=BROWSER)
    assert (shown.status_code, shown.mimetype) == (410, "text/html")
    assert "deleted at Twilio" in shown.text and "Our line" in shown.text
    played = fresh.sound()
    assert (played.status_code, played.mimetype) == (410, "text/plain")


def test_a_link_with_any_one_character_changed_opens_nothing(world: World) -> None:
    """Also the last one, of which Base64 uses only some bits."""
    token = world.path.rpartition("/")[2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = {
        token[:at] + other + token[at + 1 :]
        for at in range(len(token))
        for other in (alphabet if at == len(token) - 1 else "Ax.~")
    }
    changed |= {token + "A", token + "=", token[:-1], token[:-5] + "!" + token[-5:], "." + token}
    changed.discard(token)
    opened = [one for one in changed if not is_closed(world, f"/recordings/{one}")]
    assert not opened


def test_a_revoked_link_opens_nothing_and_a_new_one_does(world: World) -> None:
    old = world.path
    assert world.client.get(old).status_code == 200
    assert revoke_link(world.container.store, world.call, by=TESTER) == 1
    assert is_closed(world, old)
    renewed = world.container.store.calls.get(world.call.key)
    assert renewed is not None
    assert world.client.get(link_of(world.container, renewed)).status_code == 200


def test_a_link_of_an_old_key_is_good_while_the_key_is_listed(world: World) -> None:
    old = world.path
    rotated = world.client_with(
        Links("https://calls.example.com", ["new-key", "secret-key"], call_id_prefix="CA")
    )
    assert rotated.get(old + ".mp3").data == audio.mp3()
    removed = world.client_with(
        Links("https://calls.example.com", ["new-key"], call_id_prefix="CA")
    )
    assert is_closed(world, old, removed)


def test_a_signed_link_to_no_call_opens_nothing(world: World) -> None:
    token = world.container.links.of("CA" + "1" * 32, 0, key="twilio:AC:CA").rpartition("/")[2]
    assert is_closed(world, f"/recordings/{token}")


def other_call(world: World, seconds: float) -> Call:
    """Another account's call with the same id, first heard of so much later; its link is valid too."""
    facts = world.call.record.model_copy(update={"account": "AC" + "2" * 32})
    at = world.call.first_seen_at + timedelta(seconds=seconds)
    values = row(facts, first_seen_at=at, other="+16175550177")
    with world.container.store.begin() as connection:
        return world.container.store.calls.take(connection, values)


def old_link_of(world: World) -> str:
    """As version 0.1.0 made it: it does not name the account."""
    packed = bytes([1, 0, 0]) + bytes.fromhex(world.call.call_id[2:])
    signed = Signer([world.environ["SECRET_KEY"]], salt="recordings").sign(base64_encode(packed))
    return f"/recordings/{signed.decode()}"


@pytest.mark.parametrize("seconds", [-60.0, 60.0])
def test_another_accounts_call_with_the_same_id_changes_no_link(
    world: World, seconds: float
) -> None:
    other = other_call(world, seconds)
    page = world.client.get(world.path, headers=BROWSER)
    assert (page.status_code, "0177" in page.text) == (200, False)
    theirs = world.client.get(link_of(world.container, other), headers=BROWSER)
    assert (theirs.status_code, "0177" in theirs.text) == (200, True)
    revoke_link(world.container.store, other, by=TESTER)
    assert is_closed(world, link_of(world.container, other))
    assert world.client.get(world.path, headers=BROWSER).status_code == 200


def test_an_old_link_opens_the_call_that_was_stored_first(world: World) -> None:
    old = old_link_of(world)
    assert world.client.get(old, headers=BROWSER).status_code == 200
    other_call(world, 60)
    page = world.client.get(old, headers=BROWSER)
    assert (page.status_code, "0177" in page.text) == (200, False)
    revoke_link(world.container.store, world.call, by=TESTER)
    assert is_closed(world, old), "revoked, it does not lead to the other one instead"


def test_a_link_is_printed_and_revoked_at_the_command_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(cli, ["link", world.call.call_id])
    assert told.output.strip().endswith(world.path), told.output
    done = CliRunner().invoke(cli, ["revoke", world.call.call_id])
    assert (done.exit_code, "open nothing now" in done.output) == (0, True)
    assert is_closed(world, world.path)
    assert CliRunner().invoke(cli, ["revoke", "CAnobody"]).exit_code == 1


def test_a_token_is_not_logged_when_the_database_is_down(
    world: World, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    nowhere = Settings.from_environ(
        {**world.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    )
    stranded = Container(nowhere)
    routes = recording_routes(
        stranded.store, world.container.links, stranded.providers, stranded.lines
    )
    assert create_app(routes).test_client().get(world.path).status_code == 503
    assert [line["path"] for line in logged()] == ["/recordings/<token>"]


# Limits -------------------------------------------------------------------------------------------


def test_there_are_so_many_seats_and_a_listener_who_leaves_gives_up_the_seat(world: World) -> None:
    client = world.client_with(concurrent_streams=2)
    path = world.path + ".wav"
    listeners = [client.get(path, buffered=False) for _ in range(2)]
    full = client.get(path)
    assert (full.status_code, full.headers["Retry-After"]) == (503, "5")
    assert "too many" in full.text
    assert client.get(world.path, headers=BROWSER).status_code == 200  # the page needs no seat
    listeners[0].close()
    assert client.get(path).status_code == 200
    listeners[1].close()


@pytest.mark.parametrize("status", [404, 401, 500])
def test_a_failure_gives_the_seat_back(world: World, status: int) -> None:
    client = world.client_with(concurrent_streams=1)
    world.twilio.faults.append(Fault(SID, status, times=3))

    def status_of(method: str, **headers: str) -> int:
        path = world.path + ".mp3"
        return client.open(path, method=method, headers=headers, buffered=True).status_code

    assert 200 not in [status_of("GET") for _ in range(3)]
    assert [status_of("HEAD"), status_of("GET")] == [200, 200]
    assert [status_of("GET", Range="bytes=99999999-"), status_of("GET")] == [416, 200]


def test_a_stream_ends_at_its_time_limit(world: World) -> None:
    client = world.client_with(stream_seconds=0.0, concurrent_streams=1)
    for _ in range(2):
        with pytest.raises(ConnectionResetError, match="time limit"):
            client.get(world.path + ".mp3", buffered=True)
