"""Does each story come out as it says it does, whichever provider tells it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from werkzeug.datastructures import Headers

from adapter import bootstrap
from adapter.domain.call import CallState
from adapter.providers.base import HookRequest
from adapter.sandbox.stories import STORIES, Story, Teller, ToldCall, began_at, told_by
from adapter.sandbox.twilio_teller import TwilioTeller
from tests.support import acme
from tests.support.acme.server import ACCOUNT as ACME_ACCOUNT
from tests.support.acme.server import KEY, AcmeServer
from tests.support.acme.teller import AcmeTeller
from tests.support.environment import ACCOUNT, BASE_URL, LINE, TOKEN
from tests.support.sandboxed import Adapter, adapter, lines

TELLERS: dict[str, Callable[[], Teller]] = {
    "twilio": lambda: TwilioTeller(ACCOUNT, TOKEN),
    "acme": lambda: AcmeTeller(ACME_ACCOUNT, KEY),
}
PERSON, SECONDS = "+16175550134", 42
TOLD = [(name, story) for name, teller in TELLERS.items() for story in told_by(teller()).values()]


@dataclass
class Telling:
    """An adapter that knows both providers. pace: as `adapter simulate` has it; None: all at once."""

    made: Adapter

    def tell(self, provider: str, story: Story, pace: float | None, times: int = 1) -> str:
        """Tell the whole story; the id of the call. times: how often each hook is sent."""
        teller, made = TELLERS[provider](), self.made
        began = began_at(story, SECONDS, made.now(), pace)
        call = ToldCall(teller.new_id(), PERSON, LINE, began, story.is_outbound)
        told = made.now()
        for moment in story.moments(SECONDS):
            if pace:
                made.pass_time((call.when(moment) - told).total_seconds())
                told = call.when(moment)
            for params in teller.hooks(moment, call):
                path = f"/webhooks/{provider}"
                headers, body = teller.signed(BASE_URL + path, params)
                hook = HookRequest("POST", path, Headers(dict(headers)), body, made.now())
                for _ in range(times):
                    made.container.intake.take(made.container.providers[provider], hook)
        made.pass_time(300)
        return call.id


@pytest.fixture
def telling(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:
    server = AcmeServer()
    with server.serve() as serving:
        build = partial(acme.build, api_url=serving.url, keys={ACME_ACCOUNT: KEY})
        monkeypatch.setattr(bootstrap, "PROVIDERS", {**bootstrap.PROVIDERS, "acme": build})
        with adapter(database_url, ADAPTER_LINES=lines("ENTRATA")) as made:
            yield Telling(made)


@pytest.mark.parametrize("pace", [None, 1.0], ids=["all at once", "as in life"])
def test_every_story_ends_as_it_says_and_stands_on_the_record(
    telling: Telling, pace: float | None
) -> None:
    expected, became = {}, {}
    for provider, story in TOLD:
        call = telling.made.call(telling.tell(provider, story, pace))
        talk = SECONDS if story.has_talk else 0
        expected[provider, story.name] = (CallState.WRITTEN, story.outcome, talk, True)
        became[provider, story.name] = (
            call.state, call.outcome, call.talk_seconds, call.ended_at is not None,
        )  # fmt: skip
    assert became == expected
    assert len(telling.made.events()) == len(TOLD)


def test_a_story_whose_hooks_come_twice_is_one_call(telling: Telling) -> None:
    telling.tell("twilio", STORIES["ring-all"], None, times=2)
    assert len(telling.made.events()) == 1


def test_twilio_tells_every_story_and_acme_what_it_has_hooks_for() -> None:
    told = {name: set(told_by(teller())) for name, teller in TELLERS.items()}
    assert told["twilio"] == set(STORIES)
    assert {"answered", "missed", "busy", "outbound", "ring-all"} <= told["acme"]
    assert "voicemail" not in told["acme"]


def test_a_voicemail_brings_its_recording_and_its_words(telling: Telling) -> None:
    call = telling.made.call(telling.tell("twilio", STORIES["voicemail"], 1.0))
    hooks = telling.made.store.hooks.of_call(call.key)
    assert [hook.kind for hook in hooks] == [
        "dial", "message", "status", "recording", "transcription",
    ]  # fmt: skip
    (event,) = telling.made.events()
    assert "two bedroom" in str(event)
