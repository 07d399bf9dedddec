"""Is a number that is to be forgotten gone from everything: tables, files, formats, and what comes later?

The attacks: every file of SQLite is read byte by byte while other connections are open, and every table of
PostgreSQL in every schema; the number stands in them in each way in which people and programs write it.
"""

from __future__ import annotations

import json
import re
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from adapter.cli import commands
from adapter.config.lines_file import read_lines
from adapter.config.settings import Settings
from adapter.domain.call import FORGOTTEN, Call, CallState
from adapter.domain.call_event import WriteRequest
from adapter.domain.lifecycle import CallUpdate
from adapter.domain.lines import PersonKind
from adapter.domain.number_traces import Traces
from adapter.domain.phone import national_ten
from adapter.errors import SettingsError
from adapter.observability.exchanges import Exchange
from adapter.operations import decisions as desk
from adapter.operations.replay import replay_calls, replay_parked
from adapter.storage.engine import open_engine
from adapter.storage.erasure import BATCH, Erasure, Forgotten
from adapter.storage.lead_requests import LeadRequests
from adapter.storage.people_index import PeopleIndex
from adapter.storage.schema import attempts, calls, hooks, new_leads, person_numbers
from adapter.storage.store import Store
from adapter.worker.migrate import migrate_database
from tests.support.actors import TESTER
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, ENVIRON, LINE, NOW
from tests.support.hooks import signed
from tests.support.world import ANNA, PEOPLE, STAFF, World

CALLER = "+16175550134"
OTHER = "+16175550135"
LONDON = "+442079460018"
WRITTEN = {
    CALLER: [
        "+16175550134", "16175550134", "6175550134", "001-617-555-0134", "(617) 555-0134",
        "617-555-0134", "617.555.0134", "617 555 0134", "617\u00a0555\u00a00134", "617, 555, 01 34",
        "6 1 7 - 5 5 5 - 0 1 3 4", "617\u2011555\u20110134", "sip:+16175550134@203.0.113.5:5060",
        "%2B16175550134", "%28617%29+555-0134", "617%C2%A0555%C2%A00134", "617&nbsp;555&#8209;0134",
        "617\\u00a0555\\u00a00134",
    ],
    LONDON: [
        "+442079460018", "442079460018", "+44 20 7946 0018", "44-20-7946-0018", "%2B44+20+7946+0018",
    ],
}  # fmt: skip
ALL_WRITTEN = [(number, text) for number, texts in WRITTEN.items() for text in texts]


def lead_request(body: dict[str, str]) -> WriteRequest:
    return WriteRequest("/v1/leads/", {}, body)


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    return World(engine, clock)


def ended(call: str, caller: str = CALLER, **values: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "CallSid": call,
        "From": caller,
        "To": LINE,
        "Direction": "inbound",
        "CallStatus": "no-answer",
        "CallDuration": "0",
        "CallerName": "ANNA  ARCHER",
        "CallbackSource": "call-progress-events",
        **values,
    }


def message(call: str, caller: str, words: str) -> dict[str, str]:
    told = {"TranscriptionText": words, "RecordingSid": "RE1"}
    return {"AccountSid": ACCOUNT, "CallSid": call, "From": caller, **told}


def unreadable(call: str, caller: str = CALLER, **values: str) -> dict[str, str]:
    return ended(call, caller, CallStatus="exploded", **values)


def forget(world: World, number: str = CALLER) -> Forgotten:
    return Erasure(world.store, number).run(world.clock())


def kept(engine: sa.Engine) -> str:
    """All that the database holds, of whatever schema: of SQLite each byte of its files."""
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        files = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
        assert {path.name, f"{path.name}-wal"} <= {file.name for file in files}
        # By another process: to read them in this one would end SQLite's locks.
        read = subprocess.run(["cat", *files], check=True, capture_output=True)
        return read.stdout.decode("latin-1")
    found = []
    with engine.connect() as connection:
        for schema in sa.inspect(engine).get_schema_names():
            if schema == "information_schema":
                continue
            for table in sa.inspect(engine).get_table_names(schema):
                rows = connection.exec_driver_sql(f'SELECT * FROM "{schema}"."{table}"')
                found += [_text(value) for row in rows for value in row]
    return "\n".join(found)


