"""Does a worker say at its start what its lines lack?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adapter.bootstrap import Container
from adapter.config.lines_file import read_lines
from adapter.config.settings import Settings
from adapter.domain.lines import Line
from adapter.errors import RemoteError, TemporaryError
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.targets.propexo.directory import Directory
from adapter.targets.propexo.line_check import PropexoLineCheck
from tests.support.environment import ENVIRON
from tests.support.propexo_client import KEY, directory
from tests.support.waiting import wait_for

LINES = """
[defaults]
event_type = "Call"
[lines."+16175550100"]
integration_id = "int_yardi"
property_id = "prop_main_yardi"
[lines."+16175550101"]
name = "Oak Park"
integration_id = "int_entrata"
unknown_caller = "create_lead"
[lines."+16175550102"]
integration_id = "int_entrata"
property_id = "prop_main"
"""
Logged = Callable[[], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = create_sandbox(SandboxState(("ENTRATA", "YARDI")), api_key=KEY, rate_limit=0)
    with SandboxServer(app) as server:
        yield server.url


@pytest.fixture
def lines() -> list[Line]:
    return list(read_lines(LINES, {}))


def warnings(logged: Logged) -> dict[str, str]:
    """What was warned of, by line."""
    found = [each for each in logged() if each["level"] == "warning"]
    assert len({each["line"] for each in found}) == len(found), "one warning for each line"
    return {each["line"]: each["problems"] for each in found}


def test_each_line_that_lacks_something_is_warned_of_once(
    url: str, lines: list[Line], logged: Logged
) -> None:
    watch = PropexoLineCheck(lambda: lines, directory(url))
    assert not watch.warn()
    told = warnings(logged)
    assert set(told) == {"***00", "Oak Park"}, "numbers are cut short, and one line is whole"
    assert "YARDI needs agent_name for leads and applicants" in told["***00"]
    assert "lead_source_id for new leads" in told["Oak Park"]
    assert "property_id for new leads" in told["Oak Park"]
    assert not watch.warn()
    assert warnings(logged) == {}


class Broken:
    """Propexo's lists; those of one integration cannot be read at first."""

    def __init__(self, real: Directory, integration_id: str) -> None:
        self._real = real
        self.unreadable: str | None = integration_id

    def integration(self, integration_id: str) -> Any:
        if integration_id == self.unreadable:
            raise TemporaryError("Propexo answered 503: maintenance", status=503)
        return self._real.integration(integration_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_what_could_not_be_read_is_looked_at_again_and_the_others_at_once(
    url: str, lines: list[Line], logged: Logged
) -> None:
    found: Any = Broken(directory(url), "int_yardi")
    watch = PropexoLineCheck(lambda: lines, found)
    with pytest.raises(RemoteError, match="maintenance"):
        watch.warn()
    assert set(warnings(logged)) == {"Oak Park"}
    found.unreadable = None
    assert not watch.warn()
    assert set(warnings(logged)) == {"***00"}


def test_a_worker_looks_at_its_lines_and_does_not_wait_for_propexo(
    database_url: str, logged: Logged
) -> None:
    """The start goes on while Propexo is down; the task is put off, and said to be."""
    down = {"PROPEXO_BASE_URL": "http://127.0.0.1:1", "PEOPLE_SYNC_SECONDS": "0"}
    container = Container(Settings.from_environ({**ENVIRON, **down, "DATABASE_URL": database_url}))
    container.periodic.start()
    seen: list[dict[str, Any]] = []

    def said() -> list[dict[str, Any]]:
        seen.extend(line for line in logged() if line.get("task") == "lines")
        return seen

    wait_for("the task that looks at lines is logged about", said)
    container.periodic.stop(timeout_seconds=5)
    container.store.engine.dispose()
    (put_off,) = said()
    assert "Propexo cannot be reached" in put_off["reason"]
