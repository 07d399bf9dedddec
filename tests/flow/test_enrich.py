"""Is the provider asked until its answer can be believed, and is a call on our other line followed there?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.domain.call import CallState
from adapter.domain.questions import API_LAG, UNREACHABLE_AFTER
from adapter.domain.record import AnsweredBy, Leg, LegDirection, LegStatus
from adapter.errors import CredentialsRefused, NotReached, PermanentError, TemporaryError
from adapter.providers.twilio.rest import recording_of
from adapter.storage.api_health import ApiHealth
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, LINE, NOW
from tests.support.hooks import (
    AGENT,
    CALL,
    CALLER,
    CHILD,
    answered_hooks,
    dial_hook,
    recording_hook,
    status_hook,
)
from tests.support.world import LINES, OTHER_LINE, FakeReader, World

SILENT = TemporaryError("Twilio's API gave no answer (ConnectTimeout)")
BUSY = TemporaryError("Twilio's API answered 503", status=503)
REFUSED = CredentialsRefused("Twilio's API answered 401; check TWILIO_AUTH_TOKEN", status=401)
OTHER_CALL = "CA" + "7" * 32
TIMESTAMP = {"Timestamp": "Mon, 02 Mar 2026 15:00:00 +0000"}
S = LegStatus


def leg(status: LegStatus, seconds: int | None = None, **facts: Any) -> Leg:
    ends = {"from_number": CALLER, "to_number": AGENT, **facts}
    ids = {"id": CHILD, "parent_id": CALL}
    return Leg(
        direction=LegDirection.DIALLED,
        status=status,
        duration_seconds=seconds,
        **{**ids, **ends},
    )


class Reader(FakeReader):
    """A provider's API whose answers change with time.

    silence: (until, error), the error that is raised until so many seconds after the start.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        children_at: Sequence[tuple[float, Sequence[Leg]]] = ((0.0, ()),),
        silence: tuple[float, Exception] | None = None,
    ) -> None:
        super().__init__()
        self._clock, self._begun = clock, clock()
        self._children_at, self._silence = children_at, silence
        self.asked_at: list[float] = []

    def _ask(self, what: str) -> None:
        age = (self._clock() - self._begun).total_seconds()
        self.asked_at.append(age)
        if self._silence is not None and age < self._silence[0]:
            self.errors = [self._silence[1]]
        super()._ask(what)
        self.children = [legs for since, legs in self._children_at if since <= age][-1]


def world_with(engine: sa.Engine, **reader: Any) -> World:
    clock = Clock()
    return World(engine, clock, reader=Reader(clock, **reader))


def gives_up_at_another_phone(world: World) -> None:
    """The caller hangs up at NOW, as a phone rings that has no hooks of its own."""
    world.clock.now = NOW
    report = dial_hook("canceled", bridged=False, parent="completed")
    world.hook({**report, "DialCallSid": OTHER_CALL})


def one_line(engine: sa.Engine, **reader: Any) -> World:
    clock = Clock()
    lines = LINES.partition(f'[lines."{OTHER_LINE}"]')[0]
    return World(engine, clock, reader=Reader(clock, **reader), lines=lines)


def asked_at(world: World) -> list[float]:
    assert isinstance(world.reader, Reader)
    return world.reader.asked_at


# The API's lag and its silence -----------------------------------------------------------------------


def test_an_empty_list_of_legs_is_believed_only_once_the_api_had_time(engine: sa.Engine) -> None:
    world = world_with(engine)
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.pass_time(59)
    assert world.target.posts == []
    assert world.call(CALL).state is CallState.OPEN
    world.pass_time(4)
    assert world.target.posts[0].body["outcome"] == "answered"
    assert world.target.posts[0].body["assumed"] is True


def test_a_call_is_looked_at_four_times_at_most_with_three_reads_each(engine: sa.Engine) -> None:
    world = world_with(engine)
    world.hook(status_hook("completed", 40))
    world.finish()
    looks = sorted(set(asked_at(world)))
    assert len(looks) <= 4
    assert looks[-1] >= API_LAG.total_seconds()
    assert all(asked_at(world).count(at) <= 3 for at in looks)


def test_late_hooks_that_settle_nothing_cause_no_further_looks(engine: sa.Engine) -> None:
    world = world_with(engine)
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    for seconds in range(12, 60, 4):
        world.pass_time(4)
        world.hook(
            {
                **status_hook("ringing"),
                "SequenceNumber": str(seconds),
                "SipResponseCode": str(100 + seconds),
            }
        )
    world.finish()
    assert len(set(asked_at(world))) <= 4


def test_a_hook_that_settles_the_call_ends_the_waiting(engine: sa.Engine) -> None:
    talked = leg(S.COMPLETED, 30, ended_at=NOW)
    world = world_with(engine, children_at=[(0.0, ()), (25.0, [talked])])
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.pass_time(25)
    assert world.target.posts == []
    world.hook(dial_hook("completed", 30, bridged=True, parent="completed"))
    world.pass_time(1)
    assert world.target.posts[0].body["talk_seconds"] == 30


@pytest.mark.parametrize("error", [SILENT, BUSY, REFUSED], ids=["silent", "503", "401"])
def test_an_api_that_gives_no_answer_is_asked_again(engine: sa.Engine, error: Exception) -> None:
    world = world_with(engine, silence=(25.0, error), children_at=[(0.0, [leg(S.NO_ANSWER)])])
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.pass_time(65)
    assert [post.body["outcome"] for post in world.target.posts] == ["no_answer"]


def test_after_a_long_silence_the_call_is_written_as_assumed(engine: sa.Engine) -> None:
    world = world_with(engine, silence=(1e9, SILENT))
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.pass_time(UNREACHABLE_AFTER.total_seconds() - 60)
    assert world.target.posts == []
    world.pass_time(20 * 60)
    assert world.target.posts[0].body["assumed"] is True
    # By now it is known that nothing answers: another call waits no longer than the API may lag.
    begun = world.clock()
    other = status_hook("completed", 40, CallSid=OTHER_CALL, Timestamp=format_datetime(begun))
    world.hook(other)
    world.pass_time(58)
    assert len(world.target.posts) == 1
    world.pass_time(10)
    assert len(world.target.posts) == 2
    assert world.clock() - begun < timedelta(seconds=70)
    (state,) = ApiHealth(world.store).states()
    assert state.is_unreachable(world.clock())
    assert "no answer" in (state.error or "")


