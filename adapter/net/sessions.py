"""How is an HTTP session made? Every session of the adapter has the same limits."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter


class NoRedirectSession(requests.Session):
    """A session for which a redirect is an answer like any other.

    With allow_redirects=False alone, requests still reads the whole body of a redirect into memory, and it
    fails if the target is no URL.
    """

    def get_redirect_target(self, response: requests.Response) -> None:
        return None


def new_session(*, connections: int = 16) -> requests.Session:
    """Return a session that follows no redirect and repeats no request.

    It ignores .netrc and the environment's proxies: credentials and ways come from our settings alone.
    connections: how many it keeps open to one host.
    """
    session = NoRedirectSession()
    session.trust_env = False
    adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
