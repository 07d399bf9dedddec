"""Has a session nothing of the environment, and does it send a request once and follow nothing?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import responses

from adapter.net.sessions import new_session

URL = "https://api.example.com/v1/x"


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_a_redirect_is_an_answer_even_if_its_target_is_no_url(http: responses.RequestsMock) -> None:
    http.add(responses.GET, URL, status=302, headers={"Location": "http://[::1"})
    assert new_session().get(URL).status_code == 302
    assert len(http.calls) == 1


def test_credentials_and_proxies_of_the_environment_are_not_used(
    http: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.example.com login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    http.add(responses.GET, URL)
    session = new_session()
    assert "Authorization" not in session.get(URL).request.headers
    settings = session.merge_environment_settings(URL, {}, None, None, None)
    assert not settings["proxies"]


def test_nothing_is_sent_again_and_so_many_connections_are_kept() -> None:
    for url in (URL, "http://127.0.0.1:4010/v1/x"):
        adapter = new_session(connections=7).get_adapter(url)
        assert adapter.max_retries.total == 0  # type: ignore[attr-defined]  # of HTTPAdapter
        assert adapter._pool_maxsize == 7  # type: ignore[attr-defined]  # nothing public tells it