def test_a_silent_api_does_not_make_the_log_say_that_a_call_is_written(
    engine: sa.Engine, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    """Nobody has this number, so the call is held."""
    world = world_with(engine, silence=(1e9, SILENT))
    world.target.people = ()
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.pass_time(35 * 60)
    assert world.call(CALL).state is CallState.HELD
    told = [line["event"] for line in logged() if line["level"] == "error"]
    assert told and set(told) == {"the provider's API is silent: what it could tell is assumed"}


def test_what_was_not_certain_is_marked_as_assumed_when_the_api_was_silent(
    engine: sa.Engine,
) -> None:
    """A message may have been left after the dial that nobody took."""
    world = world_with(engine, silence=(1e9, SILENT))
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.finish()
    body = world.target.posts[0].body
    assert (body["outcome"], body["assumed"]) == ("no_answer", True)


def test_an_answer_ends_the_outage_for_all(engine: sa.Engine) -> None:
    world = world_with(engine)
    health = ApiHealth(world.store)
    health.failed("twilio", ACCOUNT, "no answer", NOW - timedelta(hours=1))
    assert health.is_unreachable("twilio", ACCOUNT, NOW)
    ApiHealth(world.store).worked("twilio", ACCOUNT, NOW)
    assert not health.is_unreachable("twilio", ACCOUNT, NOW)


def test_a_call_that_the_provider_does_not_know_is_written_as_the_hooks_have_it(
    engine: sa.Engine,
) -> None:
    world = world_with(
        engine, silence=(1e9, PermanentError("Twilio's API answered 404", status=404))
    )
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.pass_time(65)
    assert world.target.posts[0].body["assumed"] is True


# Legs that go on -------------------------------------------------------------------------------------


def test_while_a_leg_is_connected_the_call_is_not_over(engine: sa.Engine) -> None:
    world = world_with(
        engine,
        children_at=[(0.0, [leg(S.IN_PROGRESS)]), (400.0, [leg(S.COMPLETED, 440)])],
    )
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.pass_time(390)
    assert world.target.posts == []
    assert world.call(CALL).reason == "the call is still going on"
    world.pass_time(600)
    assert world.target.posts[0].body["talk_seconds"] == 440


def test_the_end_of_a_leg_that_goes_on_brings_the_call_forward(engine: sa.Engine) -> None:
    world = world_with(engine, children_at=[(0.0, [leg(S.IN_PROGRESS)])])
    world.hook(status_hook("completed", 40, **TIMESTAMP))
    world.pass_time(200)
    assert world.target.posts == []
    ended = {
        **status_hook("completed", 240, CallSid=CHILD, Direction="outbound-dial", To=AGENT),
        "ParentCallSid": CALL,
        "Timestamp": "Mon, 02 Mar 2026 15:03:20 +0000",
    }
    world.hook(ended)
    world.pass_time(15)
    # The caller left after 40 s; our phone was left off the hook.
    assert world.target.posts[0].body["talk_seconds"] == 40


# Our own other lines ---------------------------------------------------------------------------------


def relay(seconds: int = 60) -> list[dict[str, str]]:
    """A call on our line that is led to our other line, as its hooks tell: the other line picked up."""
    to_line = {
        **status_hook("completed", seconds, CallSid=CHILD, Direction="outbound-dial"),
        "From": CALLER,
        "To": OTHER_LINE,
        "ParentCallSid": CALL,
        **TIMESTAMP,
    }
    dial = dial_hook("completed", seconds, bridged=True, parent="completed")
    return [to_line, dial, status_hook("completed", seconds + 2, **TIMESTAMP)]


def on_other_line(status: str = "completed", seconds: int = 60) -> dict[str, str]:
    return status_hook(status, seconds, CallSid=OTHER_CALL, To=OTHER_LINE, **TIMESTAMP)


def other_dial(status: str, seconds: int = 0, *, bridged: bool) -> dict[str, str]:
    told = dial_hook(status, seconds, bridged=bridged, parent="completed")
    return {**told, "CallSid": OTHER_CALL, "To": OTHER_LINE, "DialCallSid": "CA" + "8" * 32}


def post_of(world: World, call: str) -> dict[str, Any]:
    (body,) = [p.body for p in world.target.posts if p.body["reference"] == call]
    return dict(body)


@pytest.mark.parametrize("is_first", [True, False], ids=["told before", "told after"])
@pytest.mark.parametrize(
    ("hooks", "outcome", "talk"),
    [
        ([other_dial("completed", 50, bridged=True), on_other_line()], "answered", 50),
        ([other_dial("canceled", bridged=False), on_other_line()], "abandoned", 0),
        ([on_other_line("no-answer", 0)], "no_answer", 0),
        ([], "no_answer", 0),
    ],
    ids=["answered", "caller left", "not answered", "no such call"],
)
def test_the_call_on_our_other_line_tells_whether_anybody_talked(
    engine: sa.Engine,
    is_first: bool,
    hooks: list[dict[str, str]],
    outcome: str,
    talk: int,
) -> None:
    world = world_with(engine)
    for hook in [*hooks, *relay()] if is_first else [*relay(), *hooks]:
        world.hook(hook)
        world.pass_time(1)
    world.pass_time(70)
    body = post_of(world, CALL)
    assert (body["outcome"], body["talk_seconds"]) == (outcome, talk)


def test_a_call_that_is_open_on_our_other_line_is_waited_for(engine: sa.Engine) -> None:
    world = world_with(engine)
    for hook in relay():
        world.hook(hook)
    world.hook({**on_other_line("in-progress"), "Timestamp": "Mon, 02 Mar 2026 14:59:00 +0000"})
    world.pass_time(120)
    assert world.target.posts == []
    assert "other line" in (world.call(CALL).reason or "")
    world.hook(other_dial("completed", 50, bridged=True))
    world.hook(on_other_line())
    world.pass_time(120)
    assert post_of(world, CALL)["talk_seconds"] == 50


def test_a_call_of_somebody_else_on_our_other_line_tells_nothing(engine: sa.Engine) -> None:
    world = world_with(engine)
    stranger = {**on_other_line(), "From": "+16175550135"}
    for hook in [
        {**other_dial("completed", 50, bridged=True), "From": "+16175550135"},
        stranger,
        *relay(),
    ]:
        world.hook(hook)
    world.pass_time(70)
    assert post_of(world, CALL)["outcome"] == "no_answer"


def test_a_person_who_answered_beside_our_other_line_did_answer(engine: sa.Engine) -> None:
    """A ring-all of our other line and an agent; the agent took it."""
    world = world_with(engine)
    agents = {**answered_hooks(30)[0], "DialCallSid": "CA" + "9" * 32}
    to_line = {**relay()[0], "CallStatus": "canceled", "CallDuration": "0"}
    for hook in [to_line, agents, status_hook("completed", 40, **TIMESTAMP)]:
        world.hook(hook)
    world.pass_time(70)
    assert post_of(world, CALL)["talk_seconds"] == 30


@pytest.mark.parametrize(
    ("hooks", "outcome", "talk"),
    [
        ([other_dial("completed", 50, bridged=True), on_other_line()], "answered", 50),
        ([other_dial("canceled", bridged=False), on_other_line()], "abandoned", 0),
        ([], "answered", 60),
    ],
    ids=["answered", "caller left", "to an agent"],
)
def test_a_dial_that_does_not_name_our_other_line_is_followed_there_too(
    engine: sa.Engine, hooks: list[dict[str, str]], outcome: str, talk: int
) -> None:
    world = world_with(engine)
    for hook in [*hooks, *relay()[1:]]:
        world.hook(hook)
    world.pass_time(70)
    body = post_of(world, CALL)
    assert (body["outcome"], body["talk_seconds"]) == (outcome, talk)


@pytest.mark.parametrize("silent_seconds", [0.0, 30.0])
@pytest.mark.parametrize(
    ("hooks", "outcome", "talk"),
    [
        ([other_dial("completed", 50, bridged=True), on_other_line()], "answered", 50),
        ([other_dial("canceled", bridged=False), on_other_line()], "abandoned", 0),
        ([], "no_answer", 0),
    ],
    ids=["answered", "caller left", "its hooks are lost"],
)
def test_whom_a_dial_connected_is_asked_where_it_may_be_our_other_line(
    engine: sa.Engine,
    hooks: list[dict[str, str]],
    outcome: str,
    talk: int,
    silent_seconds: float,
) -> None:
    """The hooks of the call there come 20 s late, or never; no hook of this one says whom it dialled."""
    to_line = [leg(S.COMPLETED, 60, to_number=OTHER_LINE)]
    world = world_with(engine, children_at=[(0.0, to_line)], silence=(silent_seconds, SILENT))
    for hook in relay()[1:]:
        world.hook(hook)
    world.pass_time(20)
    assert world.target.posts == []
    for hook in hooks:
        world.hook(hook)
    world.pass_time(70)
    body = post_of(world, CALL)
    assert (body["outcome"], body["talk_seconds"]) == (outcome, talk)


def test_a_hook_that_answers_no_question_causes_no_look(engine: sa.Engine) -> None:
    """Nothing is known of 38 s before a talk of 4 s. The recording of that talk does not tell of them."""
    talked = leg(S.COMPLETED, 4, created_at=NOW - timedelta(seconds=12), ended_at=NOW)
    world = one_line(engine, children_at=[(0.0, [talked])])
    world.hook(dial_hook("completed", 4, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 42, Timestamp=format_datetime(NOW)))
    world.pass_time(12)
    asked = list(asked_at(world))
    assert asked and world.target.posts == []
    world.hook({**recording_hook(4), "RecordingSource": "DialVerb"})
    world.pass_time(5)
    assert asked_at(world) == asked
    world.pass_time(50)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [4]


def test_whom_a_dial_connected_is_known_at_once_and_a_person_is_written_at_once(
    engine: sa.Engine,
) -> None:
    world = world_with(engine, children_at=[(0.0, [leg(S.COMPLETED, 60)])])
    for hook in relay()[1:]:
        world.hook(hook)
    world.pass_time(1)
    assert post_of(world, CALL)["talk_seconds"] == 60
    assert asked_at(world) == [0.0]


@pytest.mark.parametrize("has_leg", [True, False], ids=["one line", "a conference"])
def test_nobody_is_asked_where_a_dial_cannot_have_led_to_our_other_line(
    engine: sa.Engine, has_leg: bool
) -> None:
    world = one_line(engine) if has_leg else world_with(engine)
    dial, end = relay()[1:]
    if not has_leg:
        dial = {**dial, "DialCallStatus": "answered"}
        del dial["DialCallSid"], dial["DialCallDuration"]
    for hook in (dial, end):
        world.hook(hook)
    world.pass_time(12)
    assert post_of(world, CALL)["outcome"] == "answered"
    assert asked_at(world) == []


def test_another_call_of_an_offices_number_at_the_same_time_is_another_call(
    engine: sa.Engine,
) -> None:
    """A locator's office has one number: two of its people call two of our lines at once."""
    world = world_with(engine)
    for hook in [on_other_line("no-answer", 0), *relay()[1:]]:
        world.hook(hook)
    world.pass_time(70)
    assert post_of(world, CALL)["outcome"] == "answered"


def test_a_call_before_or_after_on_our_other_line_is_another_call(engine: sa.Engine) -> None:
    world = world_with(engine)
    before = {**on_other_line(), "Timestamp": "Mon, 02 Mar 2026 14:57:00 +0000"}
    for hook in [other_dial("no-answer", bridged=False), before, *relay()[1:]]:
        world.hook(hook)
    world.pass_time(70)
    assert post_of(world, CALL)["talk_seconds"] == 60


def test_our_line_that_calls_our_other_line_is_nobodys_call(engine: sa.Engine) -> None:
    """The inbound call there shows our line as its caller, and is forwarded to an agent nobody listed."""
    world = world_with(engine)
    hooks = [other_dial("completed", 50, bridged=True), on_other_line()]
    to_agent = {
        **status_hook("completed", 50, CallSid="CA" + "8" * 32, Direction="outbound-dial"),
        "From": LINE,
        "To": "+16175550188",
        "ParentCallSid": OTHER_CALL,
    }
    for hook in [*hooks, to_agent]:
        world.hook({**hook, "From": LINE})
    world.pass_time(120)
    assert world.call(OTHER_CALL).state is CallState.IGNORED
    assert world.target.posts == []


# Calls whose end nobody told --------------------------------------------------------------------------


def canceled(number: int) -> dict[str, str]:
    leg_id = f"CA{number:032}"
    hook = status_hook("canceled", 0, CallSid=leg_id, Direction="outbound-dial", To=AGENT)
    return {**hook, "ParentCallSid": CALL, **TIMESTAMP}


def test_the_other_phones_of_a_ring_all_do_not_end_the_call(engine: sa.Engine) -> None:
    """They report `canceled` the moment one picks up; the provider says that the call goes on."""
    clock = Clock()
    reader = Reader(clock)
    reader.call = Leg(id=CALL, direction=LegDirection.INBOUND, status=S.IN_PROGRESS)
    world = World(engine, clock, reader=reader)
    for number in range(2, 5):
        world.hook(canceled(number))
    world.pass_time(3600)
    assert world.target.posts == []
    assert world.call(CALL).state is CallState.OPEN


def test_the_first_phone_of_a_hunt_does_not_end_the_call_where_nobody_can_be_asked(
    engine: sa.Engine,
) -> None:
    world = World(engine, Clock())
    world.hook({**canceled(2), "CallStatus": "no-answer"})
    world.pass_time(200)
    assert world.target.posts == []


def test_a_call_whose_end_no_hook_told_is_on_record_soon_after_it(engine: sa.Engine) -> None:
    """Only the result of the dial came, while the caller was still there."""
    clock = Clock()
    reader = Reader(clock)
    reader.call = Leg(id=CALL, direction=LegDirection.INBOUND, status=S.IN_PROGRESS)
    world = World(engine, clock, reader=reader)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.pass_time(30)
    reader.call = Leg(
        id=CALL,
        direction=LegDirection.INBOUND,
        from_number=CALLER,
        to_number=LINE,
        status=S.COMPLETED,
        duration_seconds=50,
        started_at=clock() - timedelta(seconds=50),
        ended_at=clock(),
    )
    world.pass_time(65)
    assert [post.body["outcome"] for post in world.target.posts] == ["no_answer"]


# What is not there yet, and what came after ---------------------------------------------------------


def test_a_call_that_goes_on_is_not_written_because_the_api_does_not_know_it_yet(
    engine: sa.Engine,
) -> None:
    """The API lags behind the beginning of a call, too: 404 is no answer while the call is new."""
    world = world_with(engine)
    world.hook(dial_hook("completed", 10, bridged=True, parent="in-progress"))
    world.pass_time(15)
    assert world.reader is not None
    assert "leg" in world.reader.reads
    assert world.target.posts == []
    world.hook(
        dial_hook("completed", 60, bridged=True, parent="completed") | {"DialCallSid": OTHER_CALL}
    )
    world.hook(status_hook("completed", 90))
    world.finish()
    assert [post.body["talk_seconds"] for post in world.target.posts] == [70]


@pytest.mark.parametrize("has_others", [True, False])
def test_a_call_that_an_api_with_our_calls_does_not_have_yet_is_taken_to_go_on(
    engine: sa.Engine, has_others: bool
) -> None:
    """Another phone is dialled later, and answers. Where the API has no call of ours, hooks are all."""
    world = world_with(engine)
    if has_others:
        ApiHealth(world.store).worked("twilio", ACCOUNT, NOW, had_call=True)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.pass_time(150)
    assert len(world.target.posts) == (0 if has_others else 1)
    assert world.call(CALL).reason == ("the call is still going on" if has_others else None)
    end = format_datetime(world.clock())
    report = dial_hook("completed", 60, bridged=True, parent="completed")
    world.hook({**report, "DialCallSid": OTHER_CALL})
    world.hook(status_hook("completed", 160, Timestamp=end))
    world.finish()
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 60) if has_others else ("no_answer", 0)]


def test_a_call_that_an_api_with_our_calls_never_has_is_written_as_hooks_told_it(
    engine: sa.Engine,
) -> None:
    world = world_with(engine)
    ApiHealth(world.store).worked("twilio", ACCOUNT, NOW, had_call=True)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.pass_time(UNREACHABLE_AFTER.total_seconds() - 60)
    assert world.target.posts == []
    world.pass_time(15 * 60)
    assert [post.body["outcome"] for post in world.target.posts] == ["no_answer"]


