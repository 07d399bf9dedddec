"""What does Twilio send in a test? Calls told by several signed hooks, from 8 senders, with its retries."""

from __future__ import annotations

import http.client
import queue
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from adapter.sandbox.twilio import hook

SENDERS = 8
TRIES = 6  # the first, and rc=5 more with rp=all
WITHIN_SECONDS = 15.0
ANSWER_SECONDS = 8.0
ACCOUNT = "AC" + "f" * 32
TOKEN = "faults-token"
LINE = "+16175550100"
IGNORED = "+16175550166"
PUBLIC_URL = "https://faults.example"
PATH = "/webhooks/twilio"
PEOPLE = 400

Hook = Mapping[str, str]


@dataclass
class SentCall:
    """A call of the test. person None: nothing may be written. The times are set by the senders."""

    sid: str
    kind: str
    caller: str
    person: str | None
    hooks: Sequence[tuple[float, Hook]]  # seconds after the call's begin, in the order of sending
    first_sent_at: float | None = None
    # When the first hook that tells its end was answered 2xx; this is what must not be lost.
    acknowledged_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Sent:
    """How the senders fared."""

    hooks: int = 0
    answered: int = 0
    tries: int = 0
    given_up: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def people() -> list[dict[str, str]]:
    """Leads to be added to the sandbox, so that calls are spread over many."""
    return [
        {
            "kind": "lead",
            "id": f"lead_{place}",
            "property_id": "prop_main",
            "first_name": "Lead",
            "last_name": f"Number {place}",
            "phone_1": _number(place),
        }
        for place in range(PEOPLE)
    ]


def _number(place: int) -> str:
    return f"+1617200{place:04}"


def make_calls(count: int, dice: random.Random) -> list[SentCall]:
    """So many calls, of all kinds; the same for the same dice."""
    return [_call(dice) for _ in range(count)]


_KINDS = {
    "forwarded": 35,
    "missed": 15,
    "voicemail": 15,
    "outbound": 15,
    "busy": 5,
    "one hook": 5,
    "stranger": 4,
    "withheld": 3,
    "ignored": 3,
}


def _call(dice: random.Random) -> SentCall:
    sid = _sid("CA", dice)
    kind = dice.choices(list(_KINDS), list(_KINDS.values()))[0]
    place = dice.randrange(PEOPLE)
    caller = {"stranger": "+16173330000", "withheld": "+266696687", "ignored": IGNORED}.get(
        kind, _number(place)
    )
    is_written = kind not in ("stranger", "withheld", "ignored")
    told = _hooks(kind, sid, caller, dice)
    sent: list[tuple[float, Hook]] = []
    for params in told:
        # As they happen, a tenth of a second apart; some are late, and some come twice or thrice.
        late = dice.uniform(0.5, 3.0) if dice.random() < 0.2 else dice.uniform(0, 0.3)
        sent.append((0.1 * len(sent) + late, params))
        if dice.random() < 0.2:
            sent.append((0.1 * len(sent) + late + dice.choice((0.0, 0.01, 1.0)), params))
    sent.sort(key=lambda each: each[0])
    return SentCall(sid, kind, caller, f"lead_{place}" if is_written else None, sent)


def _hooks(kind: str, sid: str, caller: str, dice: random.Random) -> list[Hook]:
    """What is told of a call, in the order in which it happens."""
    seconds = dice.randrange(5, 600)
    recording, leg = _sid("RE", dice), _sid("CA", dice)
    outbound = kind == "outbound"
    ends = {"caller": LINE, "called": caller} if outbound else {"caller": caller, "called": LINE}

    def told(what: str, **changes: str) -> Hook:
        made = hook(what, call=sid, account=ACCOUNT, seconds=seconds, recording=recording, **ends)
        made.update(changes)
        return {name: value for name, value in made.items() if value != "-"}

    def progress(status: str, what: str = "answered", **changes: str) -> Hook:
        return told(what, CallStatus=status, CallDuration="-", Duration="-", **changes)

    def child(status: str) -> Hook:
        changes = {"CallSid": leg, "ParentCallSid": sid, "Direction": "outbound-dial"}
        changes |= {"From": caller, "To": "+16175550150"}
        if status == "completed":
            return told("answered", **changes)
        return progress(status, **changes)

    if kind == "forwarded":
        return [
            progress("ringing"),
            child("ringing"),
            child("in-progress"),
            child("completed"),
            told("dial", DialCallSid=leg, CallStatus="in-progress"),
            told("answered"),
            told("recording"),
        ]
    if kind == "voicemail":
        return [progress("in-progress"), told("voicemail"), told("answered"), told("transcription")]
    if outbound:
        return [
            progress("initiated", "outbound"),
            progress("ringing", "outbound"),
            progress("in-progress", "outbound"),
            told("outbound"),
        ]
    if kind == "missed":
        return [progress("ringing"), told("missed")]
    if kind == "busy":
        return [progress("ringing"), told("busy")]
    return [told("missed")]


