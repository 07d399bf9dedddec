"""What is in a story's file? Hooks as Twilio sends them, what its API says, and what must come of it.

orders: "any", or lists of places in hooks. rest: Twilio's JSON, or null where the API knows nothing;
asked_never: the reads that are allowed (expected.rest_reads). expected.from, .to: null is not compared.
rest_at: what the API says from so many seconds after the first hook on, the last of it is rest; rest_silent:
for so many seconds it gives no answer. expected.started_at: when the call began; .within: in how many
seconds after the first hook the event is written.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

from adapter.domain.record import CallRecord
from adapter.providers.base import CallEvent
from adapter.providers.twilio.hooks import read_hook
from tests.conftest import NOW

FOLDER = Path(__file__).parent.parent / "payloads" / "stories"
Params = Mapping[str, str]
_IDS = re.compile(r"(CA|RE|TR)([0-9a-f]{32})")


@dataclass(frozen=True)
class Story:
    name: str
    title: str
    call: str
    hooks: tuple[Params, ...]
    method: str
    orders: Any
    settings: Mapping[str, str]
    rest: Mapping[str, Any] | None
    rest_at: tuple[tuple[float, Mapping[str, Any]], ...]
    rest_silent: float
    expected: Mapping[str, Any]

    @property
    def account(self) -> str:
        return self.hooks[0]["AccountSid"]

    def in_orders(self, most: int) -> list[tuple[int, ...]]:
        """As listed, in reverse, and some others; at most so many."""
        places = tuple(range(len(self.hooks)))
        if self.orders != "any":
            return [tuple(order) for order in self.orders][:most]
        found = {places: None, places[::-1]: None}
        if len(places) <= 4:
            found |= dict.fromkeys(permutations(places))
        dice = random.Random(self.name)
        for _ in range(most * 2):
            found[tuple(dice.sample(places, len(places)))] = None
        return list(found)[:most]

    def copy(self, mark: str) -> Story:
        """The same story of another call: all ids are others."""

        def renamed(value: Any) -> Any:
            text = _IDS.sub(lambda m: m[1] + mark + m[2][len(mark) :], json.dumps(value))
            return json.loads(text)

        return Story(
            f"{self.name}/{mark}",
            self.title,
            renamed(self.call),
            tuple(renamed(list(self.hooks))),
            self.method,
            self.orders,
            self.settings,
            renamed(self.rest),
            self.rest_at,
            self.rest_silent,
            renamed(dict(self.expected)),
        )


def read_story(path: Path) -> Story:
    given = json.loads(path.read_text(encoding="utf-8"))
    return Story(
        path.stem,
        given["title"],
        given["call"],
        tuple(given["hooks"]),
        given["method"],
        given["orders"],
        given["settings"],
        given["rest"],
        tuple((seconds, rest) for seconds, rest in given.get("rest_at", ())),
        given.get("rest_silent", 0.0),
        given["expected"],
    )


STORIES = [read_story(path) for path in sorted(FOLDER.glob("*.json"))]


def facts_of(story: Story) -> list[CallRecord]:
    """Each hook's facts, in the call of the story also where a hook names a dialled leg only."""
    read = [read_hook(params, story.account, NOW) for params in story.hooks]
    facts = [event.facts for event in read if isinstance(event, CallEvent)]
    return [each.model_copy(update={"call_id": story.call}) for each in facts]
