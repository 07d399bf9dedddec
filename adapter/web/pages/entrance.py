"""How are the sign-in and the frame of all pages made from the settings?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint

from adapter.config.oidc import OidcSettings, oidc_settings
from adapter.config.settings import Settings
from adapter.storage.session import Session
from adapter.storage.sign_ins import SignIns
from adapter.storage.wrong_passwords import WrongPasswords
from adapter.web.pages.frame import Frame
from adapter.web.pages.login import login_routes
from adapter.web.sign_in.client_address import ClientAddresses
from adapter.web.sign_in.password_tries import PasswordTries
from adapter.web.sign_in.roles import Roles
from adapter.web.sign_in.sessions import Cookies, Sessions
from adapter.web.slots import Slots


@dataclass(frozen=True)
class Entrance:
    """The frame that all pages share, and the pages of the sign-in."""

    frame: Frame
    pages: Sequence[Blueprint]


def entrance(
    settings: Settings,
    session: Session,
    keys: Callable[[], Sequence[str]],
    slots: Slots,
    *,
    default_zone: str,
    clock: Callable[[], datetime],
) -> Entrance:
    """Return the way in. keys: they sign the cookies. default_zone: of times that belong to no line.

    Raise SettingsError if the settings OIDC_... are not complete, or their library is not installed.
    """
    oidc = oidc_settings(settings)
    password = settings.admin_password.get_secret_value() if settings.admin_password else None
    frame = Frame(
        cookies=Cookies(keys, password),
        sessions=Sessions(SignIns(session), clock),
        roles=Roles(
            has_password=password is not None,
            operators=settings.oidc_operators,
            viewers=settings.oidc_viewers,
        ),
        slots=slots,
        addresses=ClientAddresses(settings.known_proxies),
        public_url=settings.public_base_url or "http://localhost",
        default_zone=default_zone,
    )
    tries = PasswordTries(WrongPasswords(session), clock)
    service = oidc.host if oidc else None
    pages = [
        login_routes(
            frame.sessions,
            frame.cookies,
            tries,
            frame.addresses,
            password=password,
            service=service,
        )
    ]
    if oidc is not None:
        pages.append(_oidc_page(oidc, frame))
    return Entrance(frame, pages)


def _oidc_page(settings: OidcSettings, frame: Frame) -> Blueprint:
    from adapter.web.pages.oidc import oidc_routes  # with a library that is an extra
    from adapter.web.sign_in.oidc import OidcClient

    client = OidcClient(settings, f"{frame.public_url}/login/oidc/callback")
    return oidc_routes(client, frame.sessions, frame.roles)