def ignored_hook() -> Hook:
    """A hook of a call from an ignored number, of which nothing is written."""
    ends = {"caller": IGNORED, "called": LINE}
    sids = {"call": _sid("CA", random.Random()), "recording": _sid("RE", random.Random())}
    return hook("missed", account=ACCOUNT, seconds=0, **sids, **ends)


def _sid(prefix: str, dice: random.Random) -> str:
    return prefix + f"{dice.getrandbits(128):032x}"


def ends_call(params: Hook) -> bool:
    """Whether an answer to this hook is the promise that the call will be delivered."""
    is_status = "CallDuration" in params and "ParentCallSid" not in params
    return is_status and params.get("CallStatus") in ("completed", "no-answer", "busy")


class Senders:
    """Sends calls, so many a second, to whichever web process is there.

    ports: those of the web processes now; as a router would, each try takes one of them.
    """

    def __init__(
        self, calls: Sequence[SentCall], *, per_second: float, ports: Callable[[], Sequence[int]]
    ) -> None:
        self.calls = calls
        self.sent = Sent()
        self._ports = ports
        self._per_second = per_second
        self.total = sum(len(call.hooks) for call in calls)
        self._todo: queue.SimpleQueue[tuple[float, SentCall, Hook]] = queue.SimpleQueue()
        # The hooks that were answered or given up, and when, in epoch seconds.
        self._done: deque[tuple[float, SentCall, Hook]] = deque()
        self._threads = [
            threading.Thread(target=self._work, name=f"sender-{n}", daemon=True)
            for n in range(SENDERS)
        ]
        self._begun = 0.0

    def start(self) -> Sequence[tuple[float, SentCall]]:
        """Begin to send. Return when each call begins, in epoch seconds."""
        self._begun, now = time.monotonic(), time.time()
        planned = []
        begins = []
        for place, call in enumerate(self.calls):
            begin = place / self._per_second
            begins.append((now + begin, call))
            stamp = format_datetime(datetime.fromtimestamp(now + begin, UTC))
            for after, params in call.hooks:
                told = {**params, "Timestamp": stamp} if "Timestamp" in params else params
                planned.append((begin + after, call, told))
        for each in sorted(planned, key=lambda each: each[0]):
            self._todo.put(each)
        for thread in self._threads:
            thread.start()
        return begins

    @property
    def is_done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def share(self) -> float:
        """How much of all has been sent."""
        return self.sent.hooks / self.total if self.total else 1.0

    def _work(self) -> None:
        while True:
            try:
                due, call, params = self._todo.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(self._begun + due - time.monotonic(), 0))
            with call.lock:
                call.first_sent_at = call.first_sent_at or time.time()
            answered, tries = self._send(params)
            if answered and ends_call(params):
                with call.lock:
                    call.acknowledged_at = call.acknowledged_at or time.time()
            self._done.append((time.time(), call, params))
            with self.sent.lock:
                self.sent.hooks += 1
                self.sent.tries += tries
                self.sent.answered += answered
                self.sent.given_up += not answered

    def send_again(self, since: float) -> Sequence[SentCall]:
        """Once more what was answered or given up since then (epoch seconds); the calls that it was about.

        Errors: RuntimeError if a hook is not answered.
        """
        again = [(call, params) for at, call, params in list(self._done) if at >= since]
        with ThreadPoolExecutor(SENDERS) as threads:
            answered = list(threads.map(lambda each: self._send(each[1])[0], again))
        if not all(answered):
            raise RuntimeError(f"{answered.count(False)} hooks are not answered when sent again")
        for call, params in again:
            if ends_call(params):
                call.acknowledged_at = call.acknowledged_at or time.time()
        return list({call.sid: call for call, _ in again}.values())

    def is_answered_at_once(self, params: Hook) -> bool:
        """Send a hook without trying again; whether it was answered 2xx within a try's time."""
        return self._try(*_signed(params))

    def _send(self, params: Hook) -> tuple[bool, int]:
        """One hook with Twilio's retries; whether it was answered 2xx in the end, and after how many tries."""
        body, headers = _signed(params)
        begun, good, tries = time.monotonic(), False, 0
        while not good and tries < TRIES and time.monotonic() - begun < WITHIN_SECONDS:
            if tries:
                time.sleep(random.uniform(0.1, 0.5) * tries)
            tries += 1
            good = self._try(body, headers)
        return good, tries

    def _try(self, body: bytes, headers: Mapping[str, str]) -> bool:
        ports = self._ports()
        if not ports:
            return False
        connection = http.client.HTTPConnection(
            "127.0.0.1", random.choice(ports), timeout=ANSWER_SECONDS
        )
        try:
            connection.request("POST", PATH, body, dict(headers))
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _signed(params: Hook) -> tuple[bytes, Mapping[str, str]]:
    """The body of a hook, and its headers."""
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + PATH, dict(params))
    return urlencode(params).encode(), {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": signature,
        "I-Twilio-Idempotency-Token": secrets.token_hex(16),
    }