@pytest.mark.parametrize("until_then", [None, S.IN_PROGRESS], ids=["not there", "goes on"])
def test_a_call_of_which_the_api_learns_late_is_written_as_soon_as_it_knows(
    engine: sa.Engine, until_then: LegStatus | None
) -> None:
    """Nothing but the dial was told: our side hung up first. The API learns of the end after 50 s."""
    world = one_line(engine)
    assert world.reader is not None
    if until_then is not None:
        world.reader.call = Leg(id=CALL, direction=LegDirection.INBOUND, status=until_then)
    world.hook(dial_hook("completed", 40, bridged=True, parent="in-progress"))
    world.pass_time(50)
    world.reader.call = Leg(
        id=CALL,
        direction=LegDirection.INBOUND,
        status=S.COMPLETED,
        duration_seconds=50,
        started_at=NOW - timedelta(seconds=50),
        ended_at=NOW,
    )
    world.pass_time(12)
    (post,) = world.target.posts
    assert (post.body["outcome"], post.body["talk_seconds"]) == ("answered", 40)


def test_a_hook_does_not_put_off_the_next_look_at_a_call_that_goes_on(engine: sa.Engine) -> None:
    world = world_with(engine)
    assert world.reader is not None
    world.reader.call = Leg(id=CALL, direction=LegDirection.INBOUND, status=S.IN_PROGRESS)
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    world.hook(status_hook("busy", 0, **child))
    world.pass_time(15)
    child["CallSid"] = OTHER_CALL
    world.hook(status_hook("completed", 40, **child))
    due = world.call(CALL).due_at
    assert due is not None
    assert due - world.clock() <= timedelta(seconds=60)


def test_a_call_on_our_other_line_of_which_no_hook_came_is_taken_in(engine: sa.Engine) -> None:
    """Its own hooks are lost: the provider's list of calls to that line has it, and the legs it dialled."""
    world = world_with(engine)
    assert isinstance(world.reader, Reader)
    ended = NOW
    world.reader.on_lines = [
        Leg(
            id=OTHER_CALL,
            direction=LegDirection.INBOUND,
            from_number=CALLER,
            to_number=OTHER_LINE,
            status=S.COMPLETED,
            duration_seconds=65,
            started_at=ended - timedelta(seconds=65),
            ended_at=ended,
        )
    ]
    world.reader.children = [leg(S.COMPLETED, 40, id="CA" + "8" * 32, parent_id=OTHER_CALL)]
    at_end = {"Timestamp": format_datetime(ended)}
    child = {
        "CallSid": CHILD,
        "ParentCallSid": CALL,
        "Direction": "outbound-dial",
        "To": OTHER_LINE,
    }
    world.hook(status_hook("completed", 65, **child, **at_end))
    world.hook(dial_hook("completed", 65, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 70, **at_end))
    world.finish()
    assert world.call(OTHER_CALL).state is CallState.WRITTEN
    assert world.call(CALL).outcome == world.call(OTHER_CALL).outcome == "answered"


def test_a_leg_that_is_not_known_to_have_ended_is_not_taken_for_a_shorter_call_on_that_line(
    engine: sa.Engine,
) -> None:
    """Two callers were led to our other line at once, both shown as our line. The list is 50 s late."""
    shorter = "CA" + "9" * 32
    led_to: dict[str, Any] = {"from_number": LINE, "to_number": OTHER_LINE}
    begun, ended = NOW - timedelta(seconds=80), NOW - timedelta(seconds=1)
    goes_on = leg(S.IN_PROGRESS, created_at=begun, started_at=begun, **led_to)
    over = leg(S.COMPLETED, 79, created_at=begun, started_at=begun, ended_at=ended, **led_to)
    talks = [
        leg(S.COMPLETED, 25, id="CA" + "5" * 32, parent_id=shorter),
        leg(S.COMPLETED, 70, id="CA" + "6" * 32, parent_id=OTHER_CALL),
    ]
    world = world_with(engine, children_at=[(0.0, [goes_on, *talks]), (50.0, [over, *talks])])
    assert isinstance(world.reader, Reader)
    of_the_other = Leg(
        id=shorter,
        direction=LegDirection.INBOUND,
        status=S.COMPLETED,
        duration_seconds=34,
        started_at=NOW - timedelta(seconds=72),
        ended_at=NOW - timedelta(seconds=38),
        **led_to,
    )
    there = {"id": OTHER_CALL, "duration_seconds": 79, "started_at": begun, "ended_at": ended}
    world.reader.on_lines = [of_the_other]
    world.hook(status_hook("completed", 88, Timestamp=format_datetime(NOW)))
    world.pass_time(35)
    world.reader.on_lines = [of_the_other, of_the_other.model_copy(update=there)]
    world.pass_time(60)
    body = post_of(world, CALL)
    assert (body["outcome"], body["talk_seconds"]) == ("answered", 70)


def test_what_came_after_a_dial_is_asked_for_where_the_call_went_on(engine: sa.Engine) -> None:
    """The agent left after 30 s; the call went on for 65 s: the report of a second dial may be lost."""
    second = leg(S.COMPLETED, 50, id="CA" + "8" * 32, ended_at=NOW + timedelta(seconds=65))
    first = leg(S.COMPLETED, 30, ended_at=NOW)
    world = world_with(engine, children_at=((0.0, (first, second)),))
    world.hook(dial_hook("completed", 30, bridged=True, parent="in-progress"))
    world.clock.now = NOW + timedelta(seconds=65)
    end = {"Timestamp": format_datetime(NOW + timedelta(seconds=65))}
    world.hook(status_hook("completed", 100, **end))
    world.finish()
    assert world.target.posts[0].body["talk_seconds"] == 80


def before_the_dial(first_seconds: int) -> tuple[Leg, Leg]:
    """The legs of a call that was picked up at NOW - 190 s: the last one rang for 5 s, from NOW - 100 s on."""
    first = leg(
        S.COMPLETED,
        first_seconds,
        id="CA" + "8" * 32,
        started_at=NOW - timedelta(seconds=187),
        ended_at=NOW - timedelta(seconds=187 - first_seconds),
    )
    last = leg(S.COMPLETED, 95, started_at=NOW - timedelta(seconds=100), ended_at=NOW)
    return first, last


@pytest.mark.parametrize(
    ("first_seconds", "talk"),
    [(80, 175), (25, 120), (12, 95)],
    ids=["a conversation", "a short conversation", "a whisper"],
)
@pytest.mark.parametrize("has_other_lines", [False, True])
def test_what_came_before_a_conversation_is_asked_for_where_it_can_have_been_another(
    engine: sa.Engine, has_other_lines: bool, first_seconds: int, talk: int
) -> None:
    """The report of the first dial is lost. It is known at once, so the call is written at once."""
    make = world_with if has_other_lines else one_line
    world = make(engine, children_at=[(0.0, before_the_dial(first_seconds))])
    world.hook(dial_hook("completed", 95, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 190, Timestamp=format_datetime(NOW)))
    world.pass_time(1)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [talk]
    assert asked_at(world) == [0.0]


@pytest.mark.parametrize("has_report", [True, False], ids=["with its report", "without"])
def test_a_hook_that_names_the_last_leg_does_not_tell_what_came_before_it(
    engine: sa.Engine, has_report: bool
) -> None:
    world = one_line(engine, children_at=[(0.0, before_the_dial(80))])
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    end = {"Timestamp": format_datetime(NOW)}
    world.hook(status_hook("completed", 95, **child, **end))
    if has_report:
        world.hook(dial_hook("completed", 95, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 190, **end))
    world.pass_time(12)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [175]
    assert asked_at(world) == ([0.0] if has_report else [10.0])


def test_what_came_before_is_asked_for_where_no_hook_told_the_end(engine: sa.Engine) -> None:
    """The last dial says that the caller hung up. The API knows the beginning of the call, not its end yet."""
    world = one_line(engine, children_at=[(0.0, before_the_dial(80))])
    assert world.reader is not None
    started = NOW - timedelta(seconds=190)
    world.reader.call = Leg(
        id=CALL, direction=LegDirection.INBOUND, status=S.IN_PROGRESS, started_at=started
    )
    world.hook(dial_hook("completed", 95, bridged=True, parent="completed"))
    world.pass_time(70)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [175]


def test_a_list_that_lacks_the_last_leg_is_not_whole(engine: sa.Engine) -> None:
    """The API lags: the list is read again until it has the leg that is known to have been connected."""
    first, last = before_the_dial(80)
    children_at = [(0.0, ()), (15.0, (first, last))]
    world = one_line(engine, children_at=children_at)
    world.hook(dial_hook("completed", 95, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 190, Timestamp=format_datetime(NOW)))
    world.pass_time(30)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [175]


def test_a_report_that_comes_late_does_not_hide_a_later_conversation(engine: sa.Engine) -> None:
    """The report of the first dial comes 20 s after its end, when the second one goes on already."""
    first, last = before_the_dial(80)
    world = one_line(engine, children_at=[(0.0, (first, last))])
    world.clock.now = NOW - timedelta(seconds=87)
    late = dial_hook("completed", 80, bridged=True, parent="in-progress")
    world.hook({**late, "DialCallSid": first.id})
    world.clock.now = NOW
    world.hook(status_hook("completed", 190, Timestamp=format_datetime(NOW)))
    world.pass_time(70)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [175]


@pytest.mark.parametrize("lag_seconds", [0.0, 15.0])
def test_a_message_does_not_hide_the_conversation_before_it(
    engine: sa.Engine, lag_seconds: float
) -> None:
    """Only the message and the end of the call were told. The API may lag: an empty list is no answer."""
    talked = before_the_dial(80)[0]
    world = one_line(engine, children_at=[(0.0, ()), (lag_seconds, [talked])])
    world.hook(recording_hook(20))
    world.hook(status_hook("completed", 190, Timestamp=format_datetime(NOW)))
    world.pass_time(70)
    (post,) = world.target.posts
    assert (post.body["outcome"], post.body["talk_seconds"]) == ("answered", 80)


def queue_hook(waited: int) -> dict[str, str]:
    """An agent took the caller out of the queue; that conversation is over."""
    dialled = dial_hook("completed", bridged=True, parent="in-progress")
    kept = {name: value for name, value in dialled.items() if not name.startswith("Dial")}
    left = {"QueueResult": "bridged", "QueueTime": str(waited), "QueueSid": "QU" + "1" * 32}
    return {**kept, **left}


def test_what_came_after_a_conversation_out_of_a_queue_is_asked(engine: sa.Engine) -> None:
    """The caller waited for 8 s, talked for 6 s, and was moved on to another phone: no hook tells of that."""
    moved_on = leg(S.COMPLETED, 28, ended_at=NOW - timedelta(seconds=3))
    world = one_line(engine, children_at=[(0.0, [moved_on])])
    world.clock.now = NOW - timedelta(seconds=35)
    world.hook(queue_hook(8))
    world.clock.now = NOW
    world.hook(status_hook("completed", 49, Timestamp=format_datetime(NOW)))
    world.pass_time(15)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [34]


