"""Which tokens are good, and is a wrong one refused without being shown?"""

from __future__ import annotations

import pytest

from adapter.config.api_tokens import ApiToken, api_tokens, token_named
from adapter.config.settings import Settings
from adapter.domain.actor import Role
from adapter.errors import SettingsError

ONE, TWO = "a" * 12, "b" * 40


def read(text: str) -> list[ApiToken]:
    return list(api_tokens(Settings.from_environ({"API_TOKENS": text})))


def test_tokens_have_a_name_and_a_role() -> None:
    assert read(f"crm:{ONE}, wall:{TWO}:viewer") == [
        ApiToken("crm", Role.OPERATOR, ONE.encode()),
        ApiToken("wall", Role.VIEWER, TWO.encode()),
    ]
    assert read(f"crm:{ONE}:operator")[0].role is Role.OPERATOR
    assert read("") == []


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (ONE, "entry 1 is not name:token"),
        (f":{ONE}", "entry 1 is not name:token"),
        (f"crm:{ONE}:viewer:x", "entry 1 is not name:token"),
        (f"crm:{ONE},wall:{TWO}:admin", "the role in entry 2"),
        (f"crm:{ONE},wall:short", "the token in entry 2 has less than 12"),
        (f"crm:{ONE},crm:{TWO}", "the name 'crm' stands twice"),
        (f"crm:{ONE},wall:{ONE}", "two names have the same token"),
    ],
)
def test_a_wrong_one_is_refused_by_its_place(text: str, fact: str) -> None:
    with pytest.raises(SettingsError, match="API_TOKENS") as caught:
        read(text)
    assert fact in str(caught.value)
    for secret in (ONE, TWO, "short"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("given", ["", ONE[:-1], f"{ONE}a", ONE.upper(), "é", "\ud800", "crm"])
def test_only_the_whole_token_is_the_token(given: str) -> None:
    tokens = read(f"crm:{ONE},wall:{TWO}:viewer")
    assert token_named(tokens, given) is None
    found = token_named(tokens, TWO)
    assert found is not None and found.name == "wall"