def at_reading(
    engine: sa.Engine, table: sa.Table, moment: str, happens: Callable[[], object]
) -> None:
    """Let something happen once, just "before" or "after" the rows of this table are searched."""
    waiting = [happens]

    @sa.event.listens_for(engine, f"{moment}_cursor_execute")
    def _watch(_: Any, __: Any, statement: str, *___: Any) -> None:
        if f"FROM {table.name} ORDER BY" in " ".join(statement.split()) and waiting:
            waiting.pop()()


def deleted_by_others(engine: sa.Engine, searched: sa.Table, *more: sa.Table) -> None:
    """Let another process delete all rows of these tables just after the first was searched."""

    def delete() -> None:
        with engine.begin() as other:
            for table in (searched, *more):
                other.execute(sa.delete(table))

    at_reading(engine, searched, "after", delete)


def _text(value: Any) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def traces_of(number: str, text: str) -> list[str]:
    """Where the number stands in the text, looked for in another way than the adapter does."""
    digits = national_ten(number) or number.removeprefix("+")
    places = [match.start() for match in re.finditer("[0-9]", text)]
    joined = "".join(re.findall("[0-9]+", text))
    found, start = [], joined.find(digits)
    while start >= 0:
        first, last = places[start], places[start + len(digits) - 1]
        if last - first < 6 * len(digits):  # else these are digits of different things
            found.append(text[max(first - 20, 0) : last + 20])
        start = joined.find(digits, start + 1)
    written = [form for form in WRITTEN[number] if form in text]
    return found + written


# In every format ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "text"), ALL_WRITTEN)
def test_the_number_is_found_and_removed_however_it_is_written(number: str, text: str) -> None:
    traces = Traces([number])
    for said in (text, f"call {text}, please", json.dumps({"words": text})):
        assert traces.are_in(said)
        assert traces.are_in(said.encode())
        left = traces.removed_from(said)
        assert not traces.are_in(left) and "removed" in left
    assert json.loads(traces.removed_from(json.dumps({"a": text, "b": 1})))["b"] == 1


@pytest.mark.parametrize(
    "text",
    [
        *("6175550135", "617-555-0133", "61755501", "617a5550134", '"617": 5550134', ""),
        "617 and 555 and 0134",
    ],
)
def test_another_number_is_left_alone(text: str) -> None:
    traces = Traces([CALLER])
    assert not traces.are_in(text)
    assert traces.removed_from(text) == text


def test_of_a_decision_it_stays_who_made_it_and_when(world: World) -> None:
    world.hook(ended("CA1"))
    world.finish()
    call = world.call("CA1")
    what = "assigned to lead lead_anna"
    with world.store.begin() as connection:
        world.store.decisions.add(connection, call.key, what, by=TESTER, run=call.run, now=NOW)
    forget(world)
    (kept,) = world.store.decisions.of_call(call.key)
    assert (kept.who, kept.at, kept.what) == (TESTER.name, NOW, FORGOTTEN)


