"""Is every call written once, and held calls as before, where the database was moved amid the work?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapter.domain.call import CallState
from adapter.errors import DatabaseMoved
from adapter.operations.database_copy import DatabaseCopy, Steps
from adapter.storage.engine import open_engine
from adapter.storage.moves import Moves
from adapter.storage.store import Store
from adapter.worker.migrate import migrate_url
from tests.support.sandboxed import STRANGER, Adapter, acquainted, lines

ANNA = "+16175550134"
IDS = {name: "CA" + name.encode().hex().rjust(32, "0")[-32:] for name in (
    "written", "accepted", "doubtful", "in hand", "due", "held",
)}  # fmt: skip


@pytest.fixture
def before(database_url: str) -> Iterator[Adapter]:
    with acquainted(database_url, ADAPTER_LINES=lines(policy="hold")) as made:
        yield made
        Moves(made.store).undo()


def moved(before: Adapter, folder: Path) -> Adapter:
    """An adapter at the other database, an SQLite file, started ten minutes later; the sandbox is as it was."""
    url = f"sqlite:///{folder / 'moved.sqlite3'}"
    target = Store(open_engine(url))
    DatabaseCopy(
        before.store,
        target,
        migrate_target=lambda: migrate_url(url, setting="--to"),
        steps=Steps(lambda _: None, lambda *_: None, lambda *_: None),
        clock=lambda: datetime.now(UTC),
    ).run()
    target.engine.dispose()
    before.traveller.shift(timedelta(minutes=10))
    after = Adapter(
        url, before.traveller, before.url, ADAPTER_LINES=before.environ["ADAPTER_LINES"]
    )
    _ = after.container.delivery  # it begins now
    return after


def written(made: Adapter, name: str) -> int:
    return sum(IDS[name] in str(event["body"]) for event in made.events())


def test_calls_in_every_state_are_written_once(before: Adapter, tmp_path: Path) -> None:
    before.missed(ANNA, sid=IDS["written"])
    before.pass_time(600)
    before.missed(STRANGER, sid=IDS["held"])
    before.pass_time(600)
    before.missed(ANNA, sid=IDS["accepted"])
    before.work()
    assert before.call(IDS["accepted"]).state is CallState.POSTED
    before.fault("reset_after", path="/v1/events/", method="POST")  # it is carried out all the same
    before.missed(ANNA, sid=IDS["doubtful"])
    before.work()
    assert before.call(IDS["doubtful"]).state is CallState.DELIVERING
    before.missed(ANNA, sid=IDS["in hand"])
    assert before.take_due()
    before.missed(ANNA, sid=IDS["due"])

    after = moved(before, tmp_path)
    after.pass_time(3600)
    for name in IDS:
        call = after.call(IDS[name])
        if name == "held":
            assert (call.state, written(after, name)) == (CallState.HELD, 0)
        else:
            assert (call.state, written(after, name)) == (CallState.WRITTEN, 1), (name, call.reason)
    with pytest.raises(DatabaseMoved):
        before.take_due()
    after.store.engine.dispose()
