"""How long does it take the database to find a person by number among 100,000, and how large is the index?

    python -m tests.benchmarks.people

Needs the PostgreSQL server of TEST_DATABASE_URL; a database of its own is made there and dropped.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from adapter.config.settings import Settings
from adapter.domain.lines import PersonKind
from adapter.domain.matching import Person
from adapter.storage.engine import open_engine
from adapter.storage.people_index import PeopleIndex
from adapter.storage.store import Store
from adapter.worker.migrate import migrate_database
from tests.benchmarks.servers import fresh_database

PEOPLE, INTEGRATION, PAGE, MATCHES = 100_000, "int_entrata", 250, 1000
WANTED_MILLISECONDS, WANTED_MEGABYTES = 1.0, 100.0
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Measured:
    """database: milliseconds in the server; round_trip: with all that our side adds."""

    database: Sequence[float]
    round_trip: Sequence[float]
    megabytes: float
    fill_seconds: float


def somebody(n: int) -> Person:
    """A person as they are: ids of 36 characters, a name, one number or two; every fiftieth without."""
    dice = random.Random(n)
    kind = (PersonKind.LEAD, PersonKind.APPLICANT, PersonKind.RESIDENT)[n % 3]
    numbers = {
        f"+1{2_000_000_000 + dice.randrange(8_000_000_000)}" for _ in range(1 + (n % 3 == 0))
    }
    return Person(
        kind=kind,
        id=f"{dice.getrandbits(128):032x}{n:04x}",
        integration_id=INTEGRATION,
        name=f"{dice.choice(('Anna', 'Bartholomew', 'Chi'))} {dice.getrandbits(32):x}",
        property_id=f"property_{n % 40:032}",
        numbers=frozenset() if n % 50 == 0 else frozenset(numbers),
        is_active=n % 4 != 0,
        updated_at=datetime(2025, 11, 1, tzinfo=UTC) + timedelta(seconds=n),
        vendor="ENTRATA",
        application_id=f"{dice.getrandbits(128):032x}" if kind is PersonKind.APPLICANT else None,
    )


def measure(database_url: str) -> Measured:
    settings = Settings.from_environ({"DATABASE_URL": database_url})
    migrate_database(settings)
    engine = open_engine(settings.database_url)
    index = PeopleIndex(Store(engine))
    people = [somebody(n) for n in range(PEOPLE)]
    begun = time.perf_counter()
    for first in range(0, PEOPLE, PAGE):
        index.save(people[first : first + PAGE])
    # Everybody once more, as after a night in which the PMS touched them all: old rows leave room.
    fill_seconds = time.perf_counter() - begun
    for first in range(0, PEOPLE, PAGE):
        index.save(people[first : first + PAGE])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE people")
        size = connection.exec_driver_sql("SELECT pg_total_relation_size('people')").scalar_one()
    asked = random.Random(1).sample([n for p in people for n in p.numbers], MATCHES)
    asked += [f"+1999{n:07}" for n in range(MATCHES // 10)]  # nobody has these
    round_trip = []
    for number in asked:
        begun = time.perf_counter()
        index.find(number, INTEGRATION)
        round_trip.append((time.perf_counter() - begun) * 1000)
    found = Measured(
        [explain(engine, index, number) for number in asked],
        round_trip,
        size / MEGABYTE,
        fill_seconds,
    )
    engine.dispose()
    return found


def explain(engine: sa.Engine, index: PeopleIndex, number: str) -> float:
    """What the server says it took to plan and to run the very statement of a match."""
    statements: list[tuple[str, object]] = []

    def keep(_: object, __: object, text: str, values: object, *___: object) -> None:
        statements.append((text, values))

    sa.event.listen(engine, "before_cursor_execute", keep)
    index.find(number, INTEGRATION)
    sa.event.remove(engine, "before_cursor_execute", keep)
    ((text, values),) = statements
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values)  # type: ignore[arg-type]  # what SQLAlchemy gave is given back as it was
        shown = plan.scalar_one()
    (told,) = json.loads(shown) if isinstance(shown, str) else shown
    assert "Seq Scan" not in json.dumps(told), "the index is not used"
    return float(told["Planning Time"] + told["Execution Time"])


def main() -> None:
    with fresh_database("adapter_benchmark_people") as url:
        found = measure(url)
    table = Table(title=f"A match among {PEOPLE:,} people on PostgreSQL")
    for name in ("", "median", "95th percentile", "wanted"):
        table.add_column(name, justify="left" if not name else "right")
    for title, values, wanted in (
        ("in the database (plan and run)", found.database, f"< {WANTED_MILLISECONDS:g} ms"),
        ("round trip of PeopleIndex.find", found.round_trip, ""),
    ):
        p95 = statistics.quantiles(values, n=20)[-1]
        table.add_row(title, f"{statistics.median(values):.3f} ms", f"{p95:.3f} ms", wanted)
    table.add_row(
        "table and indexes", f"{found.megabytes:.0f} MB", "", f"< {WANTED_MEGABYTES:g} MB"
    )
    table.add_row("saving them all, once", f"{found.fill_seconds:.0f} s", "", "")
    Console(width=100).print(table)
    is_good = statistics.median(found.database) < WANTED_MILLISECONDS
    raise SystemExit(0 if is_good and found.megabytes < WANTED_MEGABYTES else 1)


if __name__ == "__main__":
    main()
