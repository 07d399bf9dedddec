"""Do the numbers show an outage, what the workers did, and cost little with many calls?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from adapter.config.settings import Settings
from adapter.domain.call import CallState
from adapter.observability.metrics import TALLY
from adapter.reconcile.run import Reconciliation
from adapter.storage.api_health import ApiHealth
from adapter.storage.rate_budget import RateBudget
from adapter.storage.store import Store
from adapter.storage.totals import Flush, Totals
from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.rate_limiter import RateLimiter
from adapter.web.app import create_app
from adapter.web.health import health_routes
from adapter.worker.migrate import migrate_database
from tests.support.environment import ACCOUNT
from tests.support.sandboxed import API_KEY, Adapter, adapter, lines

ANNA = "+16175550134"
Numbers = dict[tuple[str, ...], float]


@pytest.fixture
def made(database_url: str) -> Iterator[Adapter]:
    TALLY.take()
    with adapter(database_url, ADAPTER_LINES=lines()) as found:
        yield found


@pytest.fixture
def made_anew(empty_database_url: str) -> Iterator[Adapter]:
    """The same on a database of its own, of which PostgreSQL's planner knows nothing from other tests."""
    TALLY.take()
    migrate_database(Settings.from_environ({"DATABASE_URL": empty_database_url}))
    with adapter(empty_database_url, ADAPTER_LINES=lines()) as found:
        yield found


def scraped(made: Adapter) -> Numbers:
    """Every sample of a web process beside this worker, by name and the values of the labels."""
    Flush(Totals(made.store), TALLY.take, TALLY.put_back).work()
    routes = health_routes(
        made.container.health, made.container.access, rate_limit=150, rate_limit_name="propexo"
    )
    answer = create_app(routes).test_client().get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_an_outage_shows_while_calls_are_tried_again(made: Adapter) -> None:
    made.fill_index()
    made.fault("status", status=503, times="forever", method="POST")
    for _ in range(6):
        made.missed(ANNA)
    made.pass_time(1200)
    found = scraped(made)
    assert found["adapter_oldest_due_seconds",] == 0.0, "each has its next try before it"
    assert found["adapter_oldest_undelivered_seconds",] == pytest.approx(1200, abs=5)
    assert found["adapter_undelivered_calls",] == 6
    assert found["adapter_retrying_calls",] == 6
    assert found["adapter_retries_total",] >= 5
    assert found["adapter_breakers_open",] == 1
    assert found["adapter_breaker_open", "int_entrata"] == 1
    assert found["adapter_breaker_failures", "int_entrata"] >= 5
    assert found["adapter_attempts_total", "503", "post"] >= 5
    assert found["adapter_workers_alive",] == 0
    made.control("faults", [])
    made.pass_time(1200)
    well = scraped(made)
    for name in ("undelivered_calls", "oldest_undelivered_seconds", "retrying_calls"):
        assert well[f"adapter_{name}",] == 0
    assert well["adapter_breakers_open",] == 0
    assert well["adapter_calls", "busy", "written"] == 6


def test_a_silent_api_of_the_provider_shows(made: Adapter) -> None:
    health = ApiHealth(made.store)
    health.failed("twilio", ACCOUNT, "no answer", made.now() - timedelta(minutes=20))
    assert scraped(made)["adapter_provider_api_failing_seconds", "twilio"] == 1200
    assert "assumed" in made.container.health.condition().alarms["provider"]
    ApiHealth(made.store).worked("twilio", ACCOUNT, made.now())
    assert scraped(made)["adapter_provider_api_failing_seconds", "twilio"] == 0


def test_a_refused_key_shows_with_the_calls_that_wait(made: Adapter) -> None:
    made.fault("status", status=401, times="forever")
    made.missed(ANNA)
    made.missed(ANNA)
    made.work()
    made.pass_time(60)
    found = scraped(made)
    name = made.container.target.key_pause
    assert found["adapter_paused_seconds", name] == pytest.approx(60, abs=1)
    assert found["adapter_paused_calls", name] == 2
    assert found["adapter_pauses",] == 1


def test_the_time_from_hang_up_to_record_is_told(made: Adapter) -> None:
    made.fill_index()
    sid = made.missed(ANNA)
    made.pass_time(40)
    made.container.bulk.work()
    assert made.call(sid).state is CallState.WRITTEN
    found = scraped(made)
    name = "adapter_hangup_to_record_seconds"
    assert found[f"{name}_count",] == 1
    assert 1 <= found[f"{name}_sum",] <= 60
    assert found[f"{name}_bucket", "60.0"] == 1 and found[f"{name}_bucket", "+Inf"] == 1
    assert found["adapter_deliveries_total", "busy", "posted"] == 1


def test_what_two_workers_counted_is_one_number_and_survives_them(made: Adapter) -> None:
    first, second = Totals(made.store), Totals(made.store)
    for totals in (first, second, first):
        totals.add({("adapter_retries_total", "{}"): 2.0})
    assert scraped(made)["adapter_retries_total",] == 6.0


