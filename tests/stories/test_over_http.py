"""Do all stories come out right when they are sent over HTTP to a real adapter, all at once?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import sqlalchemy as sa
from twilio.request_validator import RequestValidator

from adapter.domain.call import Call, CallState, RawHook
from adapter.domain.lines import PersonKind
from adapter.storage.engine import open_engine
from adapter.storage.people_index import PeopleIndex
from adapter.storage.schema import conference_recordings as conference_recordings_table
from adapter.storage.store import Store
from tests.support.environment import TOKEN
from tests.support.processes import (
    Sandbox,
    TwilioApi,
    environment,
    running,
    sandbox,
    twilio_api,
    wait_until_ready,
)
from tests.support.story import STORIES, VENDORS, Params, Story, lines_of
from tests.support.waiting import wait_for
from tests.support.world import LINES, SUBACCOUNT, SUBACCOUNT_TOKEN

FINAL = ("written", "held", "ignored", "failed", "folded")
# Each story as it is listed, and a copy of it with its hooks the other way round.
TOLD = [(story, story.in_orders(1)[0]) for story in STORIES] + [
    (story.copy("face"), story.in_orders(2)[-1]) for story in STORIES
]


def representatives() -> set[str]:
    """The names of stories that have between them all states, outcomes, ways of sending and kinds of data.

    They do without the links of the provider, which need an adapter of their own.
    """
    first: dict[object, str] = {}
    for story in STORIES:
        expected = story.expected
        kinds: list[object] = [
            (expected["state"], expected.get("outcome"), expected.get("direction")),
            ("sent by", story.method),
            *(("story", key) for key in ("rest", "late", "lines", "people") if getattr(story, key)),
            *(("expected", key) for key in expected if key != "link"),
        ]
        for kind in kinds:
            first.setdefault(kind, story.name)
    return set(first.values())


# The default lane tells these, the full lane tells all.
REPRESENTATIVES = representatives()


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

    stories: Sequence[Story]
    writes: list[dict[str, Any]]
    refused: list[Any]
    twilio: TwilioApi
    answers: Counter[int]
    calls: Mapping[str, Call]
    calls_before_late_hooks: Mapping[str, Call]
    hooks: Mapping[str, int]
    parked: list[RawHook]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [w for w in self.writes if (w["category"], w["method"]) == ("events", "POST")]

    @property
    def leads(self) -> list[dict[str, Any]]:
        return [write for write in self.writes if write["category"] == "leads"]

    def writes_of(self, call: str, method: str = "POST") -> list[dict[str, Any]]:
        """The events of this call, or with PUT their corrections."""
        events = [w for w in self.writes if (w["category"], w["method"]) == ("events", method)]
        return [event for event in events if f"[call {call}]" in event["body"]["notes"]]


def pass_time_until(is_done: Callable[[], bool], *, seconds: float) -> None:
    """Wait, but not for longer. A story that is not done by then fails in its own test."""
    with suppress(AssertionError):
        wait_for("all stories are done", is_done, seconds=seconds)


@contextmanager
def adapter(
    database_url: str, folder: Path, propexo: Sandbox, twilio: str, recording_links: str
) -> Iterator[str]:
    """A running adapter; the URL for hooks."""
    environ = environment(
        database_url,
        propexo=propexo.url,
        twilio=twilio,
        RECORDING_LINKS=recording_links,
        # As some hundred stories are told at once, a busy machine answers the first hook of one many seconds
        # after it stored it, and the next one comes only then. By itself the adapter waits for 10 s.
        SETTLE_SECONDS="20",
        RECORDING_WAIT_SECONDS="22",
        ADAPTER_LINES=LINES + lines_of(STORIES),
    )
    log = folder / f"{recording_links}.log"
    with running("run", environ, log) as process:
        wait_until_ready(environ, process)
        yield f"{environ['PUBLIC_BASE_URL']}/webhooks/twilio"
    assert "Traceback" not in process.text(), process.text()[-3000:]


def links_of(story: Story) -> str:
    return story.settings.get("recording_links", "adapter")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, is_full: bool) -> Iterator[Told]:
    """All stories of the lane sent, and every call at its end. There is an adapter for each setting."""
    tellings = [(story, order) for story, order in TOLD if is_full or story.name in REPRESENTATIVES]
    folder = tmp_path_factory.mktemp("over-http")
    database_url = f"sqlite:///{folder}/adapter.sqlite3"
    api = TwilioApi()
    for story, _ in tellings:
        if story.rest is not None:
            api.add(story.call, story.rest)
    with ExitStack() as stack:
        propexo = stack.enter_context(sandbox(VENDORS))
        propexo.add_people([person for story in STORIES for person in story.people])
        twilio = stack.enter_context(twilio_api(api))
        by_links = {}
        for links in {links_of(story) for story, _ in tellings}:
            url = database_url.replace("adapter.sqlite3", f"{links}.sqlite3")
            by_links[links] = (
                stack.enter_context(adapter(url, folder, propexo, twilio, links)),
                Store(open_engine(url)),
            )
        stores = [store for _, store in by_links.values()]
        answers: Counter[int] = Counter()

        def tell(item: tuple[Story, Sequence[Params]]) -> list[int]:
            story, hooks = item
            url, _ = by_links[links_of(story)]
            return [send(url, params, story.method) for params in hooks]

        def tell_all(items: Iterable[tuple[Story, Sequence[Params]]]) -> None:
            for statuses in pool.map(tell, items):
                answers.update(statuses)

        def calls() -> dict[str, Call]:
            return {
                call.call_id: call for store in stores for call in store.calls.search(limit=2000)
            }

        def has_read_all_people(store: Store) -> bool:
            index = PeopleIndex(store)
            return all(
                index.is_read_by_todays_rules(f"int_{vendor.lower()}", PersonKind)
                for vendor in VENDORS
            )

        def all_final() -> bool:
            known = calls()
            expected = {call_id for story, _ in tellings for call_id in story.expected_of}
            return expected <= known.keys() and all(
                call.state.value in FINAL for call in known.values()
            )

        def lacks_corrections() -> list[str]:
            known = calls()
            return [
                story.name
                for story, _ in tellings
                if story.late and story.expected["shown"] not in (known[story.call].reason or "")
            ]

        def conference_recordings() -> int:
            query = sa.select(sa.func.count()).select_from(conference_recordings_table)
            found = 0
            for store in stores:
                with store.autocommit() as connection:
                    found += int(connection.execute(query).scalar_one())
            return found

        listed = [(story, [story.hooks[place] for place in order]) for story, order in tellings]
        with ThreadPoolExecutor(8) as pool:
            tell_all(item for item in listed if not item[0].people)
            # Some of the others' people are found in the index only.
            wait_for("all people are read", lambda: all(map(has_read_all_people, stores)))
            tell_all(item for item in listed if item[0].people)
            pass_time_until(all_final, seconds=120)
            before_late_hooks = calls()
            tell_all((story, story.late) for story, _ in tellings)
        pass_time_until(lambda: not lacks_corrections(), seconds=60)
        wait_for("conferences' recordings", lambda: not conference_recordings(), seconds=60)
        pass_time_until(all_final, seconds=60)
        known = calls()
        yield Told(
            [story for story, _ in tellings],
            propexo.writes(),
            propexo.refused(),
            api,
            answers,
            known,
            before_late_hooks,
            {c.call_id: sum(len(s.hooks.of_call(c.key)) for s in stores) for c in known.values()},
            [hook for store in stores for hook in store.hooks.parked()],
        )
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
    ids = {call_id for story in told.stories for call_id in story.expected_of}
    references = Counter(
        reference
        for event in told.events
        for reference in {call_id for call_id in ids if call_id in str(event["body"])}
    )
    assert set(references.values()) == {1}
    assert len(references) == len(told.events)


def test_no_hook_is_parked_and_no_call_appears_that_no_story_has(told: Told) -> None:
    assert told.parked == []
    expected = {call_id for story in told.stories for call_id in story.expected_of}
    legs = {
        call_id for call_id, call in told.calls.items() if call.state is CallState.FOLDED
    } - expected
    assert told.calls.keys() - legs == expected


def test_no_number_gets_two_leads_and_only_the_stories_numbers_get_one(told: Told) -> None:
    numbers = [lead["body"]["phone_1"] for lead in told.leads]
    assert len(numbers) == len(set(numbers))
    # The copy of a story has the same numbers.
    leads = {s.name.partition("/")[0]: s.expected.get("leads", 0) for s in told.stories}
    assert len(numbers) == sum(leads.values())


def in_lane(story: Story) -> Sequence[pytest.MarkDecorator]:
    return [] if story.name in REPRESENTATIVES else [pytest.mark.full]


every_telling = pytest.mark.parametrize(
    ("story", "order"),
    [
        pytest.param(story, o, id=f"{story.name}:{','.join(map(str, o))}", marks=in_lane(story))
        for story, o in TOLD
    ],
)


@every_telling
def test_each_story_over_http_makes_its_event(
    told: Told, story: Story, order: tuple[int, ...]
) -> None:
    for call_id, expected in story.expected_of.items():
        assert call_id in told.calls
        call, events = told.calls[call_id], told.writes_of(call_id)
        assert call.state.value == expected["state"], call.reason
        assert call_id in told.calls_before_late_hooks
        outcome = told.calls_before_late_hooks[call_id].outcome
        assert outcome == expected.get("outcome", outcome)
        assert len(events) == (1 if expected["state"] == "written" else 0)
        if "recordings" in expected:
            assert sorted(call.record.recordings) == sorted(expected["recordings"])
        if not events:
            assert expected.get("reason", "") in (call.reason or "")
            continue
        (event,) = events
        assert event["status"] == "SUCCESS"
        person = expected.get("person", event["person_id"])
        if person == "new":
            number = expected["from" if expected["direction"] == "inbound" else "to"]
            (person,) = (w["person_id"] for w in told.leads if w["body"]["phone_1"] == number)
        assert event["person_id"] == person
        body = event["body"]
        assert expected.get("notes", "") in body["notes"]
        if event["integration_id"] == "int_mri":  # it takes nothing of a call but the notes
            assert "notes" in expected
        elif "duration" in expected:
            assert body["call_duration"] == expected["duration"]
    if story.expected["state"] == "written":
        (event,) = told.writes_of(story.call)
        check_own_event(story.expected, event)
    if "unused" in story.expected:
        kept = sum(told.hooks[call_id] for call_id in story.expected_of)
        assert kept == len(story.hooks) - len(story.expected["unused"])


def check_own_event(expected: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    body = event["body"]
    if "application" in expected:
        assert body["application_id"] == expected["application"]
    if event["integration_id"] == "int_mri":
        return
    assert body["call_status"] == expected["call_status"]
    for end, name in (("from", "call_phone_number_from"), ("to", "call_phone_number_to")):
        if expected[end] is not None:
            assert body[name] == expected[end]
    link = body["call_audio_link"]
    assert link == expected["link"] if "link" in expected else "/recordings/" in link
    words = expected.get("transcript")
    if words:
        assert words[:24] in body["notes"]


@pytest.mark.parametrize(
    "story",
    [pytest.param(story, marks=in_lane(story)) for story, _ in TOLD if story.late],
    ids=lambda story: str(story.name),
)
def test_each_correction_of_a_story_reaches_the_pms_where_it_takes_any(
    told: Told, story: Story
) -> None:
    expected, corrections = story.expected, told.writes_of(story.call, "PUT")
    assert expected["shown"] in (told.calls[story.call].reason or "")
    assert bool(corrections) == ("corrected" in expected)
    if corrections:
        body, corrected = corrections[-1]["body"], expected["corrected"]
        assert corrected["notes"] in body["notes"]
        begun = datetime.fromisoformat(body["event_datetime"])
        assert begun == datetime.fromisoformat(corrected["started_at"])
