"""What is in a story's file? Hooks as Twilio sends them, what its API says, and what must come of it.

The issue that these files belong to has 21 points. Point 20, the upgrade of a database of 0.1.0, is no
story of a call: tests/upgrades tests it.

Keys of a file:
- call: the id of the call that the story is about. hooks: the hooks in the order in which they were sent.
  They may belong to several calls. orders: "any", or lists of places in hooks.
- late: hooks that come after the call's event was written.
- lines: lines beside the two of tests/support/world.py. Each has its number and the keys of lines.toml.
- people: people whom Propexo knows beside those of the sandbox. Each has `kind` and Propexo's fields.
- rest: Twilio's JSON, or null where the API knows nothing. rest_at: what the API says from so many seconds
  after the first hook on; the last of it is rest. rest_silent: for so many seconds it gives no answer.

Keys of expected:
- from, to: null is not compared. rest_reads: how many reads of the API are made; a list
  where that depends on the order of the hooks.
- person: the id; "new" is the lead that was made for the number. application: the applicant's application.
- leads: for how many numbers a lead was made; 0 where this key is missing.
- started_at: when the call began. within: in how many seconds after the first hook the event is written.
- told_by: the other call that tells how this one ended. Without that call the facts do not tell it.
- others: what becomes of the other calls of the story, by their ids. A call that is not named here must
  not exist. Each has any of the keys state, outcome, duration, person, reason and recordings.
- recordings: the ids of all recordings in the call's record at the end.
- unused: places of hooks that leave nothing in the database but who took part in a conference.
- reason: words that say why the call is held or ignored.
- notes: words in the event's notes, for a PMS that takes nothing else of a call. Checked over HTTP only.
- shown: what `adapter show` says of the call after the late hooks came.
- corrected: what the last correction tells the PMS: outcome, duration, started_at, and words of the notes.
  Without this key the PMS was sent no correction.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Any

from adapter.domain.record import CallRecord
from adapter.providers.base import ParsedHook
from adapter.providers.twilio.hooks import read_hook
from tests.support.environment import NOW

FOLDER = Path(__file__).parent.parent / "payloads" / "stories"
# The PMSs of which the stories' people and lines are.
VENDORS = ("ENTRATA", "MRI")
Params = Mapping[str, str]
_IDS = re.compile(r"(CA|RE|TR|CF)([0-9a-f]{32})")


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
    late: tuple[Params, ...]
    lines: Mapping[str, Mapping[str, Any]]
    people: tuple[Mapping[str, Any], ...]

    @property
    def account(self) -> str:
        return self.hooks[0]["AccountSid"]

    @property
    def ids(self) -> set[str]:
        """All ids of calls, legs, recordings, transcripts and conferences."""
        text = json.dumps([self.call, self.hooks, self.late, self.rest, self.rest_at])
        return {"".join(parts) for parts in _IDS.findall(text)}

    @property
    def others(self) -> Mapping[str, Mapping[str, Any]]:
        """What becomes of the other calls of the story, by their ids."""
        others: Mapping[str, Mapping[str, Any]] = self.expected.get("others", {})
        return others

    @property
    def expected_of(self) -> Mapping[str, Mapping[str, Any]]:
        """What becomes of each call of the story, by its id."""
        return {self.call: self.expected, **self.others}

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

        return replace(
            self,
            name=f"{self.name}/{mark}",
            call=renamed(self.call),
            hooks=tuple(renamed(list(self.hooks))),
            late=tuple(renamed(list(self.late))),
            rest=renamed(self.rest),
            expected=renamed(dict(self.expected)),
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
        tuple(given.get("late", ())),
        given.get("lines", {}),
        tuple(given.get("people", ())),
    )


STORIES = [read_story(path) for path in sorted(FOLDER.glob("*.json"))]


def lines_of(stories: Sequence[Story]) -> str:
    """The lines of these stories, as lines.toml has them."""
    tables = {number: keys for story in stories for number, keys in story.lines.items()}
    return "".join(
        "\n".join(
            [f'[lines."{number}"]', *(f"{key} = {json.dumps(keys[key])}" for key in keys), ""]
        )
        for number, keys in tables.items()
    )


def facts_of(story: Story) -> Mapping[int, CallRecord]:
    """The facts of each hook that tells of the story's call, by its place.

    They are in that call also where a hook names a dialled leg only.
    """
    read = {
        place: read_hook(params, story.account, NOW) for place, params in enumerate(story.hooks)
    }
    return {
        place: event.facts.model_copy(update={"call_id": story.call})
        for place, event in read.items()
        if isinstance(event, ParsedHook) and event.facts.call_id not in story.others
    }
