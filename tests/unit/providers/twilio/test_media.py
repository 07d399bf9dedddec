"""Is a recording's audio read whole and in parts, with credentials for Twilio alone, from nowhere inside?"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.domain.record import Recording
from adapter.errors import CredentialsRefused, PermanentError, TemporaryError
from adapter.net.ssrf import PublicHttpsClient, is_public
from adapter.providers.media import Audio, AudioFormat
from adapter.providers.twilio.media import TwilioMedia
from tests.support import audio
from tests.support.environment import ACCOUNT, TOKEN
from tests.support.twilio_api import CHUNK, FakeTwilio, Fault

CALL = "CA00000000000000000000000000000001"
SID = "RE00000000000000000000000000000001"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{SID}"
RECORDING = Recording(id=SID, url=f"https://api.twilio.com{PATH}")
STORAGE = "storage.example.com"
MP3, WAV = AudioFormat.MP3, AudioFormat.WAV
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio({ACCOUNT: TOKEN}) as fake:
        fake.add_recording(ACCOUNT, CALL, SID, started=NOW)
        yield fake


@pytest.fixture
def media(twilio: FakeTwilio) -> TwilioMedia:
    return media_of(twilio)


def media_of(twilio: FakeTwilio, **others: Any) -> TwilioMedia:
    given: dict[str, Any] = {"tokens": {ACCOUNT: (TOKEN,)}, **others}
    tokens = given.pop("tokens")
    return TwilioMedia(base_url=twilio.url, tokens=lambda sid: tokens.get(sid, ()), **given)


def play(
    media: TwilioMedia, recording: Recording = RECORDING, suffix: AudioFormat = MP3, **asked: Any
) -> tuple[Audio, bytes]:
    opened = media.open(ACCOUNT, recording, suffix=suffix, **asked)
    assert opened is not None
    try:
        return opened, b"".join(opened.chunks)
    finally:
        opened.close()


# Whole and in parts -------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [MP3, WAV])
def test_the_whole_recording_comes_byte_for_byte(
    twilio: FakeTwilio, media: TwilioMedia, suffix: AudioFormat
) -> None:
    opened, body = play(media, suffix=suffix)
    assert body == twilio.audio[SID][suffix]
    assert (opened.status, opened.total, opened.length) == (200, len(body), len(body))
    assert opened.media_type == {MP3: "audio/mpeg", WAV: "audio/wav"}[suffix]
    assert twilio.asked[0].path == PATH + suffix


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges at Twilio", "none at Twilio"])
@pytest.mark.parametrize(
    ("header", "first", "end"),
    [
        ("bytes=0-", 0, None),
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=8190-8193", 8190, 8194),
        ("bytes=-50", -50, None),
        ("bytes=-999999999", 0, None),
        ("bytes=5-999999999", 5, None),
        ("Bytes = 5 - 9", 5, 10),
    ],
)
def test_a_part_is_what_was_asked_for(
    twilio: FakeTwilio, media: TwilioMedia, ranges: bool, header: str, first: int, end: int | None
) -> None:
    twilio.ranges = ranges
    whole = twilio.audio[SID][".mp3"]
    opened, body = play(media, range_header=header)
    assert body == whole[first:end]
    assert opened.status == 206
    assert opened.span is not None
    assert whole[opened.span.first : opened.span.last + 1] == body
    assert (opened.total, opened.length) == (len(whole), len(body))


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("header", ["bytes=999999999-", "bytes=-0"])
def test_a_part_behind_the_end_is_416(
    twilio: FakeTwilio, media: TwilioMedia, ranges: bool, header: str
) -> None:
    twilio.ranges = ranges
    opened, body = play(media, range_header=header)
    assert (opened.status, opened.length, body) == (416, 0, b"")
    assert opened.total == len(twilio.audio[SID][".mp3"])


@pytest.mark.parametrize(
    "header",
    ["bytes=0-9,20-29", "bytes=", "bytes=-", "bytes=9-5", "bytes=a-b", "items=0-9", "nonsense", ""],
)
def test_what_is_not_one_range_is_ignored(
    twilio: FakeTwilio, media: TwilioMedia, header: str
) -> None:
    opened, body = play(media, range_header=header)
    assert (opened.status, body) == (200, twilio.audio[SID][".mp3"])
    assert "Range" not in twilio.asked[0].headers


def test_a_recording_without_a_length_is_played_whole(
    twilio: FakeTwilio, media: TwilioMedia
) -> None:
    twilio.ranges, twilio.chunked = False, True
    opened, body = play(media, range_header="bytes=100-")
    assert (opened.status, opened.length) == (200, None)
    assert body == twilio.audio[SID][".mp3"]


@pytest.mark.parametrize("ranges", [True, False])
def test_head_tells_the_length_and_reads_nothing(
    twilio: FakeTwilio, media: TwilioMedia, ranges: bool
) -> None:
    twilio.ranges = ranges
    opened, body = play(media, head=True, range_header="bytes=5-9")
    assert (opened.status, opened.length, body) == (200, len(twilio.audio[SID][".mp3"]), b"")


# How it ends ---------------------------------------------------------------------------------------


def test_nothing_is_read_ahead_and_the_connection_ends_with_the_listener(
    twilio: FakeTwilio, media: TwilioMedia
) -> None:
    twilio.held = threading.Event()  # only the first piece ever comes
    twilio.audio[SID][".mp3"] = bytes(50_000_000)
    opened = media.open(ACCOUNT, RECORDING, suffix=MP3)
    assert opened is not None
    assert next(opened.chunks)
    opened.close()
    twilio.held.set()
    assert twilio.left.wait(10)


def test_a_body_that_breaks_off_is_no_whole_recording(
    twilio: FakeTwilio, media: TwilioMedia
) -> None:
    twilio.broken = CHUNK
    opened = media.open(ACCOUNT, RECORDING, suffix=MP3)
    assert opened is not None
    with pytest.raises(TemporaryError, match="broke off"):
        list(opened.chunks)


def test_a_body_that_stops_coming_is_given_up(twilio: FakeTwilio) -> None:
    twilio.held = threading.Event()
    opened = media_of(twilio, timeout=(1.0, 0.2)).open(ACCOUNT, RECORDING, suffix=MP3)
    assert opened is not None
    with pytest.raises(TemporaryError, match="broke off"):
        list(opened.chunks)


@pytest.mark.parametrize("status", [404, 410])
def test_a_recording_that_is_not_there_is_nothing(
    twilio: FakeTwilio, media: TwilioMedia, status: int
) -> None:
    twilio.faults.append(Fault(SID, status))
    assert media.open(ACCOUNT, RECORDING, suffix=MP3) is None


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, CredentialsRefused),
        (403, CredentialsRefused),
        (429, TemporaryError),
        (500, TemporaryError),
        (400, PermanentError),
    ],
)
def test_what_twilio_refuses_is_told_by_kind(
    twilio: FakeTwilio, media: TwilioMedia, status: int, error: type[Exception]
) -> None:
    twilio.faults.append(Fault(SID, status))
    with pytest.raises(error, match=str(status)):
        media.open(ACCOUNT, RECORDING, suffix=MP3)


def test_no_answer_is_temporary() -> None:
    media = TwilioMedia(base_url="http://127.0.0.1:1", tokens=lambda _: (TOKEN,))
    with pytest.raises(TemporaryError, match="no answer"):
        media.open(ACCOUNT, RECORDING, suffix=MP3)


# Credentials --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"https://api.twilio.com{PATH}",
        f"http://api.twilio.com{PATH}",
        f"https://api.twilio.com:443{PATH}",
        f"https://API.twilio.com{PATH}.mp3",
        f"https://somebody:else@api.twilio.com{PATH}.wav",
        "{base}" + PATH,
    ],
)
def test_twilios_urls_are_asked_at_the_base_url_with_the_accounts_token(
    twilio: FakeTwilio, media: TwilioMedia, url: str
) -> None:
    recording = Recording(id=SID, url=url.format(base=twilio.url))
    _, body = play(media, recording)
    assert body == audio.mp3()
    assert [(one.path, one.account) for one in twilio.asked] == [(f"{PATH}.mp3", ACCOUNT)]


def test_a_recording_named_without_a_url_is_at_twilio(
    twilio: FakeTwilio, media: TwilioMedia
) -> None:
    _, body = play(media, Recording(id=SID))
    assert body == twilio.audio[SID][".mp3"]
    assert twilio.asked[0].path == PATH + ".mp3"


def test_a_new_token_is_tried_where_the_old_one_is_refused(twilio: FakeTwilio) -> None:
    _, body = play(media_of(twilio, tokens={ACCOUNT: ("old", TOKEN)}))
    assert body == audio.mp3()
    assert [one.account for one in twilio.asked] == [None, ACCOUNT]


def test_an_unknown_accounts_media_are_asked_without_credentials(twilio: FakeTwilio) -> None:
    twilio.private = False
    play(media_of(twilio, tokens={}))
    assert "Authorization" not in twilio.asked[0].headers
    twilio.private = True
    with pytest.raises(CredentialsRefused):
        play(media_of(twilio, tokens={}))


# PublicHttpsClient -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the storage's name, with its key."""
    path = tmp_path_factory.mktemp("tls") / "storage.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={STORAGE}", "-addext", f"subjectAltName=DNS:{STORAGE}"]
    made = subprocess.run(
        [*command, "-keyout", "-", "-out", "-"], capture_output=True, check=True, text=True
    )
    path.write_text(made.stdout)
    return path