@pytest.mark.parametrize("lag_seconds", [0.0, 37.0])
def test_a_phone_that_rang_before_a_queue_is_no_talk_though_the_api_lags(
    engine: sa.Engine, lag_seconds: float
) -> None:
    """It rang for 8 s; the caller waited for 5 s and talked for 9 s. No hook tells of the phone."""
    rang = leg(S.NO_ANSWER, 0, ended_at=NOW - timedelta(seconds=14))
    world = one_line(engine, children_at=[(0.0, ()), (lag_seconds, [rang])])
    world.hook(queue_hook(5))
    world.hook(status_hook("completed", 22, Timestamp=format_datetime(NOW)))
    world.pass_time(62)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [9]


@pytest.mark.parametrize("result", ["hangup", "leave"])
def test_a_short_conversation_before_a_queue_that_the_caller_left_is_asked_for(
    engine: sa.Engine, result: str
) -> None:
    """The caller talked for 12 s, which no hook tells of, and then waited for 6 s."""
    talked = leg(S.COMPLETED, 12, ended_at=NOW - timedelta(seconds=8))
    world = one_line(engine, children_at=[(0.0, [talked])])
    world.hook({**queue_hook(6), "QueueResult": result})
    world.hook(status_hook("completed", 22, Timestamp=format_datetime(NOW)))
    world.pass_time(15)
    (post,) = world.target.posts
    said = (post.body["outcome"], post.body["talk_seconds"], post.body["assumed"])
    assert said == ("answered", 12, True), "or it was turned down at a whisper"


@pytest.mark.parametrize(("waited", "talked", "looks"), [(17, 0, 0), (7, 0, 4), (7, 8, 2)])
def test_what_came_before_a_queue_that_a_caller_hung_up_in_is_asked_for_unless_it_was_a_greeting(
    engine: sa.Engine, waited: int, talked: int, looks: int
) -> None:
    """The legs are listed late. That there are none is believed once the time before the queue is listed."""
    before = leg(S.COMPLETED, talked, ended_at=NOW - timedelta(seconds=waited + 3))
    world = one_line(engine, children_at=[(0.0, []), (19.0, [before] if talked else [])])
    world.hook({**queue_hook(waited), "QueueResult": "hangup"})
    world.hook(status_hook("completed", 22, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", talked) if talked else ("abandoned", 0)]
    assert len(set(asked_at(world))) == looks


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (1, 0, 2), (0, 2, 1), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
)
def test_the_agents_dial_tells_how_long_the_caller_out_of_a_queue_talked(
    engine: sa.Engine, order: tuple[int, ...]
) -> None:
    """A greeting of 6 s came before the queue. Of the agent's own call nothing is written."""
    world = one_line(engine)
    agents = {"CallSid": OTHER_CALL, "From": LINE, "To": AGENT, "Direction": "outbound-api"}
    taken = {**dial_hook("completed", 7, bridged=True, parent="in-progress"), **agents}
    hooks = (
        queue_hook(10),
        {**taken, "DialCallSid": CALL},
        status_hook("completed", 23, Timestamp=format_datetime(NOW)),
    )
    for place in order:
        world.hook(hooks[place])
    world.pass_time(15)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [7]


def test_that_the_caller_was_taken_out_of_a_queue_is_known_from_the_agents_dial_alone(
    engine: sa.Engine,
) -> None:
    world = one_line(engine)
    agents = {"CallSid": OTHER_CALL, "From": LINE, "To": AGENT, "Direction": "outbound-api"}
    taken = {**dial_hook("completed", 7, bridged=True, parent="in-progress"), **agents}
    world.hook(status_hook("completed", 23, Timestamp=format_datetime(NOW)))
    world.hook({**taken, "DialCallSid": CALL})
    world.pass_time(65)
    (post,) = world.target.posts
    assert (post.body["outcome"], post.body["talk_seconds"]) == ("answered", 7)
    assert not post.body["assumed"]


def test_the_agents_dial_is_enough_where_no_hook_tells_of_the_queue(engine: sa.Engine) -> None:
    """It came before the first hook of the caller's call."""
    world = one_line(engine)
    agents = {"CallSid": OTHER_CALL, "From": LINE, "To": AGENT, "Direction": "outbound-api"}
    taken = {**dial_hook("completed", 7, bridged=True, parent="in-progress"), **agents}
    world.hook({**taken, "DialCallSid": CALL})
    world.hook(status_hook("completed", 23, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    (post,) = world.target.posts
    assert (post.body["outcome"], post.body["talk_seconds"]) == ("answered", 7)


def test_a_caller_of_whom_only_a_leg_was_told_is_no_leg_of_the_agent(engine: sa.Engine) -> None:
    """The caller talked for 7 s, and waited in a queue. The dial that took them out of it is told of first."""
    world = one_line(engine)
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    at = format_datetime(NOW - timedelta(seconds=36))
    world.hook(status_hook("completed", 7, **child, Timestamp=at))
    agents = {"CallSid": OTHER_CALL, "From": "client:bob", "To": "", "Direction": "inbound"}
    taken = {**dial_hook("completed", 24, bridged=True, parent="completed"), **agents}
    world.hook({**taken, "DialCallSid": CALL})
    world.hook(queue_hook(12))
    world.hook(status_hook("completed", 48, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [31]
    assert world.call(CALL).state is CallState.WRITTEN


def test_a_queue_that_tells_that_the_caller_left_waits_for_the_length_of_the_call(
    engine: sa.Engine,
) -> None:
    """A leg talked for 11 s, and then somebody out of the queue for 25 s. The end comes a second later."""
    world = one_line(engine)
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    ended = format_datetime(NOW - timedelta(seconds=33))
    world.hook(status_hook("completed", 11, **child, Timestamp=ended))
    world.hook({**queue_hook(8), "CallStatus": "completed"})
    world.pass_time(1)
    assert world.target.posts == []
    world.hook(status_hook("completed", 53, Timestamp=format_datetime(NOW)))
    world.pass_time(15)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [36]


@pytest.mark.parametrize(("created_before", "talk"), [(29.8, 26), (46.0, 19)])
def test_whether_two_phones_rang_together_is_asked(
    engine: sa.Engine, created_before: float, talk: int
) -> None:
    """The first one was picked up for 7 s, and no dial reported of it: moved on, or turned down."""
    first = leg(S.COMPLETED, 7, ended_at=NOW - timedelta(seconds=30))
    created = NOW - timedelta(seconds=created_before)
    ends = {"created_at": created, "ended_at": NOW - timedelta(seconds=3)}
    second = leg(S.COMPLETED, 19, id="CA" + "9" * 32, **ends)
    world = one_line(engine, children_at=[(0.0, [first, second])])
    for each in (first, second):
        child = {"CallSid": each.id, "ParentCallSid": CALL, "Direction": "outbound-dial"}
        assert each.ended_at is not None and each.duration_seconds is not None
        at = format_datetime(each.ended_at)
        world.hook(status_hook("completed", each.duration_seconds, **child, Timestamp=at))
    report = dial_hook("completed", 19, bridged=True, parent="in-progress")
    world.hook({**report, "DialCallSid": second.id})
    world.hook(status_hook("completed", 46, Timestamp=format_datetime(NOW)))
    world.pass_time(15)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [talk]
    assert len(asked_at(world)) == 1


@pytest.mark.parametrize("was_answered", [True, False])
def test_whether_a_recorded_dial_was_answered_is_asked(
    engine: sa.Engine, was_answered: bool
) -> None:
    """A dial may be recorded while it rings, too. The one that is known reported that nobody answered."""
    talked = leg(S.COMPLETED, 20, ended_at=NOW - timedelta(seconds=25))
    rang = leg(S.NO_ANSWER, 0, ended_at=NOW - timedelta(seconds=15), id="CA" + "9" * 32)
    world = one_line(engine, children_at=[(0.0, [*([talked] if was_answered else []), rang])])
    world.clock.now = NOW - timedelta(seconds=15)
    report = dial_hook("no-answer", bridged=False, parent="in-progress")
    world.hook({**report, "DialCallSid": rang.id})
    world.clock.now = NOW
    world.hook(status_hook("completed", 52, Timestamp=format_datetime(NOW)))
    world.hook(recording_hook(27))
    world.hook(
        {**recording_hook(12), "RecordingSource": "RecordVerb", "RecordingSid": "RE" + "7" * 32}
    )
    world.pass_time(65)
    (post,) = world.target.posts
    assert post.body["outcome"] == ("answered" if was_answered else "voicemail")


def test_a_dial_that_was_given_up_and_did_not_report_yet_is_waited_for(engine: sa.Engine) -> None:
    """The first dial reported that nobody answered; the phone of the second one was canceled at the end."""
    world = one_line(engine)
    child = {"ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    rang = format_datetime(NOW - timedelta(seconds=4))
    world.hook(status_hook("no-answer", 0, CallSid=CHILD, **child, Timestamp=rang))
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    second = "CA" + "9" * 32
    end = format_datetime(NOW)
    world.hook(status_hook("completed", 14, Timestamp=end))
    world.hook(status_hook("canceled", 0, CallSid=second, **child, Timestamp=end))
    world.pass_time(0.2)
    report = dial_hook("canceled", bridged=False, parent="completed")
    world.hook({**report, "DialCallSid": second})
    world.pass_time(15)
    assert [post.body["outcome"] for post in world.target.posts] == ["abandoned"]


@pytest.mark.parametrize("lag", [0.0, 15.0, 55.0])
def test_a_talk_before_a_dial_that_the_caller_gave_up_is_asked_for(
    engine: sa.Engine, lag: float
) -> None:
    """They talked for 20 s. The caller was led on, and hung up 6 s later. The first dial has no action."""
    talked = leg(S.COMPLETED, 20, ended_at=NOW - timedelta(seconds=7))
    world = one_line(engine, children_at=[(-1.0, []), (lag, [talked])])
    report = dial_hook("canceled", bridged=False, parent="completed")
    world.hook({**report, "DialCallSid": OTHER_CALL})
    world.hook(status_hook("completed", 30, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 20)]


@pytest.mark.parametrize(("seconds", "is_assumed"), [(25, False), (28, True)])
def test_where_the_api_stays_silent_it_is_assumed_that_a_caller_who_gave_up_had_not_talked(
    engine: sa.Engine, seconds: int, is_assumed: bool
) -> None:
    world = one_line(engine, silence=(1e9, SILENT))
    world.hook(dial_hook("canceled", bridged=False, parent="completed"))
    world.hook(status_hook("completed", seconds, Timestamp=format_datetime(NOW)))
    world.pass_time(1)
    assert len(world.target.posts) == (0 if is_assumed else 1)
    world.finish()
    told = [(post.body["outcome"], post.body["assumed"]) for post in world.target.posts]
    assert told == [("abandoned", is_assumed)]


@pytest.mark.parametrize(("seconds", "looks"), [(25, 0), (28, 1)])
def test_the_phone_that_rang_until_a_caller_gave_up_explains_the_time_before(
    engine: sa.Engine, seconds: int, looks: int
) -> None:
    """They heard a greeting. Of a short call, even that is not asked."""
    since = NOW - timedelta(seconds=18)
    rang = leg(S.CANCELED, 0, created_at=since, started_at=since, ended_at=NOW)
    world = one_line(engine, children_at=[(0.0, [rang])])
    world.hook(dial_hook("canceled", bridged=False, parent="completed"))
    world.hook(status_hook("completed", seconds, Timestamp=format_datetime(NOW)))
    world.pass_time(1)
    assert [post.body["outcome"] for post in world.target.posts] == ["abandoned"]
    assert len(asked_at(world)) == looks


@pytest.mark.parametrize(("greeting", "seconds_until"), [(15, 1), (22, 45), (45, 65)])
def test_that_nothing_was_before_the_phone_rang_is_believed_once_it_is_listed(
    engine: sa.Engine, greeting: int, seconds_until: int
) -> None:
    """Its list is empty at first. Hooks tell since when the phone rang, 20 s before the caller gave up."""
    world = one_line(engine)
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    rang, end = format_datetime(NOW - timedelta(seconds=20)), format_datetime(NOW)
    world.hook({**status_hook("ringing", Timestamp=rang), **child})
    world.hook({**status_hook("canceled", 0, Timestamp=end), **child})
    world.hook(dial_hook("canceled", bridged=False, parent="completed"))
    world.hook(status_hook("completed", greeting + 20, Timestamp=end))
    world.pass_time(seconds_until)
    assert [post.body["outcome"] for post in world.target.posts] == ["abandoned"]


@pytest.mark.parametrize("lag", [0.0, 15.0, 50.0])
@pytest.mark.parametrize("then", ["phone", "phone that tells", "queue"])
def test_a_talk_between_a_phone_that_nobody_took_and_the_caller_giving_up_is_asked_for(
    engine: sa.Engine, lag: float, then: str
) -> None:
    """The first dial reports 60 s before the end. They talked for 28 s; the caller was led on, and hung up."""
    talked = leg(S.COMPLETED, 28, id="CA" + "9" * 32, ended_at=NOW - timedelta(seconds=20))
    world = one_line(engine, children_at=[(-100.0, []), (lag, [talked])])
    world.clock.now = NOW - timedelta(seconds=60)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.clock.now = NOW
    end = format_datetime(NOW)
    if then == "queue":
        world.hook({**queue_hook(17), "QueueResult": "hangup"})
    else:
        gives_up_at_another_phone(world)
    if then == "phone that tells":
        child = {**RANG, "CallSid": OTHER_CALL}
        rang = format_datetime(NOW - timedelta(seconds=18))
        world.hook({**status_hook("ringing", Timestamp=rang), **child})
        world.hook({**status_hook("canceled", 0, Timestamp=end), **child})
    world.hook(status_hook("completed", 85, Timestamp=end))
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 28)]


def test_a_talk_before_the_caller_gave_up_is_asked_for_before_the_call_itself_reports(
    engine: sa.Engine,
) -> None:
    """The report of the dial says that the caller has left. That of the call comes 25 s later."""
    talked = leg(S.COMPLETED, 28, id="CA" + "9" * 32, ended_at=NOW - timedelta(seconds=20))
    world = one_line(engine, children_at=[(-100.0, []), (15.0, [talked])])
    world.clock.now = NOW - timedelta(seconds=60)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    gives_up_at_another_phone(world)
    world.pass_time(25)
    assert [post.body["outcome"] for post in world.target.posts] in ([], ["answered"])
    world.hook(status_hook("completed", 85, Timestamp=format_datetime(NOW)))
    world.pass_time(40)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 28)]


def test_a_phone_that_was_busy_did_not_ring(engine: sa.Engine) -> None:
    """So nothing explains the 24 s before it: somebody talked for 13 s of them."""
    talked = leg(S.COMPLETED, 13, id="CA" + "9" * 32, ended_at=NOW - timedelta(seconds=25))
    world = one_line(engine, children_at=[(-100.0, []), (30.0, [talked])])
    busy = {**RANG, "CallDuration": "0"}
    world.clock.now = NOW - timedelta(seconds=22)
    world.hook({**status_hook("busy", Timestamp=format_datetime(world.clock.now)), **busy})
    world.hook(dial_hook("busy", bridged=False, parent="in-progress"))
    gives_up_at_another_phone(world)
    world.hook(status_hook("completed", 46, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 13)]


def test_a_phone_that_is_listed_does_not_explain_the_time_between_it_and_a_queue(
    engine: sa.Engine,
) -> None:
    """Two phones rang together. The one that nobody took is listed first; the other one talked for 42 s."""
    began, up = NOW - timedelta(seconds=62), NOW - timedelta(seconds=52)
    untaken = leg(S.NO_ANSWER, 0, created_at=began, started_at=began, ended_at=up)
    talked = leg(S.COMPLETED, 42, id="CA" + "9" * 32, ended_at=NOW - timedelta(seconds=10))
    world = one_line(engine, children_at=[(0.0, [untaken]), (39.0, [untaken, talked])])
    world.hook({**queue_hook(10), "QueueResult": "hangup"})
    world.hook(status_hook("completed", 79, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 42)]


@pytest.mark.parametrize("then", ["message", "queue and message", "second talk"])
def test_a_phone_that_stopped_ringing_though_nobody_gave_up_tells_of_another_one(
    engine: sa.Engine, then: str
) -> None:
    """Two phones rang together, and no dial reported of it. The one that was picked up is listed 36 s late."""
    began, up = NOW - timedelta(seconds=60), NOW - timedelta(seconds=55)
    stopped = leg(S.CANCELED, 0, created_at=began, started_at=began, ended_at=up)
    talked = leg(S.COMPLETED, 30, id="CA" + "9" * 32, ended_at=NOW - timedelta(seconds=25))
    before = leg(S.COMPLETED, 12, id="CA" + "8" * 32, ended_at=NOW - timedelta(seconds=61))
    first = [stopped, before] if then == "second talk" else [stopped]
    world = one_line(engine, children_at=[(0.0, first), (10.5, [*first, talked])])
    if then == "second talk":
        world.hook({**queue_hook(20), "QueueResult": "hangup"})
    else:
        if then == "queue and message":
            world.clock.now = NOW - timedelta(seconds=12)
            world.hook({**queue_hook(8), "QueueResult": "leave"})
            world.clock.now = NOW
        message = {"RecordingSource": "RecordVerb", "RecordingSid": "RE" + "7" * 32}
        world.hook({**recording_hook(6), **message})
    world.hook(status_hook("completed", 78, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 42 if then == "second talk" else 30)]


@pytest.mark.parametrize(("talk", "reads"), [(12, 2), (0, 0)])
def test_where_our_side_called_a_short_time_before_the_phone_rang_is_asked_about(
    engine: sa.Engine, talk: int, reads: int
) -> None:
    """There is no greeting. Our program called our agent, who talked to the person, and dialled them again."""
    ends = {"from_number": LINE, "to_number": CALLER, "ended_at": NOW - timedelta(seconds=8)}
    talked = leg(S.COMPLETED, talk, id="CA" + "9" * 32, **ends)
    since = talk + 11 if talk else 11
    world = one_line(engine, children_at=[(0.0, []), (11.0, [talked] if talk else [])])
    end = format_datetime(NOW)
    ours = {"Direction": "outbound-api", "From": LINE, "To": AGENT}
    child = {**RANG, "To": CALLER, "From": LINE}
    rang = format_datetime(NOW - timedelta(seconds=7))
    world.hook({**status_hook("ringing", Timestamp=rang), **child})
    world.hook({**status_hook("canceled", 0, Timestamp=end), **child})
    world.hook({**dial_hook("canceled", bridged=False, parent="completed"), **ours})
    world.hook({**status_hook("completed", since, Timestamp=end), **ours})
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", talk) if talk else ("no_answer", 0)]
    assert len(asked_at(world)) == reads


def test_a_wait_after_a_conversation_out_of_a_queue_is_not_taken_from_it(engine: sa.Engine) -> None:
    """They waited for 10 s, talked for 38 s, and waited again for 25 s, until they hung up."""
    world = one_line(engine)
    world.clock.now = NOW - timedelta(seconds=25)
    world.hook(queue_hook(10))
    world.clock.now = NOW
    again = {"QueueResult": "hangup", "QueueSid": "QU" + "2" * 32}
    world.hook({**queue_hook(25), **again})
    world.hook(status_hook("completed", 73, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 38)]


@pytest.mark.parametrize("greeting", [2, 15])
def test_the_ring_of_the_phone_that_was_picked_up_is_not_taken_for_silence(
    engine: sa.Engine, greeting: int
) -> None:
    """It rang for 24 s, as its hooks tell. Nothing is asked, and the call is written at once."""
    world = one_line(engine)
    rang = format_datetime(NOW - timedelta(seconds=49))
    end = format_datetime(NOW)
    world.hook({**status_hook("ringing", Timestamp=rang), **RANG})
    world.hook({**status_hook("completed", 25, Timestamp=end), **RANG})
    world.hook(dial_hook("completed", 25, bridged=True, parent="completed"))
    world.hook(status_hook("completed", greeting + 49, Timestamp=end))
    world.pass_time(1)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 25)]
    assert asked_at(world) == []


