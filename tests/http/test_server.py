"""What does gunicorn, with the adapter's configuration, make of requests that few clients send?"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from twilio.request_validator import RequestValidator

from adapter.sandbox import twilio as simulate
from tests.support.environment import ACCOUNT, BASE_URL, ENVIRON, PATH, TOKEN
from tests.support.gunicorn import Server
from tests.support.waiting import wait_for

PERSON = "+16175550134"


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests: none of them leaves anything in it."""
    with closing(_start(sqlite_template, tmp_path_factory.mktemp("server"))) as server:
        yield server


def _start(sqlite_template: Path, folder: Path) -> Server:
    database = folder / "adapter.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    environ = {**ENVIRON, "DATABASE_URL": f"sqlite:///{database}", "LOG_FORMAT": "json"}
    server = Server(environ, "", None)
    wait_for("gunicorn answers", lambda: _answers(server))
    return server


def _answers(server: Server) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0


def status_of(server: Server, request: bytes) -> int:
    """The status of the answer to these bytes; the server then closes the connection."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as client:
        client.sendall(request)
        return int(client.recv(12).split()[1])


def test_a_get_with_all_its_long_tokens_is_taken(server: Server) -> None:
    """CallToken and StirPassportToken come with inbound calls, and have thousands of characters."""
    params = simulate.hook(
        "missed", call=simulate.new_sid(), account=ACCOUNT, caller=PERSON, called="+16175550100"
    )
    tokens = {"CallToken": "{" + "e" * 3500 + "}", "StirPassportToken": "f" * 2000}
    target = f"{PATH}?{urlencode({**params, **tokens})}"
    signature = RequestValidator(TOKEN).compute_signature(BASE_URL + target, {})
    answer = requests.get(
        server.url + target, headers={"X-Twilio-Signature": signature}, timeout=10
    )
    assert len(target) > 5500
    assert answer.status_code == 204


@pytest.mark.parametrize("target", [PATH, f"/{PATH}", f"{PATH}/", "/webhooks/twi%6cio"])
def test_the_address_may_be_written_otherwise(server: Server, target: str) -> None:
    """Whoever set PUBLIC_BASE_URL at the provider with a slash at its end has two. The signature covers it."""
    params = simulate.hook(
        "missed", call=simulate.new_sid(), account=ACCOUNT, caller=PERSON, called="+16175550100"
    )
    body = urlencode(params)
    head = (
        f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: {RequestValidator(TOKEN).compute_signature(BASE_URL + target, params)}\r\n\r\n"
    )
    assert status_of(server, (head + body).encode()) == 204


@pytest.mark.parametrize("path", ["/webhooks/twilio", "/webhooks/propexo"])
def test_chunks_that_are_none_are_the_senders_fault(server: Server, path: str) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    assert status_of(server, head.encode() + b"ZZ\r\nabc\r\n0\r\n\r\n") == 400


def test_what_gunicorn_says_is_one_line_of_our_log_without_numbers(
    sqlite_template: Path, tmp_path: Path
) -> None:
    with closing(_start(sqlite_template, tmp_path)) as server:
        assert status_of(server, b"BROKEN /?From=%2B16175550134 and more HTTP/1.1\r\n\r\n") == 400
    log = server.log
    lines = [json.loads(line) for line in log.splitlines()]
    said = [line for line in lines if line["logger"] == "gunicorn.error"]
    assert len(said) == 1
    assert "Invalid request" in said[0]["event"]
    assert "6175550134" not in log


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO"])
def test_a_header_does_not_move_the_application(server: Server, name: str) -> None:
    """gunicorn lets the machine itself send these, and answered 500 where the path did not begin so."""
    answer = requests.get(f"{server.url}/livez", headers={name: "/elsewhere"}, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "//webhooks/twilio",
        "/webhooks//twilio",
        "/webhooks///propexo",
        "//evil.example.com/..",
        "///",
    ],
)
def test_nothing_redirects_to_the_host_that_the_request_names(server: Server, target: str) -> None:
    for method in ("GET", "POST"):
        head = f"{method} {target} HTTP/1.1\r\nHost: evil.example.com\r\nContent-Length: 0\r\n\r\n"
        assert status_of(server, head.encode()) // 100 != 3