@pytest.fixture
def storage(certificate: Path) -> Iterator[FakeTwilio]:
    """An external storage, over https: public, as signed URLs make it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FakeTwilio({}, ssl_context=context) as fake:
        fake.private = False
        fake.add_recording(ACCOUNT, CALL, SID, started=NOW)
        yield fake


def abroad(
    certificate: Path, *addresses: str, looked_up: list[str] | None = None, allow: bool = True
) -> PublicHttpsClient:
    """Foreign hosts are at these addresses; our own machine passes for a public one, if allowed."""

    def resolve(host: str, port: int) -> Sequence[str]:
        if looked_up is not None:
            looked_up.append(host)
        return addresses or ("127.0.0.1",)

    return PublicHttpsClient(
        resolve=resolve,
        allowed=("127.0.0.1", "127.0.0.2") if allow else (),
        ca_file=str(certificate),
    )


def at_storage(storage: FakeTwilio, name: str = SID) -> str:
    return f"https://{STORAGE}:{storage.port}/bucket/{name}"


def test_a_redirect_to_a_storage_is_followed_without_credentials(
    twilio: FakeTwilio, storage: FakeTwilio, certificate: Path
) -> None:
    twilio.redirect = at_storage(storage, "{name}") + "?X-Amz-Signature=abc"
    looked_up: list[str] = []
    media = media_of(twilio, elsewhere=abroad(certificate, looked_up=looked_up))
    opened, body = play(media, range_header="bytes=100-199")
    assert (opened.status, body) == (206, audio.mp3()[100:200])
    assert twilio.asked[0].account == ACCOUNT
    (asked,) = storage.asked
    assert "Authorization" not in asked.headers
    assert "Cookie" not in asked.headers
    assert asked.headers["Host"] == f"{STORAGE}:{storage.port}"
    assert (asked.headers["Range"], asked.query) == ("bytes=100-199", {"X-Amz-Signature": "abc"})
    assert looked_up == [
        STORAGE
    ]  # once: the address that was checked is the one that is connected to


def test_an_external_storages_url_is_fetched_as_it_is(
    twilio: FakeTwilio, storage: FakeTwilio, certificate: Path
) -> None:
    recording = Recording(id=SID, url=at_storage(storage, f"{SID}.wav"))
    opened, body = play(media_of(twilio, elsewhere=abroad(certificate)), recording, MP3)
    assert body == audio.wav()
    assert opened.media_type == "audio/wav"  # what it is, not what was asked for
    assert not twilio.asked
    assert "Authorization" not in storage.asked[0].headers


def test_a_foreign_host_cannot_send_our_credentials_back_to_twilio(
    twilio: FakeTwilio, storage: FakeTwilio, certificate: Path
) -> None:
    storage.redirect = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{{name}}"
    media = media_of(twilio, elsewhere=abroad(certificate))
    with pytest.raises(CredentialsRefused):
        media.open(ACCOUNT, Recording(id=SID, url=at_storage(storage)), suffix=MP3)
    assert [one.account for one in twilio.asked] == [None]


def test_a_host_with_another_hosts_certificate_gets_no_request(
    twilio: FakeTwilio, storage: FakeTwilio, certificate: Path
) -> None:
    media = media_of(twilio, elsewhere=abroad(certificate))
    recording = Recording(id=SID, url=f"https://other.example.com:{storage.port}/{SID}")
    with pytest.raises(TemporaryError, match="SSLError"):
        media.open(ACCOUNT, recording, suffix=MP3)
    assert not storage.asked


def test_the_next_address_is_tried_where_one_does_not_answer(
    twilio: FakeTwilio, storage: FakeTwilio, certificate: Path
) -> None:
    away = abroad(certificate, "127.0.0.2", "127.0.0.1")
    _, body = play(
        media_of(twilio, elsewhere=away), Recording(id=SID, url=at_storage(storage, f"{SID}.mp3"))
    )
    assert body == audio.mp3()


@pytest.mark.parametrize(
    "url",
    [
        f"http://{STORAGE}/file",
        f"ftp://{STORAGE}/file",
        "file:///etc/passwd",
        f"https://user:password@{STORAGE}/file",
        "https:///file",
        f"https://{STORAGE}:99999/file",
        "//api.twilio.com/file",
        "",
    ],
)
def test_only_plain_https_leads_elsewhere(twilio: FakeTwilio, certificate: Path, url: str) -> None:
    looked_up: list[str] = []
    media = media_of(twilio, elsewhere=abroad(certificate, looked_up=looked_up))
    with pytest.raises(PermanentError):
        media.open(ACCOUNT, Recording(id=SID, url=url), suffix=MP3)
    assert not looked_up


@pytest.mark.parametrize("as_redirect", [True, False])
def test_addresses_that_are_not_public_are_refused(
    twilio: FakeTwilio, storage: FakeTwilio, certificate: Path, as_redirect: bool
) -> None:
    """One private address among public ones is enough."""
    for addresses in (("127.0.0.1",), ("93.184.215.14", "10.0.0.1"), ("169.254.169.254",)):
        media = media_of(twilio, elsewhere=abroad(certificate, *addresses, allow=False))
        twilio.redirect = at_storage(storage) if as_redirect else None
        recording = RECORDING if as_redirect else Recording(id=SID, url=at_storage(storage))
        with pytest.raises(PermanentError, match="not public"):
            media.open(ACCOUNT, recording, suffix=MP3)
    assert not storage.asked


def test_an_address_in_the_url_is_checked_as_a_name_is(
    twilio: FakeTwilio, storage: FakeTwilio
) -> None:
    for host in ("127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"):
        recording = Recording(id=SID, url=f"https://{host}:{storage.port}/{SID}")
        with pytest.raises((PermanentError, TemporaryError)):
            media_of(twilio).open(ACCOUNT, recording, suffix=MP3)
    assert not storage.asked


@pytest.mark.parametrize("before", ["{other}\\@", "{other}\\", "user:password@"])
def test_credentials_stay_where_libraries_read_a_url_in_two_ways(
    twilio: FakeTwilio, media: TwilioMedia, before: str
) -> None:
    """To urllib the host of "http://a\\@b" is b, to requests it is a."""
    with FakeTwilio({ACCOUNT: TOKEN}) as other:
        begin = before.format(other=f"127.0.0.1:{other.port}")
        url = f"http://{begin}127.0.0.1:{twilio.port}{PATH}"
        with suppress(PermanentError):
            media.open(ACCOUNT, Recording(id=SID, url=url), suffix=MP3)
        with suppress(PermanentError, TemporaryError):
            redirected(lambda base: url.replace(str(twilio.port), base))
    assert not other.asked


@pytest.mark.parametrize("target", ["https://127.0.0.1:99999/file", "https://[::1/file"])
def test_a_redirect_to_what_is_no_url_is_refused(target: str) -> None:
    with pytest.raises(PermanentError, match="URL"):
        redirected(lambda _: target)


def test_the_body_of_a_redirect_is_not_read() -> None:
    """It may be long, or never come."""
    with pytest.raises(PermanentError, match="https only"):  # it was followed
        redirected(lambda _: "http://127.0.0.1:9/file", body_bytes=999_999)


def redirected(target: Callable[[str], str], body_bytes: int = 0) -> None:
    """Opens a recording where Twilio (at this port) answers with a redirect, whose body does not come."""
    with ThreadPoolExecutor(1) as pool:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = str(server.getsockname()[1])
            base = f"http://127.0.0.1:{port}"
            media = TwilioMedia(base_url=base, tokens=lambda _: (TOKEN,), timeout=(5.0, 1.0))
            asking = pool.submit(media.open, ACCOUNT, RECORDING, suffix=MP3)
            connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(
                f"HTTP/1.1 302 Found\r\nLocation: {target(port)}\r\n"
                f"Content-Length: {body_bytes}\r\nConnection: close\r\n\r\n".encode()
            )
            asking.result(timeout=20)


def test_redirects_end(twilio: FakeTwilio, media: TwilioMedia) -> None:
    twilio.redirect = f"{twilio.url}{PATH}.mp3"
    with pytest.raises(PermanentError, match="redirects"):
        media.open(ACCOUNT, RECORDING, suffix=MP3)
    assert len(twilio.asked) == 6


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("::ffff:93.184.215.14", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("64:ff9b::5db8:d70e", True),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("storage.example.com", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public
