"""Do all stories come out right when they are sent over HTTP to a real adapter, all at once?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from twilio.request_validator import RequestValidator

from adapter.storage.engine import open_engine
from adapter.storage.store import Store
from tests.conftest import TOKEN
from tests.delivery.world import SUBACCOUNT, SUBACCOUNT_TOKEN
from tests.stories.running import (
    Sandbox,
    TwilioApi,
    environment,
    running,
    sandbox,
    twilio_api,
    wait_for,
    wait_until_ready,
)
from tests.stories.story import STORIES, Params, Story

FINAL = ("written", "held", "ignored", "failed", "folded")
# Each story as it is listed, and a copy of it with its hooks the other way round.
TOLD = [(story, story.in_orders(1)[0]) for story in STORIES] + [
    (story.copy("face"), story.in_orders(2)[-1]) for story in STORIES
]


def send(url: str, params: Params, method: str) -> int:
    token = SUBACCOUNT_TOKEN if params["AccountSid"] == SUBACCOUNT else TOKEN
    validator = RequestValidator(token)
    if method == "GET":
        url = f"{url}?{urlencode(params)}"
        headers = {"X-Twilio-Signature": validator.compute_signature(url, {})}
        return requests.get(url, headers=headers, timeout=15).status_code
    headers = {"X-Twilio-Signature": validator.compute_signature(url, dict(params))}
    return requests.post(url, data=dict(params), headers=headers, timeout=15).status_code


@dataclass
class Told:
    """What became of all stories."""

    events: list[dict[str, Any]]
    refused: list[Any]
    twilio: TwilioApi
    answers: Counter[int]


@contextmanager
def adapter(
    database_url: str, folder: Path, propexo: Sandbox, twilio: str, recording_links: str
) -> Iterator[str]:
    """A running adapter; the URL for hooks."""
    environ = environment(
        database_url, propexo=propexo.url, twilio=twilio, RECORDING_LINKS=recording_links
    )
    log = folder / f"{recording_links}.log"
    with running("run", environ, log) as process:
        wait_until_ready(environ, process)
        yield f"{environ['PUBLIC_BASE_URL']}/webhooks/twilio"
    assert "Traceback" not in process.text(), process.text()[-3000:]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """All stories sent, and every call at its end. Two adapters share a database, one for each setting."""
    folder = tmp_path_factory.mktemp("over-http")
    database_url = f"sqlite:///{folder}/adapter.sqlite3"
    api = TwilioApi()
    for story, _ in TOLD:
        if story.rest is not None:
            api.add(story.call, story.rest)
    with ExitStack() as stack:
        propexo = stack.enter_context(sandbox())
        twilio = stack.enter_context(twilio_api(api))
        by_links = {}
        for links in ("adapter", "provider"):
            url = database_url.replace("adapter.sqlite3", f"{links}.sqlite3")
            by_links[links] = (
                stack.enter_context(adapter(url, folder, propexo, twilio, links)),
                Store(open_engine(url)),
            )

        def tell(item: tuple[Story, tuple[int, ...]]) -> list[int]:
            story, order = item
            url, _ = by_links[story.settings.get("recording_links", "adapter")]
            return [send(url, story.hooks[place], story.method) for place in order]

        with ThreadPoolExecutor(8) as pool:
            answers = Counter(status for statuses in pool.map(tell, TOLD) for status in statuses)
        stores = [store for _, store in by_links.values()]

        def all_final() -> bool:
            calls = [call for store in stores for call in store.list_calls(limit=1000)]
            return len(calls) >= len(TOLD) and all(call.state.value in FINAL for call in calls)

        wait_for("all calls come to an end", all_final, seconds=90)
        yield Told(propexo.events(), propexo.refused(), api, answers)
        for store in stores:
            store.engine.dispose()


def test_every_hook_is_acknowledged(told: Told) -> None:
    assert set(told.answers) <= {200, 204}


def test_propexo_refuses_nothing_but_changes_that_the_pms_does_not_offer(told: Told) -> None:
    # Whether a PMS takes a change of an event shows only by asking, and how many hooks come after
    # the event was posted depends on how busy this machine is.
    changes = [request for request in told.refused if request["method"] == "PUT"]
    assert [request for request in told.refused if request not in changes] == []
    assert {request["status"] for request in changes} <= {405}


def test_twilios_api_is_asked_with_the_right_credentials(told: Told) -> None:
    assert told.twilio.refused == []
    assert told.twilio.asked


def test_no_call_has_two_events_and_no_event_has_no_call(told: Told) -> None:
    references = Counter(
        reference
        for event in told.events
        for reference in {story.call for story, _ in TOLD if story.call in str(event["body"])}
    )
    assert set(references.values()) == {1}
    assert len(references) == len(told.events)


@pytest.mark.parametrize(
    ("story", "order"), TOLD, ids=[f"{story.name}:{','.join(map(str, o))}" for story, o in TOLD]
)
def test_each_story_over_http_makes_its_event(
    told: Told, story: Story, order: tuple[int, ...]
) -> None:
    expected = story.expected
    events = [e for e in told.events if story.call in str(e["body"])]
    if expected["state"] != "written":
        assert events == []
        return
    assert len(events) == 1
    (event,) = events
    body = event["body"]
    assert event["status"] == "SUCCESS"
    assert event["person_id"] == expected["person"]
    assert body["call_status"] == expected["call_status"]
    assert body["call_duration"] == expected["duration"]
    for end, name in (("from", "call_phone_number_from"), ("to", "call_phone_number_to")):
        if expected[end] is not None:
            assert body[name] == expected[end]
    link = body["call_audio_link"]
    assert link == expected["link"] if "link" in expected else "/recordings/" in link
    words = expected.get("transcript")
    if words:
        assert words[:24] in body["notes"]