@pytest.mark.parametrize(("number", "text"), ALL_WRITTEN)
def test_no_trace_is_left_of_it_in_words_of_other_people(
    world: World, engine: sa.Engine, number: str, text: str
) -> None:
    """In a message, a PMS's answer, a lead's request, a name, and in hooks of another caller."""
    world.hook(ended("CA1", OTHER))
    world.hook(message("CA1", OTHER, f"my friend has {text}, call her"))
    world.hook(ended("CA2", OTHER, CallerName=text))
    world.finish()
    world.hook(unreadable("CA3", OTHER, Note=text))
    world.intake.take(
        world.intake.providers["twilio"], signed(unreadable("CA4", OTHER, Note=text), method="GET")
    )
    LeadRequests(world.store).claim("int_entrata", OTHER, "key", lead_request({"notes": text}), NOW)
    answer = Exchange(NOW, NOW, "post", f"GET /leads?q={text}", 200, f"wrote {text}")
    key = world.call("CA1").key
    with world.store.begin() as connection:
        world.store.attempts.add(connection, key, [answer], then=f"again for {text}")
        world.store.decisions.add(connection, key, f"for {text}", by=TESTER, run=2, now=NOW)
        because: CallUpdate = {
            "because": f"has {text}",
            "person_name": f"Ben {text}",
            "reason": text,
        }
        world.store.calls.update(connection, key, **because)
    assert traces_of(number, kept(engine))
    gone = forget(world, number)
    assert (gone.calls, gone.is_left_in_file) == (0, False)
    assert traces_of(number, kept(engine)) == []
    call = world.call("CA1")
    assert (call.other, call.state, call.person_id) == (OTHER, CallState.WRITTEN, "lead_ben")
    assert "my friend has " in next(iter(call.record.transcripts.values()))
    assert call.event is not None


def test_no_trace_is_left_of_a_person_who_called_a_lot(world: World, engine: sa.Engine) -> None:
    """So much that pages of the database are split, and cells move from one to another."""
    for each in range(60):
        who = CALLER if each % 2 else OTHER
        world.hook(ended(f"CA{each}", who))
        world.hook(message(f"CA{each}", who, f"I am at {WRITTEN[CALLER][each % 12]} " + "x" * 900))
        if each % 5 == 0:
            world.hook(unreadable(f"CB{each}"))
    world.finish()
    PeopleIndex(world.store).save(PEOPLE)
    gone = forget(world)
    assert (gone.calls, gone.mentions, gone.people) == (30, 30, 1)
    assert traces_of(CALLER, kept(engine)) == []
    assert all(call.other in (None, OTHER) for call in world.store.calls.search(limit=100))
    again = forget(world)
    assert again == Forgotten()


def test_what_others_said_and_did_stays(world: World) -> None:
    world.hook(ended("CA1", OTHER))
    world.hook(message("CA1", OTHER, "is 617-555-0135 free? it is for May"))
    world.finish()
    PeopleIndex(world.store).save(PEOPLE)
    before, hooks_before = world.call("CA1"), world.store.hooks.of_call(world.call("CA1").key)
    gone = forget(world)
    assert gone == Forgotten(people=1)
    assert world.call("CA1") == before
    assert world.store.hooks.of_call(before.key) == hooks_before


def test_a_lead_asked_for_under_the_number_goes_with_its_row(world: World, store: Store) -> None:
    LeadRequests(store).claim("int_entrata", CALLER, "key", lead_request({"phone": CALLER}), NOW)
    LeadRequests(store).claim(
        "int_entrata",
        OTHER,
        "key",
        lead_request({"phone": OTHER, "n": "617-555-0134"}),
        NOW,
    )
    assert forget(world).new_leads == 1
    with store.begin() as connection:
        (row,) = connection.execute(sa.select(new_leads))
    assert row.number == OTHER
    assert json.loads(row.request)["body"] == {"phone": OTHER, "n": "removed"}


def test_rows_are_searched_to_the_last_however_many_there_are(
    world: World, engine: sa.Engine
) -> None:
    """They are read in batches, by keys of one column and of several. Only the last rows have the number."""
    world.hook(ended("CA1", OTHER))
    key, many = world.call("CA1").key, 2 * BATCH + 1
    said = [Exchange(NOW, NOW, "post", f"GET /leads/{n}", 200, "none") for n in range(many)]
    said += [Exchange(NOW, NOW, "post", "GET /leads", 200, "617-555-0134")]
    plain = {"call_key": key, "asked_at": NOW, "request": "{}"}
    leads = [
        {**plain, "integration_id": f"int_{n % 2}", "number": f"+1212555{n:04}"}
        for n in range(many)
    ]
    leads[-2]["request"] = leads[-1]["request"] = '{"notes": "617-555-0134"}'
    with world.store.begin() as connection:
        world.store.attempts.add(connection, key, said, then="next")
        connection.execute(sa.insert(new_leads), leads)
    assert forget(world).texts == 3
    assert traces_of(CALLER, kept(engine)) == []
    with world.store.begin() as connection:
        count = sa.select(sa.func.count()).select_from(new_leads)
        assert connection.execute(count).scalar_one() == many


