"""Does the stand-in keep webhooks as Propexo's schema says, and refuse others?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from adapter.sandbox import SandboxServer, SandboxState, create_sandbox

KEY = "sandbox-key"
WEBHOOK = {"url": "https://calls.example.com/hook", "triggers": ["WRITE_OPERATION_FAILURE"]}


@pytest.fixture
def url() -> Iterator[str]:
    with SandboxServer(create_sandbox(SandboxState(), api_key=KEY, rate_limit=0)) as server:
        yield f"{server.url}/v1/webhooks/"


def call(method: str, url: str, body: Any = None, **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {KEY}"}
    return requests.request(method, url, json=body, params=query, headers=headers, timeout=10)


def test_a_webhook_is_not_active_unless_that_is_said(url: str) -> None:
    passive = call("POST", url, WEBHOOK).json()["result"]
    active = call("POST", url, {**WEBHOOK, "active": True, "secret": "0123456789"}).json()["result"]
    assert (passive["active"], len(passive["secret"]) >= 10) == (False, True)
    assert (active["active"], active["secret"]) == (True, "0123456789")
    assert [row["trigger"] for row in active["triggers"]] == WEBHOOK["triggers"]
    assert [row["id"] for row in call("GET", url).json()["results"]] == [active["id"]]
    assert [row["id"] for row in call("GET", url, active="false").json()["results"]] == [
        passive["id"]
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": None}, "url"),
        ({"url": "calls.example.com"}, "url"),
        ({"triggers": []}, "at least 1"),
        ({"triggers": ["WRITE_SUCCESS"]}, "WRITE_SUCCESS"),
        ({"secret": "short"}, "at least 10"),
        ({"enabled": True}, "enabled"),
    ],
)
def test_what_the_schema_forbids_is_refused(url: str, change: dict[str, Any], said: str) -> None:
    answer = call("POST", url, {**WEBHOOK, **change})
    assert answer.status_code == 400
    assert said in answer.text


def test_a_body_or_a_query_that_is_unknown_is_refused(url: str) -> None:
    assert call("POST", url, ["no object"]).status_code == 400
    assert call("POST", url, {}).status_code == 400
    assert call("GET", url, property_id="x").status_code == 400