def test_that_a_later_phone_does_not_tell_its_ring_says_nothing_of_the_time_before_the_first(
    engine: sa.Engine,
) -> None:
    """Somebody talked for 12 s before the first phone rang, 41 s after the beginning. No dial told of it."""
    talked = leg(S.COMPLETED, 12, id="CA" + "9" * 32, ended_at=NOW - timedelta(seconds=33))
    world = one_line(engine, children_at=[(-100.0, []), (12.0, [talked])])
    world.clock.now = NOW - timedelta(seconds=14)
    rang = format_datetime(NOW - timedelta(seconds=31))
    world.hook({**status_hook("ringing", Timestamp=rang), **RANG})
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    gives_up_at_another_phone(world)
    world.hook(status_hook("completed", 72, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 12)]


def test_a_caller_who_gave_up_at_the_second_phone_leaves_nothing_open(engine: sa.Engine) -> None:
    world = one_line(engine)
    world.clock.now = NOW - timedelta(seconds=15)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    gives_up_at_another_phone(world)
    world.hook(status_hook("completed", 40, Timestamp=format_datetime(NOW)))
    world.pass_time(1)
    assert [post.body["outcome"] for post in world.target.posts] == ["abandoned"]
    assert asked_at(world) == []


def test_a_leg_of_a_leg_that_is_told_of_after_both_is_in_the_call(engine: sa.Engine) -> None:
    """The leg that was handed on was taken for a call, as the hook of what it dialled came before its own."""
    world = handed_on(engine, second_began=True)
    second = {"CallSid": "CA" + "9" * 32, "ParentCallSid": CHILD, "Direction": "outbound-dial"}
    ends = {"From": LINE, "To": "+16175550188", "Timestamp": format_datetime(NOW)}
    world.hook(status_hook("completed", 46, **second, **ends))
    world.pass_time(1)
    (onward,) = world.call(CALL).record.onward_legs
    assert (onward.status, onward.duration_seconds) == (S.COMPLETED, 46)
    world.pass_time(15)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [200]


RANG_IN_VAIN = leg(
    S.NO_ANSWER, 0, started_at=NOW - timedelta(seconds=100), ended_at=NOW - timedelta(seconds=70)
)
RANG = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}


