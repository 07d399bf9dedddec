"""How does the stand-in misbehave on request? An ordered list of faults, used up as they match."""

import random
import socket
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from flask import Response, jsonify

from .answers import JSON
from .jobs import Plan

# Kinds that act on the answer, by the moment when they do.
BEFORE = ("status", "reset_before", "timeout_before", "slow")
AFTER = ("status_after", "reset_after", "timeout_after")
ON_WRITES = ("write_fails", "pending_forever")
TRANSPORT = BEFORE + AFTER
KINDS = TRANSPORT + ON_WRITES


@dataclass
class Fault:
    """One rule: what happens, how often, and to which requests.

    `times`: None is forever. `path` is a prefix. `rate`: the probability for a matching request.
    `seconds`: for slow (default 2) and timeouts (default 60). `temporary`: a retry-write succeeds.
    """

    kind: str
    times: int | None = 1
    method: str | None = None
    path: str | None = None
    integration_id: str | None = None
    status: int = 500
    retry_after: str | None = None
    seconds: float | None = None
    errors: tuple[str, ...] = ("the PMS refused the write",)
    temporary: bool = True
    rate: float | None = None
    used: int = 0

    @classmethod
    def from_json(cls, given: Any) -> "Fault":
        """Read a rule as the control API takes it; ValueError says what is wrong with it."""
        if not isinstance(given, dict):
            raise ValueError("a fault is a JSON object")
        known = {each.name for each in fields(cls)} - {"used"}
        if unknown := given.keys() - known:
            raise ValueError(f"unknown key {', '.join(sorted(unknown))}: allowed are {known}")
        if given.get("kind") not in KINDS:
            raise ValueError(f"kind is {given.get('kind')!r}: allowed are {', '.join(KINDS)}")
        values = dict(given)
        if values.get("times") == "forever":
            values["times"] = None
        for name in ("times", "status", "seconds", "rate"):
            if not isinstance(values.get(name), int | float | None):
                raise ValueError(f"{name} is {values[name]!r}: it must be a number")
        if values.get("retry_after") is not None:
            values["retry_after"] = str(values["retry_after"])
        if "errors" in values:
            values["errors"] = tuple(str(each) for each in values["errors"])
        return cls(**values)

    def matches(self, *, method: str, path: str, integration_id: str | None) -> bool:
        """Whether the rule speaks of such a request, and is not used up."""
        return (
            (self.times is None or self.used < self.times)
            and self.method in (None, method)
            and path.startswith(self.path or "")
            and self.integration_id in (None, integration_id)
        )


class FaultList:
    """The faults to come; safe to use from any thread."""

    def __init__(self, *, seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        # Which request fails is to be the same in every run of a test.
        self._random = random.Random(seed)  # nosec B311 - faults are to come by chance, no secret is made
        self._faults: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        """Forget the old list, take this one and begin the dice anew."""
        with self._lock:
            self._faults = list(faults)
            self._random = random.Random(self._seed)  # nosec B311 - the same again

    def as_json(self) -> list[JSON]:
        """The list with how often each was used."""
        with self._lock:
            return [asdict(each) for each in self._faults]

    def take(
        self, kinds: tuple[str, ...], *, method: str, path: str, integration_id: str | None
    ) -> Fault | None:
        """The first fault of these kinds for this request, which is thereby used once."""
        with self._lock:
            for fault in self._faults:
                if fault.kind not in kinds:
                    continue
                if not fault.matches(method=method, path=path, integration_id=integration_id):
                    continue
                if fault.rate is not None and self._random.random() >= fault.rate:
                    continue
                fault.used += 1
                return fault
            return None

    def plan(self, *, method: str, path: str, integration_id: str | None) -> Plan:
        """How an accepted write is to end."""
        fault = self.take(ON_WRITES, method=method, path=path, integration_id=integration_id)
        if fault is None:
            return Plan()
        if fault.kind == "pending_forever":
            return Plan("PENDING")
        return Plan("FAILURE", fault.errors, fault.temporary)


def apply(
    fault: Fault, connection: socket.socket | None, sleep: Callable[[float], object]
) -> Response | None:
    """Do what a fault of `TRANSPORT` does; None means that the request goes on as usual.

    A timeout that the client sits out ends in a closed connection.
    """
    if fault.kind in ("status", "status_after"):
        body = {"error": {"code": "injected", "message": f"injected {fault.status}"}}
        answer: Response = jsonify(body)
        answer.status_code = fault.status
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = fault.retry_after
        return answer
    if fault.kind == "slow":
        sleep(2.0 if fault.seconds is None else fault.seconds)
        return None
    if fault.kind.startswith("timeout"):
        sleep(60.0 if fault.seconds is None else fault.seconds)
    if connection is not None:
        # The server's attempt to answer then fails, and nothing ever reaches the client.
        connection.shutdown(socket.SHUT_RDWR)
    return Response("the connection was cut", 503)


def is_unanswered(fault: Fault) -> bool:
    """Whether the client gets no answer at all."""
    return fault.kind.startswith(("reset", "timeout"))
