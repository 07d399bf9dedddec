"""Do /metrics and the details of health tell outsiders nothing?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.web.access import Access
from adapter.web.app import create_app
from adapter.web.health import Health, health_routes
from tests.support.environment import ENVIRON

TOKEN = "a-long-random-token"
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
HERE = ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"]
ELSEWHERE = ["203.0.113.5", "10.0.0.1", "2001:db8::1", "::ffff:203.0.113.5", "0.0.0.0", "", "unix:"]
BY_PROXY = [
    "X-Forwarded-For", "x-forwarded-for", "Forwarded", "X-Forwarded-Proto", "X-Real-IP", "Via"
]  # fmt: skip


@pytest.fixture
def container(database_url: str) -> Iterator[Container]:
    made = Container(Settings.from_environ({**ENVIRON, "DATABASE_URL": database_url}))
    yield made
    made.store.engine.dispose()


def client_of(container: Container, token: str | None, *, alarmed: bool = True) -> FlaskClient:
    """alarmed: it is ready, with an alarm; else it is not."""
    needed = {"database": lambda: "column calls.line missing"}
    alarms = {"queue": lambda: "no worker is alive"}
    health = Health(container.store, {} if alarmed else needed, alarms)
    return create_app(health_routes(health, Access(token))).test_client()


def get(client: FlaskClient, path: str, address: str = "127.0.0.1", **headers: str) -> TestResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers=names, environ_overrides={"REMOTE_ADDR": address})


def is_insider(client: FlaskClient, address: str, headers: Mapping[str, str]) -> bool:
    """The same answer of all three routes, or the test fails."""
    metrics = get(client, "/metrics", address, **headers)
    ready: dict[str, Any] = get(client, "/readyz", address, **headers).json  # type: ignore[assignment]  # werkzeug: an answer need not be JSON; these are
    live: dict[str, Any] = get(client, "/livez", address, **headers).json  # type: ignore[assignment]  # werkzeug: an answer need not be JSON; these are
    sees = metrics.status_code == 200
    assert set(ready) == {"status", "instance", *(["alarms"] if sees else [])}
    assert set(live) == {"status", *(["up_seconds"] if sees else [])}
    assert ("adapter_" in metrics.text) is sees
    if not sees:
        assert metrics.status_code == 401
        assert metrics.headers["WWW-Authenticate"] == "Bearer"
    return sees


@pytest.mark.parametrize("token", [None, "", "  "])
def test_without_a_token_only_this_machine_sees_inside(
    container: Container, token: str | None
) -> None:
    client = client_of(container, token)
    assert [address for address in HERE if not is_insider(client, address, {})] == []
    assert [address for address in ELSEWHERE if is_insider(client, address, {})] == []


@pytest.mark.parametrize("name", BY_PROXY)
@pytest.mark.parametrize("value", ["127.0.0.1", "203.0.113.5", ""])
def test_what_came_by_a_proxy_is_not_this_machine(
    container: Container, name: str, value: str
) -> None:
    assert not is_insider(client_of(container, None), "127.0.0.1", {name: value})


@pytest.mark.parametrize("token", [None, ""])
def test_a_blank_bearer_is_nobody(container: Container, token: str | None) -> None:
    client = client_of(container, token)
    for given in ("Bearer", "Bearer ", "Bearer None", "Basic Og=="):
        assert not is_insider(client, "203.0.113.5", {"Authorization": given})


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.5"])
def test_with_a_token_its_bearer_sees_inside_and_nobody_else(
    container: Container, address: str
) -> None:
    client = client_of(container, TOKEN)
    assert is_insider(client, address, {"Authorization": f"Bearer {TOKEN}"})
    assert is_insider(client, address, {"Authorization": f"bearer  {TOKEN} "})
    forwarded = {"X-Forwarded-For": "203.0.113.5", "Authorization": f"Bearer {TOKEN}"}
    assert is_insider(client, address, forwarded)
    for wrong in (
        "",
        "Bearer",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
    ):
        assert not is_insider(client, address, {"Authorization": wrong})
    assert not is_insider(client, address, {"Authorization": "Bearer \xfc"})
    assert not is_insider(client, address, {"Cookie": f"token={TOKEN}"})
    assert get(client, f"/metrics?token={TOKEN}", address).status_code == 401


def test_an_outsider_does_not_learn_whether_there_is_a_token(container: Container) -> None:
    answers = [get(client_of(container, t), "/metrics", "203.0.113.5") for t in (None, TOKEN)]
    assert answers[0].data == answers[1].data
    assert dict(answers[0].headers) == dict(answers[1].headers)


def test_what_is_wrong_with_the_database_is_told_to_insiders_alone(container: Container) -> None:
    client = client_of(container, TOKEN, alarmed=False)
    outside = get(client, "/readyz", "203.0.113.5")
    assert (outside.status_code, outside.json) == (503, {"status": "not ready"})
    inside = get(client, "/readyz", Authorization=f"Bearer {TOKEN}")
    assert inside.json == {
        "status": "not ready",
        "problems": {"database": "column calls.line missing"},
    }


def test_an_outsider_learns_nothing_of_a_database_that_is_down() -> None:
    container = Container(Settings.from_environ({**ENVIRON, "DATABASE_URL": NOWHERE}))
    client = create_app(health_routes(container.health, container.access)).test_client()
    answer = get(client, "/readyz", "203.0.113.5")
    assert (answer.status_code, answer.json) == (503, {"status": "not ready"})
    container.store.engine.dispose()


def test_the_setting_is_the_token(container: Container) -> None:
    settings = Settings.from_environ({**ENVIRON, "METRICS_TOKEN": f" {TOKEN}\n"})
    client = create_app(health_routes(container.health, Container(settings).access)).test_client()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert get(client, "/metrics", "203.0.113.5", **headers).status_code == 200
    assert get(client, "/metrics").status_code == 401