@pytest.mark.parametrize(
    ("status", "parent"), [("no-answer", "in-progress"), ("canceled", "completed")]
)
def test_a_dial_that_nobody_answered_does_not_hide_the_conversation_before_it(
    engine: sa.Engine, status: str, parent: str
) -> None:
    """The report of the first dial is lost. The second one rang until the end, or until the caller gave up."""
    talked = before_the_dial(80)[0]
    world = one_line(engine, children_at=[(0.0, [talked, RANG_IN_VAIN])])
    end = {"Timestamp": format_datetime(NOW)}
    world.hook(status_hook(status, 0, **RANG, **end))
    world.hook(dial_hook(status, bridged=False, parent=parent))
    world.hook(status_hook("completed", 190, **end))
    world.pass_time(1)
    bodies = [post.body for post in world.target.posts]
    assert [(body["outcome"], body["talk_seconds"]) for body in bodies] == [("answered", 80)]
    assert asked_at(world) == [0.0]


def test_a_message_after_a_dial_that_nobody_answered_does_not_hide_it_either(
    engine: sa.Engine,
) -> None:
    talked = before_the_dial(80)[0]
    world = one_line(engine, children_at=[(0.0, [talked, RANG_IN_VAIN])])
    world.clock.now = NOW - timedelta(seconds=40)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.clock.now = NOW
    world.hook(recording_hook(20))
    world.hook(status_hook("completed", 190, Timestamp=format_datetime(NOW)))
    world.pass_time(70)
    (post,) = world.target.posts
    assert (post.body["outcome"], post.body["talk_seconds"]) == ("answered", 80)


def test_a_phone_that_nobody_answers_rings_for_longer_and_leaves_nothing_open(
    engine: sa.Engine,
) -> None:
    """A greeting of 15 s, then 30 s of ringing."""
    world = one_line(engine)
    end = {"Timestamp": format_datetime(NOW)}
    world.hook(status_hook("no-answer", 0, **RANG, **end))
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.hook(status_hook("completed", 45, **end))
    world.pass_time(1)
    assert [post.body["outcome"] for post in world.target.posts] == ["no_answer"]
    assert asked_at(world) == []


def test_the_silence_of_the_api_does_not_tell_what_came_before_a_conversation(
    engine: sa.Engine,
) -> None:
    world = one_line(engine, children_at=[(0.0, before_the_dial(80))], silence=(30.0, SILENT))
    world.hook(dial_hook("completed", 95, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 190, Timestamp=format_datetime(NOW)))
    world.pass_time(70)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [175]


@pytest.mark.parametrize(
    "reports",
    [
        [dial_hook("completed", 80, bridged=True, parent="completed")],
        [
            dial_hook("no-answer", bridged=False, parent="in-progress")
            | {"DialCallSid": "CA" + "8" * 32},
            dial_hook("completed", 60, bridged=True, parent="completed"),
        ],
    ],
    ids=["one phone", "two phones"],
)
def test_a_phone_that_rings_for_as_long_as_phones_do_leaves_nothing_open(
    engine: sa.Engine, reports: list[dict[str, str]]
) -> None:
    """The call was picked up 95 s before its end. The first of two phones rang until 78 s before it."""
    world = one_line(engine)
    world.clock.now = NOW - timedelta(seconds=78)
    for report in reports[:-1]:
        world.hook(report)
    world.clock.now = NOW
    world.hook(reports[-1])
    world.hook(status_hook("completed", 95, Timestamp=format_datetime(NOW)))
    world.pass_time(1)
    assert [post.body["outcome"] for post in world.target.posts] == ["answered"]
    assert asked_at(world) == []


@pytest.mark.parametrize(
    ("first_listed_at", "written_by"), [(0.0, 1.0), (14.0, 21.0)], ids=["at once", "late"]
)
def test_a_list_is_believed_only_of_what_it_had_time_to_learn(
    engine: sa.Engine, first_listed_at: float, written_by: float
) -> None:
    """The second conversation was short, so the API need not have the first one yet that ended just before."""
    first = leg(
        S.COMPLETED,
        80,
        id="CA" + "8" * 32,
        started_at=NOW - timedelta(seconds=128),
        ended_at=NOW - timedelta(seconds=45),
    )
    last = leg(S.COMPLETED, 35, started_at=NOW - timedelta(seconds=40), ended_at=NOW)
    world = one_line(engine, children_at=[(0.0, [last]), (first_listed_at, [first, last])])
    world.hook(dial_hook("completed", 35, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 130, Timestamp=format_datetime(NOW)))
    world.pass_time(written_by)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [115]


def test_a_phone_that_began_to_ring_late_does_not_hide_the_conversation_before_it(
    engine: sa.Engine,
) -> None:
    """The second phone is listed first; it tells when it began to ring, and that something was before."""
    rang = leg(S.NO_ANSWER, 0, started_at=NOW - timedelta(seconds=10), ended_at=NOW)
    first = leg(
        S.COMPLETED,
        29,
        id="CA" + "8" * 32,
        started_at=NOW - timedelta(seconds=42),
        ended_at=NOW - timedelta(seconds=11),
    )
    world = one_line(engine, children_at=[(0.0, [rang]), (18.0, [first, rang])])
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.hook(status_hook("completed", 43, Timestamp=format_datetime(NOW)))
    world.pass_time(70)
    bodies = [post.body for post in world.target.posts]
    assert [(body["outcome"], body["talk_seconds"]) for body in bodies] == [("answered", 29)]


def test_hooks_bring_a_call_forward_whatever_looks_failed_before(engine: sa.Engine) -> None:
    """A phone of a ring-all reports, so the call is looked at while it goes on, and the API is silent."""
    world = world_with(engine, silence=(1e9, SILENT))
    world.hook(status_hook("in-progress", Timestamp=format_datetime(NOW - timedelta(seconds=5))))
    world.hook(status_hook("canceled", 0, **RANG, Timestamp=format_datetime(NOW)))
    world.pass_time(400)
    assert world.target.posts == []
    end = world.clock()
    other = {**RANG, "CallSid": "CA" + "8" * 32}
    world.hook(status_hook("completed", 390, **other, Timestamp=format_datetime(end)))
    report = dial_hook("completed", 390, bridged=True, parent="completed")
    world.hook({**report, "DialCallSid": other["CallSid"]})
    world.hook(status_hook("completed", 405, Timestamp=format_datetime(end)))
    world.pass_time(2)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [390]


# Those who were handed on ----------------------------------------------------------------------------


@pytest.mark.parametrize("has_first_report", [True, False])
@pytest.mark.parametrize(("second", "talk"), [("46", 200), (None, 206)])
@pytest.mark.parametrize("ended_first", [True, False])
@pytest.mark.parametrize("pause_seconds", [0.0, 2.0])
@pytest.mark.parametrize("names_parent", [True, False])
def test_a_person_who_was_handed_on_talked_for_both_conversations(
    engine: sa.Engine,
    has_first_report: bool,
    second: str | None,
    talk: int,
    ended_first: bool,
    pause_seconds: float,
    names_parent: bool,
) -> None:
    """Our agent called from the browser, handed the person on and left; the person's leg dialled another agent.

    After 154 s the other phone rang for 6 s, then they talked for 46 s; of a conference no length is told.
    """
    world = one_line(engine)
    ends = {"From": "client:agent_7", "To": CALLER, "Direction": "inbound"}
    person = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": CALLER}
    person["From"] = LINE
    began = format_datetime(NOW - timedelta(seconds=206))
    world.hook({**status_hook("in-progress"), **person, "Timestamp": began})
    if has_first_report:
        report = dial_hook("completed", bridged=True, parent="completed")
        del report["DialCallDuration"]
        world.hook({**report, **ends})
    left = format_datetime(NOW - timedelta(seconds=52))
    world.hook(status_hook("completed", 162, **ends, Timestamp=left))
    grandchild = {"CallSid": CHILD, "DialCallSid": "CA" + "9" * 32, "Direction": "outbound-dial"}
    onward = {**dial_hook("completed", bridged=True, parent="completed"), **grandchild}
    onward |= {"From": LINE, "To": CALLER, **({"ParentCallSid": CALL} if names_parent else {})}
    if second is None:
        onward |= {"DialCallStatus": "answered"}
        del onward["DialCallSid"], onward["DialCallDuration"]
    else:
        onward["DialCallDuration"] = second
    over = status_hook("completed", 206, **{**person, "Timestamp": format_datetime(NOW)})
    for hook in (over, onward) if ended_first else (onward, over):
        world.hook(hook)
        world.pass_time(pause_seconds)
    world.finish()
    if not pause_seconds:
        bodies = [post.body for post in world.target.posts]
        assert [(body["outcome"], body["talk_seconds"]) for body in bodies] == [("answered", talk)]
    assert world.call(CALL).talk_seconds == talk


def handed_on(
    engine: sa.Engine,
    *onward: tuple[float, Leg],
    left_before: float = 52.0,
    second_began: bool = False,
) -> World:
    """Our agent called from the browser, handed the person on and left. No hook tells to whom.

    onward: what the person's leg dialled, each from so many seconds on after NOW in the provider's list. The
    person's leg ended NOW, after 206 s; ours so many seconds before.
    second_began: a hook told that the other agent picked up.
    """
    talked = leg(S.COMPLETED, 206, from_number=LINE, to_number=CALLER, ended_at=NOW)
    moments = sorted({0.0, *(since for since, _ in onward)})
    lists = [(at, [talked, *(each for since, each in onward if since <= at)]) for at in moments]
    world = one_line(engine, children_at=lists)
    person = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial"}
    person |= {"From": LINE, "To": CALLER, "Timestamp": format_datetime(NOW)}
    ours = {"From": "client:agent_7", "To": CALLER, "Direction": "inbound"}
    left = format_datetime(NOW - timedelta(seconds=left_before))
    world.hook(status_hook("completed", 164, **ours, Timestamp=left))
    if second_began:
        second = {"CallSid": "CA" + "9" * 32, "ParentCallSid": CHILD, "Direction": "outbound-dial"}
        picked_up = format_datetime(NOW - timedelta(seconds=46))
        ends = {"From": LINE, "To": "+16175550188", "Timestamp": picked_up}
        world.hook({**status_hook("in-progress"), **second, **ends})
    world.hook(status_hook("completed", 206, **person))
    return world


def second_agent(status: LegStatus, seconds: int, **facts: Any) -> Leg:
    """The leg to another agent, whose number we do not know, that the person's leg dialled."""
    ends = {"from_number": LINE, "to_number": "+16175550188", "ended_at": NOW, **facts}
    return leg(status, seconds, id="CA" + "9" * 32, parent_id=CHILD, **ends)


@pytest.mark.parametrize("since", [0.0, 30.0])
def test_whom_a_person_was_handed_on_to_is_asked(engine: sa.Engine, since: float) -> None:
    """The other phone rang for 6 s: that was no talk."""
    world = handed_on(engine, (since, second_agent(S.COMPLETED, 46)))
    world.pass_time(15)
    assert len(world.target.posts) == (0 if since else 1)
    world.pass_time(30)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [200]
    assert world.call(CALL).other == CALLER


def called_from_the_browser(engine: sa.Engine, stayed: float, *second: tuple[float, Leg]) -> World:
    """The person did not answer at first; our side stayed for so many seconds after that, until NOW.

    second: what else our side dialled, from so many seconds on after NOW in the provider's list.
    """
    lists = [(0.0, ()), *((since, [each]) for since, each in second)]
    world = one_line(engine, children_at=lists)
    ours = {"From": "client:agent_7", "To": CALLER, "Direction": "inbound"}
    person = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial"}
    rang = {
        "From": LINE,
        "To": CALLER,
        "Timestamp": format_datetime(NOW - timedelta(seconds=stayed)),
    }
    world.hook(status_hook("no-answer", 0, **person, **rang))
    world.hook(status_hook("completed", 7 + int(stayed), **ours, Timestamp=format_datetime(NOW)))
    world.pass_time(15)
    return world


