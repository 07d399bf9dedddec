"""What was there before, through connections for good, tunnels, and crashes of either?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapter.domain.callback import (
    Callback,
    CallbackChange,
    ChangeKind,
    is_of_a_tunnel,
    value_before,
)

NOTHING, OTHER = Callback("", "POST"), Callback("https://other.example/status", "GET")
OURS, NEW = Callback("https://a.example/hooks#rc=5"), Callback("https://b.example/hooks#rc=5")
T1, T2 = Callback("https://t1.ngrok.app/hooks#rc=5"), Callback("https://t2.ngrok.app/hooks#rc=5")
CONNECT, TUNNEL, BACK = ChangeKind.CONNECT, ChangeKind.TUNNEL, ChangeKind.DISCONNECT

Step = tuple[ChangeKind, Callback, Callback]


def changes(*steps: Step) -> list[CallbackChange]:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return [
        CallbackChange(number, "PN1", kind, old, new, "cli:ann", at, at)
        for number, (kind, old, new) in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("steps", "present", "before", "by_tunnel"),
    [
        pytest.param([(TUNNEL, OTHER, T1)], T1, OTHER, True, id="a tunnel"),
        pytest.param(
            [(CONNECT, OTHER, OURS), (TUNNEL, OURS, T1)], T1, OURS, True, id="over our own"
        ),
        pytest.param(
            [(CONNECT, OTHER, OURS), (TUNNEL, OURS, T1), (TUNNEL, T1, T2)],
            *(T2, OURS, True),
            id="over a crashed tunnel",
        ),
        pytest.param(
            [(CONNECT, OTHER, OURS), (TUNNEL, OURS, T1), (BACK, T1, OURS)],
            *(OURS, OTHER, False),
            id="after a tunnel that ended",
        ),
        pytest.param(
            [(CONNECT, OTHER, OURS), (TUNNEL, OURS, T1), (CONNECT, T1, NEW)],
            *(NEW, OTHER, False),
            id="connected again over a crashed tunnel",
        ),
        pytest.param(
            [(TUNNEL, OTHER, T1), (CONNECT, T1, OURS)],
            *(OURS, OTHER, False),
            id="connected for good over a crashed tunnel",
        ),
        pytest.param(
            [(TUNNEL, NOTHING, T1), (BACK, T1, NOTHING), (TUNNEL, OTHER, T1)],
            *(T1, OTHER, True),
            id="the same address once more",
        ),
        pytest.param(
            [(CONNECT, OTHER, T1)], T1, OTHER, False, id="a fixed address, connected for good"
        ),
        pytest.param([(TUNNEL, OTHER, T1)], OTHER, None, False, id="not made, or given back"),
    ],
)
def test_what_was_there_before(
    steps: list[Step], present: Callback, before: Callback | None, by_tunnel: bool
) -> None:
    assert value_before(changes(*steps), present) == before
    assert is_of_a_tunnel(changes(*steps), present) == by_tunnel