# While others are at it -----------------------------------------------------------------------------


def test_a_call_that_is_deleted_meanwhile_is_not_counted(world: World, engine: sa.Engine) -> None:
    """It was too old to be kept any longer, and went with its hooks. All else is forgotten as ever."""
    world.hook(ended("CA1"))
    world.finish()
    PeopleIndex(world.store).save(PEOPLE)
    deleted_by_others(engine, calls, hooks)
    gone = forget(world)
    assert (gone.calls, gone.mentions, gone.people) == (0, 0, 1)
    assert world.store.calls.search() == []
    assert traces_of(CALLER, kept(engine)) == []


def test_a_parked_hook_that_is_deleted_meanwhile_is_not_counted(
    world: World, engine: sa.Engine
) -> None:
    world.hook(unreadable("CA1"))
    PeopleIndex(world.store).save(PEOPLE)
    deleted_by_others(engine, hooks)
    gone = forget(world)
    assert (gone.hooks, gone.people) == (0, 1)
    assert traces_of(CALLER, kept(engine)) == []


def test_an_attempt_that_is_deleted_meanwhile_is_not_counted(
    world: World, engine: sa.Engine
) -> None:
    world.hook(ended("CA1", OTHER))
    world.finish()
    key = world.call("CA1").key
    answer = Exchange(NOW, NOW, "post", "GET /leads", 200, "617-555-0134")
    with world.store.begin() as connection:
        world.store.attempts.add(connection, key, [answer], then="next")
        world.store.decisions.add(connection, key, f"for {CALLER}", by=TESTER, run=2, now=NOW)
    deleted_by_others(engine, attempts)
    assert forget(world).texts == 1, "the decision alone"
    assert traces_of(CALLER, kept(engine)) == []


def test_a_person_who_is_read_again_meanwhile_keeps_only_the_other_numbers(
    world: World, engine: sa.Engine
) -> None:
    """The PMS still has the number. It is their third one, which has a row of its own under the number."""
    index = PeopleIndex(world.store)
    others = frozenset({"+12125550101", "+12125550102"})
    anna = replace(ANNA, numbers=others | {CALLER})
    at_reading(engine, person_numbers, "before", lambda: index.save([anna]))
    assert forget(world).texts == 1
    assert traces_of(CALLER, kept(engine)) == []
    (left,) = index.find("+12125550101", "int_entrata")
    assert left.numbers == others
    with world.store.begin() as connection:
        assert connection.execute(sa.select(person_numbers)).all() == []


