"""What does `adapter alerts` say, and does it tell the channels?"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from adapter.cli import common
from adapter.cli.commands import cli
from adapter.domain.alert_facts import Trouble
from adapter.storage.alerts import Alerts
from adapter.storage.store import Store
from tests.support.environment import ENVIRON
from tests.support.receiver import receiver

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(common, "console", Console(width=250))

    def run_command(*arguments: str, **environ: str) -> Result:
        given = {**ENVIRON, "DATABASE_URL": database_url, **environ}
        return CliRunner().invoke(cli, ["alerts", *arguments], env=given)

    return run_command


@pytest.fixture
def opened(store: Store) -> None:
    with store.begin() as connection:
        Alerts(store).open(
            connection,
            Trouble("parked", "1 hook(s) are signed and could not be read"),
            datetime.now(UTC),
            is_flapping=False,
            snoozed_until=None,
        )


def test_nothing_is_wrong_and_nobody_would_be_told(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert "No alert is open" in result.output
    assert "ALERT_URLS is not set" in result.output
    assert json.loads(run("--json").stdout) == []


def test_the_list_and_its_json(run: Run, opened: None) -> None:
    result = run()
    assert "Hooks cannot be read" in result.output
    assert "parked" in result.output
    (row,) = json.loads(run("--json").stdout)
    assert (row["key"], row["resolved_at"], row["count"]) == ("parked", None, 1)


def test_an_alert_is_acknowledged_and_snoozed_by_the_user_of_the_command(
    run: Run, opened: None, store: Store
) -> None:
    assert run("acknowledge", "parked").exit_code == 0
    assert run("snooze", "parked", "--hours", "2").exit_code == 0
    (alert,) = Alerts(store).all_open()
    assert alert.acknowledged_by is not None
    assert alert.acknowledged_by.startswith("cli:")
    assert alert.snoozed_by == alert.acknowledged_by
    assert "acknowledged by cli:" in run().output


def test_what_is_not_open_is_told(run: Run) -> None:
    for command in ("acknowledge", "snooze"):
        result = run(command, "late")
        assert result.exit_code != 0
        assert "no alert 'late' is open" in result.output


def test_a_test_goes_to_every_channel(run: Run) -> None:
    with receiver() as box, receiver() as broken:
        broken.status = 403
        result = run("test", ALERT_URLS=f"{box.apprise_url},{broken.apprise_url}")
        assert result.exit_code == 1
        assert box.titles() == broken.titles() == ["Test of alerts"]
        assert "it answered 403" in result.output
        assert "pa55word" not in result.output
        broken.status = 200
        again = run("test", ALERT_URLS=f"{box.apprise_url},{broken.apprise_url}")
        assert again.exit_code == 0
        assert again.stdout.count("  sent") == 2


def test_a_test_without_channels_or_with_a_wrong_one_is_told(run: Run) -> None:
    assert "ALERT_URLS is not set" in run("test").output
    wrong = run("test", ALERT_URLS="nonsense://s3cret")
    assert wrong.exit_code != 0
    assert "address 1 of 1 is none that apprise knows" in wrong.output
    assert "s3cret" not in wrong.output
