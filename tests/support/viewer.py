"""How does a test get somebody who may only look? The database says that one signed in by OIDC."""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema import sign_ins
from tests.support.browser_user import BrowserUser

VIEWER = "vera@example.com"
# With these settings the viewer above has the role; nobody asks the service.
VIEWERS = {
    "OIDC_ISSUER": "https://id.example.com",
    "OIDC_CLIENT_ID": "adapter",
    "OIDC_CLIENT_SECRET": "oidc-secret",
    "OIDC_VIEWERS": VIEWER,
}


def become_viewer(user: BrowserUser, engine: sa.Engine) -> None:
    """Let everybody who is signed in now be the viewer."""
    user.sign_in(name="vera")
    with engine.begin() as connection:
        connection.execute(sa.update(sign_ins).values(way="oidc", name=VIEWER))