@pytest.mark.parametrize("lag_seconds", [0.0, 35.0])
def test_whether_our_side_dialled_again_is_asked(engine: sa.Engine, lag_seconds: float) -> None:
    """No hook tells of the second leg, which was answered."""
    ids = {"id": OTHER_CALL, "from_number": LINE, "to_number": CALLER, "ended_at": NOW}
    second = (lag_seconds, leg(S.COMPLETED, 18, **ids))
    world = called_from_the_browser(engine, 24, second)
    world.pass_time(47)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 18)]


@pytest.mark.parametrize("is_reported", [True, False])
def test_a_talk_before_a_dial_that_our_side_gave_up_is_asked_for_once(
    engine: sa.Engine, is_reported: bool
) -> None:
    """Our side called again after they had talked for 20 s, and hung up while it rang."""
    ids = {"from_number": LINE, "to_number": CALLER}
    talked = leg(S.COMPLETED, 20, ended_at=NOW - timedelta(seconds=10), **ids)
    world = one_line(engine, children_at=[(0.0, [talked])])
    ours = {"From": "client:agent_7", "To": CALLER, "Direction": "inbound"}
    again = {"CallSid": OTHER_CALL, "ParentCallSid": CALL, "Direction": "outbound-dial"}
    end = {"Timestamp": format_datetime(NOW)}
    if is_reported:
        report = dial_hook("canceled", bridged=False, parent="completed")
        world.hook({**report, **ours, "DialCallSid": OTHER_CALL})
    world.hook(status_hook("canceled", 0, **again, From=LINE, To=CALLER, **end))
    world.hook(status_hook("completed", 34, **ours, **end))
    world.pass_time(70)
    told = [(post.body["outcome"], post.body["talk_seconds"]) for post in world.target.posts]
    assert told == [("answered", 20)]


@pytest.mark.parametrize(("stayed", "reads"), [(2, []), (18, ["legs"])])
def test_a_call_out_that_nobody_answered_is_not_made_to_wait(
    engine: sa.Engine, stayed: float, reads: list[str]
) -> None:
    world = called_from_the_browser(engine, stayed)
    assert [post.body["outcome"] for post in world.target.posts] == ["no_answer"]
    assert world.reader is not None and world.reader.reads == reads


def test_a_person_whom_nobody_took_over_talked_until_our_side_left(engine: sa.Engine) -> None:
    world = handed_on(engine, (0.0, second_agent(S.NO_ANSWER, 0)))
    world.pass_time(65)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [154]


def test_a_person_who_was_handed_on_to_no_phone_talked_as_long_as_their_leg(
    engine: sa.Engine,
) -> None:
    """Into a conference, for example. It is waited for phones that the provider may not list yet."""
    world = handed_on(engine)
    world.pass_time(55)
    assert world.target.posts == []
    world.pass_time(10)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [206]


@pytest.mark.parametrize("result", ["hangup", "leave", "bridged"])
def test_a_person_who_was_handed_on_to_a_queue_did_not_talk_while_they_waited(
    engine: sa.Engine, result: str
) -> None:
    """Where they left it themselves, nothing more is to be asked: that was the end of their call."""
    world = one_line(engine)
    person = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial"}
    person |= {"From": LINE, "To": CALLER}
    ours = {"From": "client:agent_7", "To": CALLER, "Direction": "inbound"}
    left = format_datetime(NOW - timedelta(seconds=12))
    world.hook(status_hook("completed", 194, **ours, Timestamp=left))
    over = {**person, "Timestamp": format_datetime(NOW)}
    world.hook(status_hook("completed", 206, **over))
    world.hook({**queue_hook(10), **person, "QueueResult": result})
    world.pass_time(70)
    bodies = [post.body for post in world.target.posts]
    assert [(body["outcome"], body["talk_seconds"]) for body in bodies] == [("answered", 196)]
    assert world.reader is not None
    assert ("legs" in world.reader.reads) is (result == "bridged")


def test_whoever_took_the_person_over_hung_up_with_them(engine: sa.Engine) -> None:
    """The hook that tells how long they talked is lost: it is asked, and not waited for."""
    world = handed_on(engine, (0.0, second_agent(S.COMPLETED, 46)), second_began=True)
    world.pass_time(15)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [200]


def test_a_person_who_hung_up_when_we_did_was_not_handed_on(engine: sa.Engine) -> None:
    world = handed_on(engine, (0.0, second_agent(S.COMPLETED, 46)), left_before=3.0)
    world.pass_time(15)
    assert asked_at(world) == []
    assert [post.body["talk_seconds"] for post in world.target.posts] == [206]


# What came after a phone of which no dial reported ------------------------------------------------------


@pytest.mark.parametrize(("messages", "outcome"), [([25], "voicemail"), ([], "answered")])
def test_after_a_short_leg_without_a_report_it_is_asked_for_a_message(
    engine: sa.Engine, messages: list[int], outcome: str
) -> None:
    """The phone was turned down at the whisper; only its own hooks came."""
    world = one_line(engine)
    assert world.reader is not None
    world.reader.recordings = [
        recording_of(
            {
                "sid": "RE" + "1" * 32,
                "source": "RecordVerb",
                "status": "completed",
                "duration": str(n),
            },
            "https://api.example",
        )
        for n in messages
    ]
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    over = format_datetime(NOW - timedelta(seconds=40))
    world.hook({**status_hook("completed", 4, **child), "Timestamp": over})
    world.hook(status_hook("completed", 60, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    assert [(p.body["outcome"], p.body["assumed"]) for p in world.target.posts] == [(outcome, True)]


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "not told"])
def test_a_conference_that_named_the_call_is_counted_to_its_end(
    engine: sa.Engine, is_told: bool
) -> None:
    """A warm transfer: after 20 s our program moved caller and agent into a conference."""
    world = one_line(engine)
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    world.clock.now = NOW - timedelta(seconds=30)
    moved = format_datetime(world.clock())
    world.hook({**status_hook("completed", 20, **child), "Timestamp": moved})
    if is_told:
        room = {"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-join"}
        world.hook({"AccountSid": ACCOUNT, "CallSid": CALL, **room})
    world.clock.now = NOW
    world.hook(status_hook("completed", 58, Timestamp=format_datetime(NOW)))
    world.finish()
    (post,) = world.target.posts
    assert (post.body["talk_seconds"], post.body["assumed"]) == (50 if is_told else 20, True)


@pytest.mark.parametrize(
    ("joined_before", "reads", "talk"), [(68.0, 1, 83), (100.0, 0, 105), (None, 0, 105)]
)
def test_what_came_before_a_conference_that_was_joined_late_is_asked(
    engine: sa.Engine, joined_before: float | None, reads: int, talk: int
) -> None:
    """They talked for 24 s, and our program moved both on. No hook tells of the first phone."""
    first = leg(S.COMPLETED, 24, ended_at=NOW - timedelta(seconds=59))
    world = one_line(engine, children_at=[(0.0, [first])])
    if joined_before is not None:
        world.clock.now = NOW - timedelta(seconds=joined_before)
        room = {"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-join"}
        world.hook({"AccountSid": ACCOUNT, "CallSid": CALL, **room})
    world.clock.now = NOW
    dial = {**dial_hook("answered", bridged=True, parent="completed")}
    for name in ("DialCallSid", "DialCallDuration", "DialBridged"):
        del dial[name]
    world.hook(status_hook("completed", 105, Timestamp=format_datetime(NOW)))
    world.hook(dial)
    world.pass_time(1)
    (post,) = world.target.posts
    assert (post.body["talk_seconds"], post.body["assumed"]) == (talk, False)
    assert len(asked_at(world)) == reads


@pytest.mark.parametrize("stayed", [6, 28, 60])
@pytest.mark.parametrize("is_joined", [True, False], ids=["joined", "alone"])
def test_whoever_met_somebody_in_a_conference_after_a_dial_was_answered(
    engine: sa.Engine, is_joined: bool, stayed: int
) -> None:
    """A phone rang out before the end. Then the caller was in a conference, maybe with music alone."""
    world = one_line(engine)
    world.clock.now = NOW - timedelta(seconds=stayed)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    room = {"ConferenceSid": "CF1", "StatusCallbackEvent": "participant-join"}
    for call in [CALL, OTHER_CALL] if is_joined else [CALL]:
        world.hook({"AccountSid": ACCOUNT, "CallSid": call, **room})
    world.clock.now = NOW
    world.hook(status_hook("completed", 90, Timestamp=format_datetime(NOW)))
    world.pass_time(65)
    (post,) = world.target.posts
    told = post.body["outcome"], post.body["talk_seconds"], post.body["assumed"]
    assert told == (("answered", stayed, True) if is_joined else ("no_answer", 0, stayed > 30))


@pytest.mark.parametrize("is_dated", [True, False], ids=["Timestamp", "no Timestamp"])
def test_a_conversation_before_a_message_is_asked_for(engine: sa.Engine, is_dated: bool) -> None:
    """They talked for 258 s, and then the caller left a message. No hook tells of the dial."""
    talked = leg(S.COMPLETED, 258, ended_at=NOW - timedelta(seconds=46))
    world = one_line(engine, children_at=[(0.0, [talked])])
    end = status_hook("completed", 310, Timestamp=format_datetime(NOW))
    if not is_dated:
        del end["Timestamp"]
    world.hook(end)
    world.hook(recording_hook(34, RecordingSource="RecordVerb"))
    world.pass_time(65)
    (post,) = world.target.posts
    assert (post.body["outcome"], post.body["talk_seconds"]) == ("answered", 258)


# Dials before a queue ------------------------------------------------------------------------------------


def test_what_came_before_a_queue_is_asked_where_the_agents_dial_tells_the_rest(
    engine: sa.Engine,
) -> None:
    """They talked for 101 s and the caller was parked: no report. Then an agent took them up for 18 s."""
    talked = leg(S.COMPLETED, 101, ended_at=NOW - timedelta(seconds=30))
    world = one_line(engine, children_at=[(0.0, [talked])])
    agents = {"CallSid": OTHER_CALL, "From": LINE, "To": AGENT, "Direction": "outbound-api"}
    taken = {**dial_hook("completed", 18, bridged=True, parent="in-progress"), **agents}
    world.hook(queue_hook(11))
    world.hook({**taken, "DialCallSid": CALL})
    world.hook(status_hook("completed", 135, Timestamp=format_datetime(NOW)))
    world.pass_time(15)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [119]


def test_a_late_report_of_a_dial_before_a_queue_does_not_shorten_the_talk(
    engine: sa.Engine,
) -> None:
    """The phone rang out 40 s before the end, and they talked for 36 s. The report came 20 s late."""
    rang = leg(S.NO_ANSWER, 0, ended_at=NOW - timedelta(seconds=40))
    world = one_line(engine, children_at=[(0.0, [rang])])
    world.clock.now = NOW - timedelta(seconds=20)
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.clock.now = NOW
    world.hook({**queue_hook(4), "CallStatus": "completed"})
    world.hook(status_hook("completed", 60, Timestamp=format_datetime(NOW)))
    world.pass_time(15)
    assert [post.body["talk_seconds"] for post in world.target.posts] == [36]


