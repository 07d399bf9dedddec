"""How long is the pause after wrong passwords?"""

from __future__ import annotations

from adapter.storage.wrong_passwords import Tries
from adapter.web.sign_in.password_tries import pause_seconds, remaining_seconds
from tests.support.environment import NOW


def test_pauses_grow_up_to_a_minute() -> None:
    counts = range(4, 12)
    assert [pause_seconds(count) for count in counts] == [0, 5, 10, 20, 40, 60, 60, 60]
    assert pause_seconds(10**9) == 60


def test_a_pause_counts_from_the_last_wrong_password() -> None:
    assert remaining_seconds(Tries(5, NOW), NOW) == 5
    assert remaining_seconds(Tries(0, None), NOW) == 0
