"""How fast does a server acknowledge signed hooks? Sent over raw sockets, so that the sender costs little."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

TOKEN = "benchmark-token"
ACCOUNT = "AC" + "1" * 32
# A server's processes share its connections by chance; so they are dealt out anew now and then.
RENEW_AFTER = 25
PUBLIC_URL = "https://bench.example/webhooks/twilio"


@dataclass(frozen=True)
class Result:
    """seconds: of the whole run; latencies: of each acknowledged hook, in seconds, sorted.

    cpu_seconds: the processor time of the server meanwhile, where it was looked at.
    """

    seconds: float
    latencies: Sequence[float]
    failed: int
    cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """The processor time of the server for one hook."""
        return self.cpu_seconds / len(self.latencies) * 1e6

    def quantile(self, share: float) -> float:
        """The latency in milliseconds that this share of hooks did not exceed."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)] * 1000


def hooks_of_a_call() -> Sequence[Mapping[str, str]]:
    """The status callbacks of a call that nobody answers: it is initiated, rings, and ends."""
    ended = call_ended()
    on_the_way = {k: v for k, v in ended.items() if not k.endswith("Duration")}
    return (
        {**on_the_way, "CallStatus": "initiated"},
        {**on_the_way, "CallStatus": "ringing", "SequenceNumber": "1"},
        {**ended, "SequenceNumber": "2"},
    )


def overlapping(calls: Sequence[Sequence[Mapping[str, str]]]) -> list[Mapping[str, str]]:
    """The hooks of all calls, each call's in order, while the next ten calls have begun between two of them."""
    steps = max(len(hooks) for hooks in calls)
    return [
        calls[number - 10 * step][step]
        for number in range(len(calls) + 10 * (steps - 1))
        for step in range(steps)
        if 0 <= number - 10 * step < len(calls)
    ]


def call_ended() -> dict[str, str]:
    """A status callback of a number, of a call of its own that ended now.

    A call that ended long ago would be looked for at the target before it is written.
    """
    return {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "CallSid": "CA" + secrets.token_hex(16),
        "CallStatus": "no-answer",
        "CallDuration": "0",
        "Duration": "0",
        "CallbackSource": "call-progress-events",
        "Called": "+16175550100",
        "Caller": "+16175550134",
        "Direction": "inbound",
        "From": "+16175550134",
        "FromCity": "BOSTON",
        "FromCountry": "US",
        "FromState": "MA",
        "FromZip": "02108",
        "SequenceNumber": "0",
        "Timestamp": format_datetime(datetime.now(UTC)),
        "To": "+16175550100",
        "ToCity": "",
        "ToCountry": "US",
        "ToState": "MA",
        "ToZip": "",
    }


def signed_request(params: Mapping[str, str]) -> bytes:
    """The bytes of one POST, signed for PUBLIC_URL."""
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL, dict(params))
    body = urlencode(params).encode()
    head = (
        "POST /webhooks/twilio HTTP/1.1\r\nHost: bench.example\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send_all(url: str, requests: Sequence[bytes], connections: int) -> Result:
    """Send as fast as the answers come, on so many kept-alive connections: whichever is free takes the next.

    With a fixed share for each, the end would wait for the process that got the most connections.
    """
    left = iter(requests)
    return _run(url, [left] * connections, lambda _: None)


def send_steadily(url: str, requests: Sequence[bytes], connections: int, rate: float) -> Result:
    """Send at this many a second, whatever the answers do; latency counts from the planned moment."""
    begun = time.perf_counter() + 0.2
    shares = [requests[place::connections] for place in range(connections)]
    places = {id(request): place for place, request in enumerate(requests)}

    def wait(request: bytes) -> float:
        due = begun + places[id(request)] / rate
        time.sleep(max(due - time.perf_counter(), 0))
        return due

    return _run(url, shares, wait)


def _run(
    url: str, shares: Sequence[Iterable[bytes]], wait: Callable[[bytes], float | None]
) -> Result:
    address = urlsplit(url)
    latencies: list[float] = []
    failed = 0
    lock = threading.Lock()

    def connect() -> socket.socket:
        connection = socket.create_connection((address.hostname, address.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def work(requests: Iterable[bytes]) -> None:
        nonlocal failed
        mine: list[float] = []
        bad = 0
        connection = connect()
        for place, request in enumerate(requests, 1):
            if place > 1 and place % RENEW_AFTER == 1:
                connection.close()
                connection = connect()
            begun = wait(request) or time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(65536)
            if answer.startswith((b"HTTP/1.1 204", b"HTTP/1.1 200")):
                mine.append(time.perf_counter() - begun)
            else:
                bad += 1
            if not answer or b"onnection: close" in answer:
                connection.close()
                connection = connect()
        connection.close()
        with lock:
            latencies.extend(mine)
            failed += bad

    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Result(time.perf_counter() - begun, sorted(latencies), failed)