# Calls that were never picked up ----------------------------------------------------------------------


def never_picked_up(engine: sa.Engine, status: LegStatus, **reader: Any) -> World:
    """A call that rang for 25 s, until NOW. Its last hook is the only one."""
    world = world_with(engine, **reader)
    assert world.reader is not None
    world.reader.call = Leg(
        id=CALL,
        direction=LegDirection.INBOUND,
        status=status,
        started_at=NOW - timedelta(seconds=25),
        ended_at=NOW,
    )
    hook = status_hook(status.value.replace("_", "-"), 0, Timestamp=format_datetime(NOW))
    world.hook(hook)
    return world


@pytest.mark.parametrize("status", [S.NO_ANSWER, S.BUSY, S.CANCELED, S.FAILED])
def test_a_call_of_which_only_the_end_was_told_is_dated_when_it_began_to_ring(
    engine: sa.Engine, status: LegStatus
) -> None:
    world = never_picked_up(engine, status)
    world.pass_time(1)
    began = (NOW - timedelta(seconds=25)).isoformat()
    assert [post.body["started_at"] for post in world.target.posts] == [began]
    assert len(asked_at(world)) == (2 if status is S.NO_ANSWER else 1)


@pytest.mark.parametrize(
    ("silent_seconds", "rang_seconds", "within"), [(15.0, 25, 65), (120.0, 25, 600), (1e9, 0, 1800)]
)
@pytest.mark.parametrize("error", [SILENT, BUSY], ids=["silent", "503"])
def test_when_it_began_to_ring_is_asked_again_until_the_api_answers(
    engine: sa.Engine, error: Exception, silent_seconds: float, rang_seconds: int, within: float
) -> None:
    """Or has been silent for a quarter of an hour."""
    world = never_picked_up(engine, S.NO_ANSWER, silence=(silent_seconds, error))
    world.pass_time(min(silent_seconds, UNREACHABLE_AFTER.total_seconds() - 60))
    assert world.target.posts == []
    world.pass_time(within)
    began = NOW - timedelta(seconds=rang_seconds)
    assert [post.body["started_at"] for post in world.target.posts] == [began.isoformat()]


@pytest.mark.parametrize(
    "error",
    [NotReached("Twilio's API gave no answer: it cannot be reached"), REFUSED],
    ids=["nothing outside is reached", "the credentials are refused"],
)
def test_where_nothing_more_is_to_be_had_a_missed_call_is_written_at_once(
    engine: sa.Engine, error: Exception
) -> None:
    world = never_picked_up(engine, S.NO_ANSWER, silence=(1e9, error))
    world.pass_time(1)
    assert [post.body["outcome"] for post in world.target.posts] == ["no_answer"]


def test_an_api_that_does_not_know_of_the_end_yet_is_asked_again_when_it_rang(
    engine: sa.Engine,
) -> None:
    world = never_picked_up(engine, S.FAILED)
    assert world.reader is not None
    whole, world.reader.call = world.reader.call, Leg(id=CALL, status=S.QUEUED)
    world.pass_time(15)
    assert world.target.posts == []
    world.reader.call = whole
    world.pass_time(10)
    began = (NOW - timedelta(seconds=25)).isoformat()
    assert [post.body["started_at"] for post in world.target.posts] == [began]


def test_a_call_that_the_provider_does_not_have_is_dated_by_its_hooks_at_once(
    engine: sa.Engine,
) -> None:
    world = world_with(engine)
    world.hook(status_hook("busy", 0, Timestamp=format_datetime(NOW)))
    world.pass_time(1)
    assert [post.body["started_at"] for post in world.target.posts] == [NOW.isoformat()]


@pytest.mark.parametrize(("there_after", "rang_seconds"), [(15.0, 25), (50.0, 25), (1e9, 0)])
def test_a_call_that_an_api_with_our_calls_does_not_have_yet_is_waited_for(
    engine: sa.Engine, there_after: float, rang_seconds: int
) -> None:
    """For as long as the API may lag. Another process learned that it has calls of ours."""
    world = world_with(engine)
    assert world.reader is not None
    ApiHealth(world.store).worked("twilio", ACCOUNT, NOW, had_call=True)
    world.hook(status_hook("no-answer", 0, Timestamp=format_datetime(NOW)))
    world.pass_time(min(there_after, 58))
    assert world.target.posts == []
    reason = world.call(CALL).reason
    assert reason == "not known yet: how long it rang"
    if there_after < API_LAG.total_seconds():
        world.reader.call = Leg(
            id=CALL,
            direction=LegDirection.INBOUND,
            status=S.NO_ANSWER,
            started_at=NOW - timedelta(seconds=25),
            ended_at=NOW,
        )
    world.pass_time(27 if there_after < 20 else 12)
    began = NOW - timedelta(seconds=rang_seconds)
    assert [post.body["started_at"] for post in world.target.posts] == [began.isoformat()]


def test_one_call_that_the_api_has_tells_that_it_has_ours(engine: sa.Engine) -> None:
    world = never_picked_up(engine, S.BUSY)
    world.pass_time(1)
    assert ApiHealth(world.store).has_calls("twilio", ACCOUNT)
    assert not ApiHealth(world.store).has_calls("twilio", "AC" + "9" * 32)


def test_a_hook_of_its_ringing_tells_when_a_call_began(engine: sa.Engine) -> None:
    world = world_with(engine)
    began = NOW - timedelta(seconds=25)
    world.hook(status_hook("ringing", Timestamp=format_datetime(began)))
    world.hook(status_hook("busy", 0, Timestamp=format_datetime(NOW)))
    world.pass_time(1)
    assert [post.body["started_at"] for post in world.target.posts] == [began.isoformat()]
    assert asked_at(world) == []


@pytest.mark.parametrize(
    ("phone", "outcome"), [(S.CANCELED, "abandoned"), (S.NO_ANSWER, "no_answer")]
)
def test_the_phone_that_rang_tells_who_gave_up_where_the_report_of_its_dial_is_lost(
    engine: sa.Engine, phone: LegStatus, outcome: str
) -> None:
    """With answerOnBridge the caller's own leg is never picked up either."""
    world = never_picked_up(engine, S.NO_ANSWER, children_at=[(0.0, [leg(phone, 0)])])
    world.pass_time(1)
    assert [post.body["outcome"] for post in world.target.posts] == [outcome]


@pytest.mark.parametrize("sentence", [0, 5, 6])
def test_a_call_that_ends_with_its_dial_leaves_nothing_open(
    engine: sa.Engine, sentence: int
) -> None:
    """The caller heard a sentence for so many seconds: in 5 s nobody hears a greeting and leaves a message."""
    world = world_with(engine)
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    world.hook(status_hook("no-answer", 0, **child, **TIMESTAMP))
    world.hook(dial_hook("no-answer", bridged=False, parent="in-progress"))
    world.clock.now = ended_at = world.clock() + timedelta(seconds=sentence)
    world.hook(status_hook("completed", 25 + sentence, Timestamp=format_datetime(ended_at)))
    world.pass_time(1)
    told = [post.body["outcome"] for post in world.target.posts]
    assert told == (["no_answer"] if sentence <= 5 else [])
    assert asked_at(world) == []


def test_an_agents_machine_that_the_caller_hung_up_on_is_no_answer(engine: sa.Engine) -> None:
    world = world_with(engine)
    child = {"CallSid": CHILD, "ParentCallSid": CALL, "Direction": "outbound-dial", "To": AGENT}
    world.hook(status_hook("completed", 12, AnsweredBy="machine_start", **child))
    world.hook(dial_hook("completed", 12, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 25))
    world.finish()
    assert world.target.posts[0].body["outcome"] == "no_answer"


def test_a_message_without_length_yet_may_be_said_to_have_none() -> None:
    row = {"sid": "RE" + "1" * 32, "source": "RecordVerb", "status": "processing", "duration": "0"}
    assert recording_of(row, "https://api.example").duration_seconds is None
    assert recording_of(row | {"status": "completed"}, "https://api.example").duration_seconds == 0


@pytest.mark.parametrize("error", [SILENT, BUSY, REFUSED], ids=["no answer", "503", "401"])
def test_an_outgoing_call_waits_a_minute_at_most_for_an_api_that_gives_no_answer(
    engine: sa.Engine, error: Exception
) -> None:
    """Most programs detect no machine: their hooks told all there is."""
    world = world_with(engine, silence=(3600, error))
    ends = {"Direction": "outbound-api", "From": LINE, "To": CALLER}
    world.hook(status_hook("completed", 65, **ends, **TIMESTAMP))
    world.pass_time(65)
    (post,) = world.target.posts
    assert (post.body["outcome"], post.body["assumed"]) == ("answered", True)
    assert len(asked_at(world)) <= 4


@pytest.mark.parametrize("error", [SILENT, BUSY, REFUSED], ids=["no answer", "503", "401"])
def test_one_silent_request_does_not_tell_who_picked_up(
    engine: sa.Engine, error: Exception
) -> None:
    """Its own hook is lost, and the API knows that it was a machine."""
    world = world_with(engine, silence=(15.0, error))
    assert world.reader is not None
    ends = {"Direction": "outbound-api", "From": LINE, "To": CALLER}
    world.reader.call = Leg(
        id=CALL,
        direction=LegDirection.OUTBOUND,
        from_number=LINE,
        to_number=CALLER,
        status=S.COMPLETED,
        duration_seconds=65,
        answered_by=AnsweredBy.MACHINE,
    )
    world.hook(status_hook("completed", 65, **ends, **TIMESTAMP))
    world.pass_time(30)
    assert [post.body["outcome"] for post in world.target.posts] == ["voicemail"]


def test_where_the_api_stays_silent_it_is_assumed_that_a_person_picked_up(
    engine: sa.Engine,
) -> None:
    world = world_with(engine, silence=(3600.0, BUSY))
    ends = {"Direction": "outbound-api", "From": LINE, "To": CALLER}
    world.hook(status_hook("completed", 65, **ends, **TIMESTAMP))
    world.pass_time(70)
    (post,) = world.target.posts
    assert (post.body["outcome"], world.call(CALL).record.was_unreachable) == ("answered", True)
    assert world.rules.assess(world.call(CALL).record).ending.assumed


def test_a_refused_list_of_the_calls_to_our_other_line_fails_no_call(engine: sa.Engine) -> None:
    """The list is one more source: where the provider refuses it, nobody is known to have talked there."""
    world = world_with(engine)
    assert world.reader is not None

    def refuse(account: str, number: str, since: datetime) -> Sequence[Leg]:
        raise PermanentError("Twilio's API answered 400", status=400)

    world.reader.calls_to = refuse  # type: ignore[method-assign]  # the fake's list of errors is used up by the first read
    child = {
        "CallSid": CHILD,
        "ParentCallSid": CALL,
        "Direction": "outbound-dial",
        "To": OTHER_LINE,
    }
    world.hook(status_hook("completed", 65, **child, **TIMESTAMP))
    world.hook(dial_hook("completed", 65, bridged=True, parent="completed"))
    world.hook(status_hook("completed", 70, **TIMESTAMP))
    world.finish()
    assert [post.body["outcome"] for post in world.target.posts] == ["no_answer"]
