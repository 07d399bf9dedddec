"""Can a host and a monitor tell whether this process lives, and whether it can take calls?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from adapter.bootstrap import Container
from adapter.config.settings import Settings
from adapter.storage.store import Store
from adapter.web.app import create_app
from adapter.web.health import Health, health_routes
from adapter.web.hooks import hook_routes
from adapter.worker.migrate import migrate_database
from tests.support.environment import ACCOUNT, ENVIRON, LINE
from tests.support.hooks import send, signed

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def container_on(database_url: str) -> Container:
    return Container(Settings.from_environ({**ENVIRON, "DATABASE_URL": database_url}))


def client_of(container: Container, health: Health | None = None) -> FlaskClient:
    routes = (
        hook_routes(container.intake),
        health_routes(health or container.health, container.access),
    )
    return create_app(*routes).test_client()


@pytest.fixture
def container(database_url: str) -> Iterator[Container]:
    made = container_on(database_url)
    yield made
    made.store.engine.dispose()


@pytest.fixture
def stranded() -> Iterator[Container]:
    """The container of an adapter whose database is down."""
    made = container_on(NOWHERE)
    yield made
    made.store.engine.dispose()


def test_a_process_lives_whatever_its_database_does(stranded: Container) -> None:
    answer = client_of(stranded).get("/livez")
    assert (answer.status_code, answer.json["status"]) == (200, "ok")  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are


def test_it_is_ready_with_a_current_schema_and_a_worker(container: Container) -> None:
    container.store.workers.beat("one", datetime.now(UTC))
    answer = client_of(container).get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ok", "instance": container.store.secrets.instance()},
    )


def test_parked_hooks_are_an_alarm_and_take_no_web_away(container: Container) -> None:
    container.store.workers.beat("one", datetime.now(UTC))
    unreadable = {"AccountSid": ACCOUNT, "CallSid": "CA1", "CallStatus": "exploded"}
    assert send(client_of(container), signed(unreadable)).status_code == 204
    answer = client_of(container).get("/readyz")
    assert answer.status_code == 200
    alarm = answer.json["alarms"]["parked"]  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
    assert alarm.startswith("1 hook") and "adapter replay --state parked" in alarm


@pytest.mark.parametrize("age", [None, timedelta(minutes=5)])
def test_without_a_living_worker_hooks_are_taken_and_an_alarm_is_told(
    container: Container, age: timedelta | None
) -> None:
    """Else a router would take web away, and hooks that can be stored would be lost."""
    if age is not None:
        container.store.workers.beat("dead", datetime.now(UTC) - age)
    answer = client_of(container).get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {
            "status": "ok",
            "instance": container.store.secrets.instance(),
            "alarms": {
                "queue": "no worker is alive: start `adapter worker`, or `adapter run` for both"
            },
        },
    )


def test_without_tables_what_is_missing_is_named_with_what_to_do(empty_database_url: str) -> None:
    container = container_on(empty_database_url)
    answer = client_of(container).get("/readyz")
    assert answer.status_code == 503
    assert answer.json["problems"] == {  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
        "database": "table hooks, table calls, table legs missing in the database: "
        "run `adapter migrate`"
    }
    container.store.engine.dispose()


def test_a_column_that_hooks_need_is_missed_by_name(empty_database_url: str) -> None:
    """The code is ahead of `migrate`: this process cannot take hooks, another one may."""
    container = container_on(empty_database_url)
    migrate_database(container.settings)
    with container.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE calls DROP COLUMN talk_seconds")
    answer = client_of(container).get("/readyz")
    assert answer.status_code == 503
    problems = answer.json["problems"]  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
    assert problems["database"].startswith("column calls.talk_seconds missing")
    container.store.engine.dispose()


def test_a_schema_newer_than_the_code_is_an_alarm_and_takes_hooks(empty_database_url: str) -> None:
    """After a rollback: what this code writes is there, and more besides."""
    container = container_on(empty_database_url)
    migrate_database(container.settings)
    with container.store.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("ALTER TABLE calls ADD COLUMN of_a_later_version TEXT")
    client = client_of(container)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert "9999" in answer.json["alarms"]["schema"]  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
    take(client, "CA1", "completed")
    container.store.engine.dispose()


def test_a_column_that_a_newer_schema_dropped_is_not_sought_by_migrate(
    empty_database_url: str,
) -> None:
    """After a rollback `migrate` would refuse."""
    container = container_on(empty_database_url)
    migrate_database(container.settings)
    with container.store.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("ALTER TABLE calls DROP COLUMN talk_seconds")
    problems = client_of(container).get("/readyz").json["problems"]  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
    assert problems["database"].startswith("column calls.talk_seconds missing")
    assert problems["database"].endswith("deploy the version that migrated it")
    container.store.engine.dispose()


def test_an_unreachable_database_is_named_without_its_address(stranded: Container) -> None:
    answer = client_of(stranded).get("/readyz")
    assert answer.status_code == 503
    assert set(answer.json["problems"]) == {"database"}  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
    assert "127.0.0.1" not in answer.text and "nobody" not in answer.text


@pytest.mark.postgres
def test_a_database_that_cannot_be_written_takes_no_hooks(postgres_database: str) -> None:
    """A standby, or a failover: it can be read, and its schema is current."""
    container = container_on(postgres_database)

    @sa.event.listens_for(container.store.engine, "connect")
    def _read_only(connection: Any, _: Any) -> None:
        connection.execute("SET default_transaction_read_only = on")
        connection.commit()

    answer = client_of(container).get("/readyz")
    assert answer.status_code == 503
    assert "read-only" in answer.json["problems"]["database"]  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
    container.store.engine.dispose()


@pytest.mark.postgres
def test_a_right_that_is_lacking_is_not_taken_for_a_missing_table(
    postgres_database: str, postgres_cleaner: sa.Engine
) -> None:
    """The tables are there, and the role may read only the revision: `migrate` would mend nothing."""
    container = container_on(postgres_database)

    @sa.event.listens_for(container.store.engine, "connect")
    def _without_rights(connection: Any, _: Any) -> None:
        connection.execute("SET ROLE pg_monitor")
        connection.commit()

    with postgres_cleaner.begin() as connection:
        connection.exec_driver_sql("GRANT SELECT ON alembic_version TO pg_monitor")
    answer = client_of(container).get("/readyz")
    with postgres_cleaner.begin() as connection:
        connection.exec_driver_sql("REVOKE SELECT ON alembic_version FROM pg_monitor")
    assert answer.status_code == 503
    assert answer.json["problems"] == {"database": "ProgrammingError"}  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
    container.store.engine.dispose()


def test_every_problem_is_named_also_by_checks_that_fail(container: Container) -> None:
    def broken() -> str | None:
        raise RuntimeError("postgresql://user:secret@host")

    checks = {"good": lambda: None, "bad": lambda: "is bad", "worse": broken}
    wrong = {"bad": "is bad", "worse": "RuntimeError"}
    mark = {"instance": container.store.secrets.instance()}
    needed = client_of(container, Health(container.store, needed=checks, alarms={})).get("/readyz")
    assert needed.status_code == 503
    assert needed.json == {"status": "not ready", "problems": wrong, **mark}
    alarms = client_of(container, Health(container.store, needed={}, alarms=checks)).get("/readyz")
    assert alarms.status_code == 200
    assert alarms.json == {"status": "ok", "alarms": wrong, **mark}


def test_a_database_that_hangs_holds_no_web_thread(container: Container) -> None:
    thawed = threading.Event()
    asked: list[str] = []

    def frozen() -> str | None:
        asked.append("once")
        thawed.wait(30)
        return None

    hanging = Health(container.store, {"database": frozen}, alarms={}, patience_seconds=0.05)
    client = client_of(container, hanging)
    for _ in range(3):
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "does not answer within" in answer.json["problems"]["database"]  # type: ignore[index]  # werkzeug: an answer need not be JSON; these are
    assert asked == ["once"], "no second thread hangs beside the first"
    thawed.set()


# Metrics --------------------------------------------------------------------------------------------


def numbers(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def take(client: FlaskClient, sid: str, status: str) -> None:
    ends = {"From": "+16175550134", "To": LINE}
    params = {
        **ends,
        "CallSid": sid,
        "CallStatus": status,
        "Direction": "inbound",
        "CallDuration": "5",
    }
    assert send(client, signed(params)).status_code == 204


def test_metrics_tell_of_hooks_calls_and_the_oldest_due_call(
    container: Container, store: Store
) -> None:
    client = client_of(container)
    before = numbers(client)
    assert before["adapter_oldest_due_seconds",] == 0.0
    take(client, "CA1", "completed")
    take(client, "CA2", "no-answer")
    take(client, "CA3", "exploded")
    found = numbers(client)
    assert found["adapter_calls", "answered", "open"] == 1
    assert found["adapter_calls", "no_answer", "open"] == 1
    assert found["adapter_parked_hooks",] == 1
    taken = ("adapter_hooks_total", "status", "taken")
    assert found[taken] == before.get(taken, 0) + 2
    with store.begin() as connection:
        for call in store.calls.search():
            hours = 1 if call.call_id == "CA1" else 2
            due_at = datetime.now(UTC) - timedelta(hours=hours)
            store.calls.update(connection, call.key, due_at=due_at)
    assert numbers(client)["adapter_oldest_due_seconds",] == pytest.approx(7200, abs=60)


def test_a_call_that_is_due_later_is_not_late(container: Container, store: Store) -> None:
    client = client_of(container)
    take(client, "CA1", "no-answer")
    (call,) = store.calls.search()
    with store.begin() as connection:
        store.calls.update(connection, call.key, due_at=datetime.now(UTC) + timedelta(hours=1))
    assert numbers(client)["adapter_oldest_due_seconds",] == 0.0


def test_the_time_until_the_answer_is_measured(container: Container) -> None:
    client = client_of(container)
    before = numbers(client)["adapter_acknowledge_seconds_count",]
    take(client, "CA1", "completed")
    assert numbers(client)["adapter_acknowledge_seconds_count",] == before + 1


def test_metrics_come_without_the_database_too(stranded: Container) -> None:
    answer = client_of(stranded).get("/metrics")
    assert answer.status_code == 200
    assert "adapter_hooks_total" in answer.text
    assert "# the database is not available" in answer.text


def test_metrics_come_before_the_database_is_migrated(empty_database_url: str) -> None:
    container = container_on(empty_database_url)
    answer = client_of(container).get("/metrics")
    assert answer.status_code == 200
    assert "# the database is not available" in answer.text
    container.store.engine.dispose()
