"""Does a worker without an address wait for web's, and do the commands say which one they use and why?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.storage.set_up_checks import SetUpChecks
from adapter.storage.store import Store
from tests.support.databases import empty
from tests.support.processes import Process, environment, running
from tests.support.waiting import wait_for


@pytest.fixture
def database(postgres_database: str, postgres_cleaner: sa.Engine) -> Iterator[str]:
    """PostgreSQL: a host with an SQLite file is refused."""
    empty(postgres_cleaner)
    yield postgres_database
    empty(postgres_cleaner)


@pytest.mark.postgres
def test_a_worker_takes_the_address_that_the_host_tells_web(
    database: str, postgres_cleaner: sa.Engine, tmp_path: Path
) -> None:
    environ = environment(database, propexo="http://127.0.0.1:1", RENDER="true")
    address = environ.pop("PUBLIC_BASE_URL")

    def starts(process: Process) -> dict[str, str] | None:
        assert process.popen.poll() is None, process.text()
        lines = [json.loads(line) for line in process.text().splitlines() if line.startswith("{")]
        return next((line for line in lines if line["event"].endswith(" starts")), None)

    with running("worker", environ, tmp_path / "worker") as worker:
        wait_for("it waits", lambda: "waiting for web to tell" in worker.text(), seconds=60)
        web_environ = {**environ, "RENDER_EXTERNAL_URL": address}
        with running("web", web_environ, tmp_path / "web") as web:
            told: Any = wait_for("the worker starts", lambda: starts(worker), seconds=60)
            assert (told["address"], told["address_from"]) == (
                address,
                "the database, as web told it",
            )
            of_web = starts(web)
            assert of_web is not None
            assert (of_web["address"], of_web["address_from"]) == (address, "RENDER_EXTERNAL_URL")
            checks = SetUpChecks(Store(postgres_cleaner))
            found: Any = wait_for(
                "the address is checked", lambda: checks.by_name().get("public address"), seconds=60
            )
            assert found.problems == {}
            doctor = Process(["doctor", "--json"], environ, tmp_path / "doctor")
            doctor.popen.wait(60)
    findings = {each["check"]: each for each in json.loads(doctor.text())}
    assert findings["PUBLIC_BASE_URL"] == {
        "check": "PUBLIC_BASE_URL",
        "ok": True,
        "advice": f"{address} (from the database, as web told it)",
    }
    assert findings["public address"]["ok"]
    assert "it is from the database" in findings["public address"]["advice"]


def test_a_worker_on_your_own_machine_says_what_to_do(
    sqlite_template: Path, tmp_path: Path
) -> None:
    environ = environment(f"sqlite:///{sqlite_template}", propexo="http://127.0.0.1:1")
    del environ["PUBLIC_BASE_URL"]
    worker = Process(["worker"], environ, tmp_path / "worker")
    assert worker.popen.wait(60) == 1
    assert "PUBLIC_BASE_URL is not set" in worker.text()
    assert "start web with this database first" in worker.text()
