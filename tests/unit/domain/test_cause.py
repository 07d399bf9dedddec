"""Is the list of causes complete, for machines and for people?"""

from __future__ import annotations

import pytest

from adapter.domain.cause import Cause


@pytest.mark.parametrize("cause", Cause)
def test_each_has_words_of_its_own(cause: Cause) -> None:
    assert cause.words
    assert [other for other in Cause if other.words == cause.words] == [cause]


@pytest.mark.parametrize("cause", Cause)
def test_each_is_read_back_from_its_value(cause: Cause) -> None:
    assert Cause.of(cause.value) is cause


def test_what_is_not_known_is_another_cause_and_nothing_is_none() -> None:
    assert Cause.of("of_a_later_version") is Cause.OTHER
    assert Cause.of(None) is None
