"""What do `adapter numbers`, `connect` and `disconnect` say and do? Against a Twilio over real HTTP."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from adapter.cli import common
from adapter.cli.commands import cli
from adapter.cli.terminal import Screen
from adapter.domain.callback import Callback, ChangeKind
from adapter.storage.callback_changes import CallbackChanges
from adapter.storage.schema import callback_changes
from adapter.storage.store import Store
from tests.support.actors import TESTER
from tests.support.databases import refusing
from tests.support.environment import ACCOUNT, BASE_URL, ENVIRON, NOW, TOKEN
from tests.support.twilio_api import FakeTwilio, Fault

Run = Callable[..., Result]
HERE = f"{BASE_URL}/webhooks/twilio#rc=5&rp=all"
OTHER = "https://other.example/status?token=t0psecret&x=1#rc=2"
ONE, TWO, THREE = "+16175550100", "+16175550101", "+16175550102"
LINES = f'[lines."{ONE}"]\nname = "Main Street leasing"\n[lines."{TWO}"]\nname = "Elm Street"\n'
SUB = "AC00000000000000000000000000000002"


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """Two lines that call back nowhere, and a number that is no line."""
    with FakeTwilio({ACCOUNT: TOKEN, SUB: "sub-token"}) as server:
        server.add_number(ACCOUNT, "PN1", ONE)
        server.add_number(ACCOUNT, "PN2", TWO)
        server.add_number(ACCOUNT, "PN3", THREE, friendly_name="The fax of before")
        yield server


@pytest.fixture
def run(database_url: str, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(common, "console", Screen(width=250))

    def run_command(*arguments: str, **environ: str) -> Result:
        given = {
            **ENVIRON,
            "DATABASE_URL": database_url,
            "TWILIO_API_BASE_URL": twilio.url,
            "ADAPTER_LINES": LINES,
            **environ,
        }
        result = CliRunner().invoke(cli, list(arguments), env=given)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert "t0psecret" not in result.output and TOKEN not in result.output
        return result

    return run_command


def well(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def failed(result: Result, code: int = 1) -> str:
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def callbacks(twilio: FakeTwilio) -> dict[str, tuple[str, str]]:
    rows = [*twilio.numbers.values(), *twilio.applications.values()]
    return {row["sid"]: (row["status_callback"], row["status_callback_method"]) for row in rows}


def kept(store: Store) -> list[Any]:
    with store.autocommit() as connection:
        return list(connection.execute(sa.select(callback_changes).order_by(callback_changes.c.id)))


# numbers ---------------------------------------------------------------------------------------------


def test_every_number_beside_its_line(run: Run, twilio: FakeTwilio) -> None:
    twilio.numbers["PN1"]["status_callback"] = HERE
    twilio.numbers["PN3"]["status_callback"] = OTHER
    twilio.add_number(SUB, "PN4", "+16175550104", status_callback=f"{BASE_URL}/webhooks/twilio")
    subaccounts = json.dumps({SUB: "sub-token"})
    text = well(run("numbers", TWILIO_SUBACCOUNT_TOKENS=subaccounts))
    for words in (
        "(617) 555-0100 Main Street leasing here POST #rc=5&rp=all",
        "(617) 555-0101 Elm Street nowhere its status callback is not set",
        "The fax of before (no line) elsewhere https://other.example/status?token=***&x=1#rc=2",
        "it calls back here and is no line of lines.toml",
        "4 number(s), 2 of them no line. 2 lack something",
    ):
        assert words in text
    rows = json.loads(run("numbers", "--json", TWILIO_SUBACCOUNT_TOKENS=subaccounts).stdout)
    assert [(row["number"], row["points_to"], row["is_line"]) for row in rows] == [
        (ONE, "here", True),
        (TWO, "nowhere", True),
        ("+16175550104", "here", False),
        (THREE, "elsewhere", False),
    ]
    assert (rows[0]["fragment"], rows[0]["method"], rows[0]["lacks"]) == ("rc=5&rp=all", "POST", [])


def test_numbers_fits_a_terminal_of_80_columns(
    run: Run, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio.numbers["PN1"].update(status_callback=HERE, trunk_sid="TK" + "1" * 32)
    twilio.numbers["PN2"]["status_callback"] = OTHER
    monkeypatch.setattr(common, "console", Screen(width=80))
    lines = run("numbers").output.splitlines()
    assert max(map(len, lines)) <= 80
    assert "--replace" in " ".join(lines)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"status_callback": f"{BASE_URL}/webhooks/twilio"},
            "the fragment #rc=5&rp=all is lacking",
        ),
        ({"status_callback": f"{HERE}", "status_callback_method": "GET"}, "its method is GET"),
        (
            {"status_callback": f"{BASE_URL}/webhooks/twilio?a=1#rc=5&rp=all"},
            "more than the address",
        ),
        ({"status_callback": HERE.replace("https", "http")}, "an old address of ours"),
        ({"status_callback": OTHER}, "somebody else, https://other.example/status:"),
        ({"trunk_sid": "TK1", "status_callback": HERE}, "it belongs to the trunk TK1"),
        ({"voice_receive_mode": "fax"}, "it receives faxes"),
        ({"capabilities": {"voice": False}}, "it can take no calls"),
    ],
)
def test_what_a_number_lacks(
    run: Run, twilio: FakeTwilio, fields: dict[str, Any], words: str
) -> None:
    twilio.numbers["PN1"].update(fields)
    assert words in well(run("numbers"))


def test_more_overrides_than_ours_are_right(run: Run, twilio: FakeTwilio) -> None:
    twilio.numbers["PN1"]["status_callback"] = f"{HERE}&ct=2000"
    assert "calls back here" in well(run("connect", ONE, "--yes"))
    assert twilio.changed == []


def test_a_line_that_no_account_has(run: Run, twilio: FakeTwilio) -> None:
    del twilio.numbers["PN2"]
    assert "no account has it" in well(run("numbers"))
    row = json.loads(run("numbers", "--json").stdout)[-1]
    assert (row["number"], row["id"], row["points_to"]) == (TWO, None, None)
    text = failed(run("connect", "--all", "--yes"))
    assert "(617) 555-0101: lines.toml names it, and no account has it" in text
    assert callbacks(twilio)["PN1"] == (HERE, "POST")


def test_an_account_that_cannot_be_read_hides_no_other(run: Run) -> None:
    result = run("numbers", TWILIO_SUBACCOUNT_TOKENS=json.dumps({SUB: "wrong"}))
    text = failed(result)
    assert "(617) 555-0100" in text
    assert f"account {SUB[:6]}... cannot be read" in text


def test_what_could_not_be_asked_is_not_said_to_be_all_right(run: Run, twilio: FakeTwilio) -> None:
    """Where no account can be read there is no number, and so none that lacks anything."""
    twilio.tokens.clear()
    text = failed(run("numbers"))
    assert "Nothing is lacking" not in text
    assert "What is lacking is not known" in text


def test_a_subaccount_without_a_token_is_named(run: Run, twilio: FakeTwilio) -> None:
    closed = "AC00000000000000000000000000000003"
    twilio.accounts = [
        {"sid": sid, "owner_account_sid": ACCOUNT, "status": status}
        for sid, status in ((ACCOUNT, "active"), (SUB, "active"), (closed, "closed"))
    ]
    text = well(run("numbers"))
    assert f"the numbers of the subaccount {SUB} are not shown" in text
    assert closed not in text
    subaccounts = json.dumps({SUB: "sub-token"})
    assert "not shown" not in well(run("numbers", TWILIO_SUBACCOUNT_TOKENS=subaccounts))


@pytest.mark.parametrize("command", [("numbers",), ("connect", "--all"), ("disconnect", "--all")])
def test_without_credentials_it_says_so_in_one_line(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, TWILIO_ACCOUNT_SID="")
    assert "no account has its id and its token set" in failed(result)
    assert len(result.output.splitlines()) == 1


def test_without_an_address_or_a_database(run: Run, tmp_path: Any) -> None:
    assert "PUBLIC_BASE_URL is not set" in failed(run("numbers", PUBLIC_BASE_URL=""))
    absent = f"sqlite:///{tmp_path}/absent.sqlite3"
    assert "(617) 555-0100" in well(run("numbers", DATABASE_URL=absent))
    assert "adapter migrate" in failed(run("connect", "--all", "--yes", DATABASE_URL=absent))


# connect ---------------------------------------------------------------------------------------------


def test_connect_and_disconnect_leave_every_number_as_before(
    run: Run, twilio: FakeTwilio, store: Store
) -> None:
    twilio.numbers["PN2"].update(status_callback=OTHER, status_callback_method="GET")
    before = copy.deepcopy(twilio.numbers)
    text = well(run("connect", "--all", "--replace", "--yes"))
    assert f"before nowhere after {HERE} by POST" in text
    assert f"is now {HERE} by POST" in text
    assert callbacks(twilio) == {"PN1": (HERE, "POST"), "PN2": (HERE, "POST"), "PN3": ("", "POST")}
    first, second = kept(store)
    assert (second.old_url, second.old_method, second.new_url) == (OTHER, "GET", HERE)
    assert first.who.startswith("cli:") and first.confirmed_at is not None
    well(run("connect", "--all", "--replace", "--yes"))  # again: nothing to do
    assert len(twilio.changed) == len(kept(store)) == 2
    well(run("disconnect", "--all", "--yes"))
    assert twilio.numbers == before
    assert "nothing to give back" in well(run("disconnect", "--all", "--yes"))
    assert "as it was before" in well(run("disconnect", ONE, "--yes"))
    assert len(twilio.changed) == 4


def test_somebody_elses_callback_stops_it(run: Run, twilio: FakeTwilio, store: Store) -> None:
    """The others are connected all the same."""
    twilio.numbers["PN1"]["status_callback"] = OTHER
    text = failed(run("connect", "--all", "--yes"))
    assert "somebody else" in text and "--replace" in text
    assert callbacks(twilio)["PN1"] == (OTHER, "POST")
    assert callbacks(twilio)["PN2"] == (HERE, "POST")
    failed(run("disconnect", ONE, TWO, "--yes", PUBLIC_BASE_URL="https://other.example"), 0)
    assert callbacks(twilio)["PN1"] == (OTHER, "POST")


def test_it_asks_first(run: Run, twilio: FakeTwilio, store: Store) -> None:
    """Without a terminal nobody can answer."""
    assert "the same with --yes" in failed(run("connect", ONE))
    assert "would be changed" in well(run("connect", ONE, "--dry-run"))
    assert twilio.changed == [] and kept(store) == []
    well(run("connect", ONE, "--yes"))
    assert "before" in well(run("disconnect", ONE, "--dry-run"))
    assert len(twilio.changed) == 1 and len(kept(store)) == 1


def test_what_is_named_wrongly_changes_nothing(run: Run, twilio: FakeTwilio) -> None:
    assert "name the numbers" in failed(run("connect"), 2)
    assert "name the numbers" in failed(run("connect", ONE, "--all"), 2)
    assert "not a phone number" in failed(run("connect", "main"), 2)
    text = failed(run("connect", ONE, "+16175550177", "--yes"))
    assert "no account has the number +16175550177" in text and "Nothing was changed" in text
    assert "do not go together" in failed(run("connect", ONE, "--watch", "--dry-run"), 2)
    assert twilio.changed == []


def test_numbers_are_named_as_people_write_them(run: Run, twilio: FakeTwilio) -> None:
    well(run("connect", "(617) 555-0102", "--yes"))
    assert callbacks(twilio)["PN3"] == (HERE, "POST")


def test_all_means_the_whole_account_where_no_line_is_named(run: Run, twilio: FakeTwilio) -> None:
    """What cannot take calls is told, and is no failure then."""
    twilio.numbers["PN3"]["voice_receive_mode"] = "fax"
    text = well(run("connect", "--all", "--yes", ADAPTER_LINES=""))
    assert "it receives faxes" in text
    assert [sid for sid, _ in twilio.changed] == ["PN1", "PN2"]


def test_what_cannot_work_is_not_tried(run: Run, twilio: FakeTwilio) -> None:
    twilio.numbers["PN1"]["trunk_sid"] = "TK1"
    text = failed(run("connect", ONE, "--replace", "--yes"))
    assert "trunk TK1" in text and "What works" in text
    assert twilio.changed == []


def test_a_number_on_an_application_shows_all_that_share_it(run: Run, twilio: FakeTwilio) -> None:
    twilio.add_application(ACCOUNT, "AP1", status_callback=OTHER, status_callback_method="GET")
    for sid in ("PN1", "PN3"):
        twilio.numbers[sid]["voice_application_sid"] = "AP1"
    before = copy.deepcopy((twilio.numbers, twilio.applications))
    shown = failed(run("connect", ONE, "--replace"))
    assert "the application Voice (AP1)" in shown and "and so do: (617) 555-0102" in shown
    assert twilio.changed == []
    well(run("connect", "--all", "--replace", "--yes"))
    assert [sid for sid, _ in twilio.changed] == ["AP1", "PN2"]
    assert "by the application AP1" in well(run("numbers"))
    shown = well(run("disconnect", "--all", "--yes"))
    assert "and so do: (617) 555-0102" in shown
    assert (twilio.numbers, twilio.applications) == before


def test_a_number_that_came_onto_an_application_later_gets_its_own_back(
    run: Run, twilio: FakeTwilio
) -> None:
    well(run("connect", ONE, "--yes"))
    twilio.add_application(ACCOUNT, "AP1", status_callback=OTHER)
    twilio.numbers["PN1"]["voice_application_sid"] = "AP1"
    well(run("disconnect", "--all", "--yes"))
    assert callbacks(twilio)["PN1"] == ("", "POST")
    assert callbacks(twilio)["AP1"] == (OTHER, "POST")


def test_an_application_that_no_number_is_on_any_longer_gets_its_own_back(
    run: Run, twilio: FakeTwilio
) -> None:
    """And a number that is no longer there disturbs nothing."""
    twilio.add_application(ACCOUNT, "AP1", status_callback=OTHER)
    twilio.numbers["PN1"]["voice_application_sid"] = "AP1"
    well(run("connect", "--all", "--replace", "--yes"))
    twilio.numbers["PN1"]["voice_application_sid"] = ""
    del twilio.numbers["PN2"]
    assert "AP1: is now https://other.example" in well(run("disconnect", "--all", "--yes"))
    assert callbacks(twilio)["AP1"] == (OTHER, "POST")


def test_a_new_address_of_ours_and_back_to_what_was_there_first(
    run: Run, twilio: FakeTwilio
) -> None:
    old = "https://old.example"
    twilio.numbers["PN1"]["status_callback"] = OTHER
    well(run("connect", ONE, "--replace", "--yes", PUBLIC_BASE_URL=old))
    assert "an old address of ours, https://old.example" in well(run("numbers"))
    well(run("connect", ONE, "--yes"))
    assert callbacks(twilio)["PN1"] == (HERE, "POST")
    well(run("disconnect", ONE, "--yes", PUBLIC_BASE_URL="https://third.example"))
    assert callbacks(twilio)["PN1"] == (OTHER, "POST")


def test_a_tunnel_is_told_from_an_old_address(run: Run, twilio: FakeTwilio, store: Store) -> None:
    """It may be open still, and then to connect the number would take it away."""
    tunnel = "https://one.tunnel.example/webhooks/twilio"
    changes = CallbackChanges(store)
    for kind, url in ((ChangeKind.CONNECT, HERE), (ChangeKind.TUNNEL, tunnel)):
        callback = Callback(url, "POST")
        changes.begin(
            "twilio", ACCOUNT, "PN1", kind=kind, old=Callback(), new=callback, by=TESTER, now=NOW
        )
    twilio.numbers["PN1"]["status_callback"] = tunnel
    text = well(run("numbers"))
    assert f"a tunnel of adapter run --tunnel, {tunnel}: leave it while that runs" in text
    assert "an old address" not in text
    assert [row["points_to"] for row in json.loads(run("numbers", "--json").stdout)] == [
        "tunnel",
        "nowhere",
        "nowhere",
    ]
    assert "a tunnel of ours, which then hears of no call" in well(
        run("connect", ONE, "--yes", "--dry-run")
    )


def test_the_fragment_is_corrected(run: Run, twilio: FakeTwilio) -> None:
    """And what somebody had set by hand comes back."""
    by_hand = f"{BASE_URL}/webhooks/twilio"
    twilio.numbers["PN1"]["status_callback"] = by_hand
    well(run("connect", ONE, "--yes"))
    assert callbacks(twilio)["PN1"] == (HERE, "POST")
    well(run("disconnect", ONE, "--yes"))
    assert callbacks(twilio)["PN1"] == (by_hand, "POST")


# disconnect ------------------------------------------------------------------------------------------


def test_what_somebody_changed_since_stays(run: Run, twilio: FakeTwilio) -> None:
    well(run("connect", ONE, TWO, "--yes"))
    twilio.numbers["PN1"]["status_callback"] = OTHER
    assert "somebody has changed it since" in failed(run("disconnect", "--all", "--yes"))
    assert callbacks(twilio)["PN1"] == (OTHER, "POST")
    assert callbacks(twilio)["PN2"] == ("", "POST")


def test_another_database_changes_nothing_and_says_why(
    run: Run, twilio: FakeTwilio, store: Store
) -> None:
    well(run("connect", ONE, "--yes"))
    with store.begin() as connection:  # as a database that has not seen it
        connection.execute(sa.delete(callback_changes))
    for names in ((ONE,), ("--all",)):
        assert "connected from another database" in failed(run("disconnect", *names, "--yes"))
    assert callbacks(twilio)["PN1"] == (HERE, "POST")
    assert "was not connected from here" in well(run("disconnect", TWO, "--yes"))


# What breaks off ---------------------------------------------------------------------------------------


def test_half_way_it_says_what_was_done_and_goes_on_when_run_again(
    run: Run, twilio: FakeTwilio, store: Store
) -> None:
    twilio.faults = [Fault("PN1", 400, method="POST")]
    text = failed(run("connect", "--all", "--yes"))
    assert "(617) 555-0100: not changed" in text
    assert f"(617) 555-0101: is now {HERE}" in text and "1 of 2 callback(s) changed" in text
    well(run("connect", "--all", "--yes"))
    well(run("disconnect", "--all", "--yes"))
    assert set(callbacks(twilio).values()) == {("", "POST")}


@pytest.mark.parametrize("is_done", [True, False])
def test_an_answer_that_got_lost_is_read_back(run: Run, twilio: FakeTwilio, is_done: bool) -> None:
    twilio.faults = [Fault("PN1", 503, method="POST", is_late=is_done)]
    result = run("connect", ONE, "--yes")
    if is_done:
        well(result)
    else:
        assert "not changed" in failed(result)
    assert callbacks(twilio)["PN1"][0] == (HERE if is_done else "")


def test_nothing_is_asked_of_twilio_before_the_old_value_is_kept(
    run: Run, twilio: FakeTwilio, store: Store
) -> None:
    with refusing(store.engine, "callback_changes"):
        text = failed(run("connect", "--all", "--yes"))
    assert "Of 2 callback(s), 0 were changed" in text
    assert twilio.changed == []


def test_a_change_meanwhile_is_not_overwritten(
    run: Run, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the plan and the change somebody else sets the callback."""
    rows = twilio.numbers["PN1"]
    plain_page = twilio._page

    def page_then_change(*arguments: Any) -> Any:
        answer = plain_page(*arguments)
        rows["status_callback"] = OTHER
        return answer

    monkeypatch.setattr(twilio, "_page", page_then_change)
    assert "it has just become https://other.example" in failed(run("connect", ONE, "--yes"))
    assert callbacks(twilio)["PN1"] == (OTHER, "POST")
    assert twilio.changed == []