def test_what_could_not_be_kept_is_counted_later(made: Adapter) -> None:
    class Down(Totals):
        def add(self, counts: Any) -> None:
            raise RuntimeError("the database is down")

    TALLY.add("adapter_retries_total")
    with pytest.raises(RuntimeError):
        Flush(Down(made.store), TALLY.take, TALLY.put_back).work()
    TALLY.add("adapter_retries_total")
    assert scraped(made)["adapter_retries_total",] == 2.0


def test_the_last_comparison_and_its_balance_are_told(made: Adapter) -> None:
    reconciliation = made.container.reconciliation
    totals = Totals(made.store)
    totals.put({"adapter_reconcile_calls": {"held": 3.0, "written": 5.0}}, "state")
    Reconciliation((), reconciliation.deps).run(made.now() - timedelta(hours=1))
    found = scraped(made)
    assert found["adapter_reconcile_adds_up",] == 1
    assert found["adapter_reconcile_listed",] == 0
    assert found["adapter_reconcile_at_seconds",] == pytest.approx(made.now().timestamp())
    assert ("adapter_reconcile_calls", "held") not in found, "of the comparison before"
    before = dict(found)
    report = reconciliation.run(made.now() - timedelta(hours=1), dry_run=True)
    assert not report.adds_up
    assert scraped(made)["adapter_reconcile_adds_up",] == before["adapter_reconcile_adds_up",]


def test_people_jobs_workers_and_the_budget_are_told(made: Adapter) -> None:
    made.fill_index()
    made.store.workers.beat("one", made.now())
    made.store.workers.beat("dead", made.now() - timedelta(minutes=5))
    limiter = RateLimiter(
        RateBudget(made.store), name="propexo", limit=100, clock=lambda: made.now().timestamp()
    )
    limited = PropexoClient(base_url=made.url, api_key=API_KEY, rate_limiter=limiter)
    limited.get("/v1/leads/", step="lookup")
    made.pass_time(30)
    made.store.workers.beat("one", made.now())
    found = scraped(made)
    assert found["adapter_workers_alive",] == 1
    assert found["adapter_rate_budget_used",] == 1
    assert found["adapter_rate_budget_limit",] == 150
    assert found["adapter_people_filled", "int_entrata", "lead"] == 1
    assert 30 <= found["adapter_people_age_seconds", "int_entrata", "lead"] <= 700


def test_no_number_reads_a_whole_table(made_anew: Adapter) -> None:
    """All but the count of final calls, which is made rarely: with a million calls they would be slow."""
    for _ in range(3):
        made_anew.missed(ANNA)
    asked: list[tuple[str, Any]] = []

    @sa.event.listens_for(made_anew.store.engine, "before_cursor_execute")
    def _note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if "FROM calls" in statement or "FROM hooks" in statement:
            asked.append((statement, parameters))

    scraped(made_anew)
    sa.event.remove(made_anew.store.engine, "before_cursor_execute", _note)
    assert len(asked) == 7
    is_sqlite = made_anew.store.engine.dialect.name == "sqlite"
    for statement, parameters in asked:
        with made_anew.store.begin() as connection:
            if is_sqlite:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                text = " ".join(str(row[3]) for row in plan)
            else:
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
                plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                text = " ".join(str(row[0]) for row in plan)
                assert "Seq Scan" not in text, statement
        wanted = next(
            (
                index
                for words, index in (
                    ("'open', 'delivering'", "calls_undelivered"),
                    ("'posted'", "calls_unconfirmed"),
                    ("'parked'", "hooks_parked"),
                    ("waits_for", "calls_waiting"),
                )
                if words in statement
            ),
            "calls_by_",
        )
        by_state = is_sqlite and "SEARCH calls USING INDEX calls_by_state" in text
        assert wanted in text or by_state, (statement, text)


def test_final_calls_are_counted_again_only_after_a_hundred_times_as_long(store: Store) -> None:
    from adapter.storage.standing import Standing

    ticks = iter([0.0, 2.0, 3.0, 201.0, 203.0, 203.1])
    standing = Standing(store, monotonic=lambda: next(ticks))
    counted: list[str] = []

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def _note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        counted.append(str(parameters))

    for _ in range(4):
        standing.calls()
    finals = [each for each in counted if "written" in each]
    assert len(finals) == 2, "at 0 s, which took 2 s, and then not before 202 s"


def test_a_database_that_hangs_holds_no_scraper_and_no_web_thread(made: Adapter) -> None:
    from adapter.web.bounded_wait import BoundedWait

    thawed = threading.Event()
    asked: list[int] = []

    def frozen() -> bytes:
        asked.append(1)
        thawed.wait(30)
        return b"late"

    hanging = BoundedWait(frozen)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            hanging.result(0.01)
    assert len(asked) == 1
    thawed.set()
    assert hanging.result(30) == b"late"