# What comes after -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "late",
    [
        unreadable("CA1"),
        unreadable("CA2", ParentCallSid="CA1"),
        unreadable("CA2"),  # which is a leg of CA1
        unreadable("CA9", DialCallSid="CA1"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_hook_that_is_parked_later_keeps_no_number(
    world: World, engine: sa.Engine, late: dict[str, str], method: str
) -> None:
    world.hook(ended("CA1"))
    world.hook(ended("CA2", ParentCallSid="CA1", Direction="outbound-dial", To=STAFF))
    world.finish()
    forget(world)
    reply = world.intake.take(world.intake.providers["twilio"], signed(late, method=method))
    assert reply.status == 204
    assert world.store.hooks.count_parked() == 0
    assert traces_of(CALLER, kept(engine)) == []


@pytest.mark.parametrize("has_leg", [False, True])
def test_a_parked_hook_of_a_call_that_was_never_read_does_not_come_back(
    world: World, engine: sa.Engine, has_leg: bool
) -> None:
    """ngrok can send it again, byte for byte; and Twilio tells of the same call once more."""
    parent = {"ParentCallSid": "CA1"} if has_leg else {}
    late = unreadable("CA2" if has_leg else "CA1", **parent)
    world.hook(late)
    assert forget(world).hooks == 1
    world.hook(late)
    world.hook(ended("CA1"))
    world.finish()
    assert traces_of(CALLER, kept(engine)) == []
    assert (world.call("CA1").state, world.target.posts) == (CallState.IGNORED, [])


def test_hooks_of_other_calls_are_parked_as_ever_and_can_be_replayed(world: World) -> None:
    world.hook(ended("CA1"))
    world.finish()
    forget(world)
    world.hook(unreadable("CA5", OTHER))
    (parked,) = world.store.hooks.parked()
    assert parked.call_key == f"twilio:{ACCOUNT}:CA5"
    assert replay_parked(world.intake) == (0, 1)
    with world.store.begin() as connection:
        body = parked.body.replace(b"exploded", b"no-answer")
        world.store.hooks.update(connection, parked.id, body=body)
    assert replay_parked(world.intake) == (1, 0)
    assert world.call("CA5").other == OTHER


# Attacks on what was forgotten ----------------------------------------------------------------------


def by_hand(world: World) -> Mapping[str, Callable[[Call], Any]]:
    """What operators may try with a call."""
    store, lines = world.store, read_lines("", {"integration_id": "int_entrata"})

    def assigned(call: Call) -> object:
        target: Any = SimpleNamespace(api=world.target, label="the target")
        kind = PersonKind.LEAD
        return desk.assign(
            store,
            call,
            kind=kind,
            person_id="lead_anna",
            target=target,
            lines=lines,
            by=TESTER,
        )

    return {
        "assign": assigned,
        "create-lead": lambda call: desk.create_lead(store, call, by=TESTER),
        "ignore": lambda call: desk.ignore(store, call, by=TESTER),
        "replay": lambda call: list(replay_calls(store, [call], again=False, by=TESTER)),
        "replay --again": lambda call: list(replay_calls(store, [call], again=True, by=TESTER)),
        "wake": lambda call: store.runs.wake_held([CALLER], since=NOW, now=NOW),
    }


@pytest.mark.parametrize(
    "way", ["assign", "create-lead", "ignore", "replay", "replay --again", "wake"]
)
@pytest.mark.parametrize("is_known", [True, False])
def test_no_operator_brings_a_forgotten_call_back(
    world: World, engine: sa.Engine, way: str, is_known: bool
) -> None:
    world.target.people = PEOPLE if is_known else []
    world.hook(ended("CA1"))
    world.finish()
    posts = len(world.target.posts)
    forget(world)
    world.target.people = PEOPLE
    before = world.call("CA1")
    with suppress(SettingsError):
        by_hand(world)[way](before)
    world.finish()
    after = world.call("CA1")
    assert (after.state, after.person_id) == (before.state, None)
    assert len(world.target.posts) == posts
    assert traces_of(CALLER, kept(engine)) == []


def test_hooks_and_forgetting_at_the_same_time_leave_nothing(
    world: World, engine: sa.Engine
) -> None:
    """Each hook is whole in the call or not kept at all, whoever comes first."""
    for each in range(8):
        world.hook(ended(f"CA{each}"))
    twilio = world.intake.providers["twilio"]
    late = [
        signed(params)
        for each in range(8)
        for params in (
            message(f"CA{each}", CALLER, "call 617-555-0134"),
            unreadable(f"CA{each}"),
            unreadable(f"CB{each}", ParentCallSid=f"CA{each}"),
        )
    ]
    with ThreadPoolExecutor(4) as pool:
        taken = pool.map(lambda hook: world.intake.take(twilio, hook).status, late)
        forgetting = pool.submit(forget, world)
        assert set(taken) == {204}
        forgetting.result()
    # A hook that was parked before its call was forgotten, but behind the place where it was looked for.
    forget(world)
    assert traces_of(CALLER, kept(engine)) == []
    assert {world.call(f"CA{each}").reason for each in range(8)} == {FORGOTTEN}


def test_the_files_hold_nothing_while_web_and_worker_go_on(world: World, engine: sa.Engine) -> None:
    """Their connections are open, and other calls are written meanwhile."""
    world.hook(ended("CA1"))
    world.finish()
    with ThreadPoolExecutor(2) as pool:
        others = pool.submit(lambda: [world.hook(ended(f"CB{n}", OTHER)) for n in range(40)])
        gone = forget(world)
        others.result()
    assert not gone.is_left_in_file
    assert traces_of(CALLER, kept(engine)) == []
    assert len(world.store.calls.search()) == 41


# SQLite's files -------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "own" / "adapter.sqlite3"


def opened(file: Path) -> sa.Engine:
    engine = open_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (x TEXT)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('+16175550134')")
    return engine


def modes(file: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}


def test_sqlites_files_are_their_owners_alone(file: Path) -> None:
    engine = opened(file)
    names = (file.name, f"{file.name}-wal", f"{file.name}-shm")
    assert modes(file) == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    engine.dispose()


def test_migrate_makes_them_so_and_so_does_every_later_start(file: Path) -> None:
    settings = Settings.from_environ({"DATABASE_URL": f"sqlite:///{file}"})
    migrate_database(settings)
    assert set(modes(file).values()) == {0o600}
    keeper = opened(file)
    for each in file.parent.iterdir():
        each.chmod(0o644)  # as version 0.1.0 left them
    assert len(modes(file)) == 3
    later = opened(file)
    assert set(modes(file).values()) == {0o600}
    keeper.dispose()
    later.dispose()


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_is_no_database_keeps_its_rights(tmp_path: Path, is_folder: bool) -> None:
    """A setting may name any file or folder of the machine by mistake: /etc/passwd, or /tmp."""
    other = tmp_path / "other"
    if is_folder:
        other.mkdir()
    else:
        other.write_text("root:x:0:0:root:/root:/bin/bash\n" * 50)
    other.chmod(0o755)
    engine = open_engine(f"sqlite:///{other}")
    with pytest.raises(sa.exc.DatabaseError), engine.connect() as connection:
        connection.exec_driver_sql("SELECT * FROM calls")
    engine.dispose()
    assert stat.S_IMODE(other.stat().st_mode) == 0o755


def test_a_file_that_is_there_is_not_opened_beside_sqlite(file: Path) -> None:
    """To close it again would end the locks that SQLite holds, and let two processes write at once."""
    first = opened(file)
    holder = first.connect()
    holder.exec_driver_sql("BEGIN IMMEDIATE")
    second = open_engine(f"sqlite:///{file}")
    second.connect().close()
    code = (
        "import sqlite3, sys\n"
        "try: sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')\n"
        "except sqlite3.OperationalError as error: print(error)"
    )
    other = subprocess.run(["python3", "-c", code, file], capture_output=True, text=True)
    assert "locked" in other.stdout
    holder.close()
    first.dispose()
    second.dispose()


def test_what_a_version_before_deleted_without_overwriting_is_gone_too(file: Path) -> None:
    migrate_database(Settings.from_environ({"DATABASE_URL": f"sqlite:///{file}"}))
    with sqlite3.connect(file) as old:
        old.execute("PRAGMA secure_delete=OFF")
        old.execute("CREATE TABLE gone (x TEXT)")
        old.executemany("INSERT INTO gone VALUES (?)", [(f"{CALLER} " + "x" * 500,)] * 300)
        old.commit()
        old.execute("DELETE FROM gone")
        old.commit()
        old.execute("DROP TABLE gone")
        old.commit()
    old.close()
    engine = open_engine(f"sqlite:///{file}")
    store = Store(engine)
    store.workers.seen_at()
    assert traces_of(CALLER, kept(engine))
    assert not Erasure(store, CALLER).run(NOW).is_left_in_file
    assert traces_of(CALLER, kept(engine)) == []
    engine.dispose()


def impatient(file: Path) -> sa.Engine:
    """An engine that waits for no other process."""
    engine = open_engine(f"sqlite:///{file}")

    @sa.event.listens_for(engine, "connect")
    def _impatient(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA busy_timeout=1")

    return engine


def test_it_is_said_when_a_reader_keeps_the_log_from_being_emptied(file: Path) -> None:
    migrate_database(Settings.from_environ({"DATABASE_URL": f"sqlite:///{file}"}))
    engine = impatient(file)
    store = Store(engine)
    store.workers.beat("one", NOW)
    with sqlite3.connect(file, isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM workers").fetchall()
        store.workers.beat("two", NOW)
        assert Erasure(store, CALLER).run(NOW).is_left_in_file
    reader.close()
    assert not Erasure(store, CALLER).run(NOW).is_left_in_file
    engine.dispose()


def test_it_is_said_when_a_writer_keeps_the_file_from_being_emptied(file: Path) -> None:
    """It begins when all rows are clean already. They stay so, and the next time empties the file."""
    migrate_database(Settings.from_environ({"DATABASE_URL": f"sqlite:///{file}"}))
    engine = impatient(file)
    writer = sqlite3.connect(file, isolation_level=None)

    class Contended(Store):
        """Another process writes for long, from when the files are to be emptied."""

        def empty_traces(self) -> bool:
            writer.execute("BEGIN IMMEDIATE")
            return super().empty_traces()

    store = Contended(engine)
    PeopleIndex(store).save(PEOPLE)
    assert Erasure(store, CALLER).run(NOW) == Forgotten(people=1, is_left_in_file=True)
    writer.close()
    assert PeopleIndex(store).find(CALLER, "int_entrata") == []
    assert Erasure(Store(engine), CALLER).run(NOW) == Forgotten()
    assert traces_of(CALLER, kept(engine)) == []
    engine.dispose()


# The command ----------------------------------------------------------------------------------------


def run_forget(engine: sa.Engine, number: str, **environ: str) -> Result:
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    given = {**ENVIRON, "DATABASE_URL": url, **environ}
    return CliRunner().invoke(commands.cli, ["forget", number, "--yes"], env=given)


NO_LINES = {"ADAPTER_LINES": ""}


@pytest.mark.parametrize("lines", [ENVIRON["ADAPTER_LINES"], "", '[lines."+16175550199"]\n'])
@pytest.mark.parametrize("direction", ["inbound", "outbound-api"])
def test_our_own_number_is_refused_with_or_without_lines_toml(
    world: World, engine: sa.Engine, lines: str, direction: str
) -> None:
    ends = {"From": LINE, "To": CALLER} if direction == "outbound-api" else {}
    world.hook(ended("CA1", **{"Direction": direction, **ends}))
    world.finish()
    before = world.call("CA1")
    result = run_forget(engine, "(617) 555-0100", ADAPTER_LINES=lines)
    assert result.exit_code == 2
    assert "(617) 555-0100 is one of our own lines" in result.output
    assert world.call("CA1") == before


def test_the_command_says_what_it_did_and_what_others_keep(world: World, engine: sa.Engine) -> None:
    world.hook(ended("CA1"))
    world.finish()
    result = run_forget(engine, CALLER, **NO_LINES)
    assert result.exit_code == 0, result.output
    assert "Removed from 1 call(s)" in result.output
    assert "docs/forgetting.md" in result.output
    assert traces_of(CALLER, kept(engine)) == []


def test_a_caller_is_no_line_of_ours(world: World, engine: sa.Engine) -> None:
    """Not even where a hook of a leg shows the caller's number as the one that called."""
    shown = {"Direction": "outbound-dial", "ParentCallSid": "CA1", "To": STAFF}
    world.hook(ended("CA2", **shown))
    world.hook(ended("CA1"))
    world.finish()
    assert run_forget(engine, CALLER, **NO_LINES).exit_code == 0
