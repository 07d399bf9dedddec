"""Who has which role?"""

from __future__ import annotations

import pytest

from adapter.domain.actor import Role
from adapter.storage.sign_ins import SignIn
from adapter.web.sign_in.roles import Roles, Way

ROLES = Roles(
    has_password=False, operators=("lee@example.com", "@ops.example.com"), viewers=("@example.com",)
)


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("lee@example.com", Role.OPERATOR),
        ("LEE@EXAMPLE.COM", Role.OPERATOR),
        ("kim@ops.example.com", Role.OPERATOR),
        ("kim@example.com", Role.VIEWER),
        ("kim@sub.example.com", None),
        ("kim@notexample.com", None),
        ("kim@example.com.evil.net", None),
        ("kim@evil.net@example.com", None),
        ("@example.com", None),
        ("example.com", None),
        ("", None),
    ],
)
def test_the_address_or_its_domain_decides(address: str, role: Role | None) -> None:
    assert ROLES.role_of_address(address) is role


def test_the_password_makes_operators_as_long_as_there_is_one() -> None:
    sign_in = SignIn(Way.SHARED, "kim@example.com")
    assert ROLES.role_of(sign_in) is None
    assert Roles(has_password=True).role_of(sign_in) is Role.OPERATOR
