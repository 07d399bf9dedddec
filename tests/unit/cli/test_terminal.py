"""Is everything said, in words that are whole, on any terminal, pipe and stream?"""

from __future__ import annotations

import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from fcntl import ioctl
from pathlib import Path

import pytest
from rich.text import Text

from adapter.bootstrap import Container
from adapter.cli.terminal import Column, Listing, Screen, say
from adapter.config.settings import Settings
from adapter.domain.call import CallState
from tests.support.environment import ENVIRON, LINE, NOW
from tests.support.hooks import CALL, signed, status_hook

URL = "https://calls.example.com/recordings/" + "a1b2" * 20
WHY = "held: nobody with this number among the leads, applicants and residents"
ROWS = [
    ("✓", "answered", "← (617) 555-0134", "Anna Alvarez (lead)", "confirmed"),
    ("✓", "told three times", "→ (617) 555-0135", "", WHY),
    ("✗", "linked", "← withheld", "Ben Brooks (applicant)", f"see {URL} for it"),
]
WIDTHS = [40, 60, 80, 120]


def listing() -> Listing:
    made = Listing(
        Column(name="", is_first=True),
        Column(name="call", is_first=True),
        Column(name="with"),
        Column(name="person", is_named=True),
        Column(name="result", is_first=True),
        title="What became of the calls",
    )
    for row in ROWS:
        made.add(*row)
    return made


def printed(what: object, width: int | None = None) -> list[str]:
    file = io.StringIO()
    screen = Screen(file=file, width=width) if width else Screen(file=file)
    screen.print(what)
    return file.getvalue().splitlines()


def words(lines: list[str]) -> list[str]:
    return sorted(word for line in lines for word in line.split())


@pytest.fixture(autouse=True)
def _no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_listing_says_every_word_in_any_width_and_breaks_none(width: int) -> None:
    said = set(words(printed(listing(), width)))
    for row in ROWS:
        assert set(" ".join(row).split()) <= said
    assert "title" not in said


@pytest.mark.parametrize("width", WIDTHS)
def test_only_a_word_without_room_makes_a_longer_line(width: int) -> None:
    for line in printed(listing(), width):
        assert len(line) <= width or URL in line


@pytest.mark.parametrize("width", WIDTHS)
def test_mark_title_and_result_stand_in_a_rows_first_line(width: int) -> None:
    (line,) = [line for line in printed(listing(), width) if line.split()[1:2] == ["answered"]]
    assert line.split()[0] == "✓"
    assert "confirmed" in line


def test_a_row_that_fits_into_one_line_takes_one() -> None:
    made = listing()
    made.add("✓", "short", "", "", "fine")
    assert "✓  short  fine" in printed(made, 40)


def test_what_is_piped_is_a_table_with_one_line_for_each_row() -> None:
    lines = printed(listing())
    assert len(lines) == 2 + 1 + len(ROWS)
    places = {line.index(row[2]) for line, row in zip(lines[3:], ROWS, strict=True)}
    assert len(places) == 1
    assert all(line.endswith(row[-1]) for line, row in zip(lines[3:], ROWS, strict=True))


def test_a_wide_terminal_has_a_table_whose_sentences_are_wrapped() -> None:
    made = Listing(Column(name="call"), Column(name="why"))
    made.add("one", WHY)
    lines = printed(made, 60)
    assert lines[0].split() == ["call", "why"]
    assert [len(line) <= 60 for line in lines] == [True] * len(lines)
    assert {line.index(line.split()[-1][0]) >= 6 for line in lines[3:]} == {True}


def test_sentences_are_wrapped_at_words_and_styles_stay() -> None:
    file = io.StringIO()
    say(Screen(file=file, width=30), Text.assemble(("held", "bold"), f": {WHY}"), head="  state ")
    lines = file.getvalue().splitlines()
    assert lines[0].startswith("  state held")
    assert all(line.startswith(" " * 8) for line in lines[1:])
    assert " ".join(lines).split() == f"state held: {WHY}".split()


def test_brackets_are_no_markup() -> None:
    file = io.StringIO()
    say(Screen(file=file), "[/x] [red]Bob[/red]")
    assert file.getvalue() == "[/x] [red]Bob[/red]\n"


# The commands, as processes -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Mapping[str, str]:
    """A database with a call of José's that is held, and settings for it."""
    database = tmp_path_factory.mktemp("terminal") / "adapter.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ = {**kept, **ENVIRON, "DATABASE_URL": f"sqlite:///{database}", "TERM": "xterm"}
    container = Container(Settings.from_environ(environ))
    container.intake.take(container.providers["twilio"], signed(status_hook("no-answer", To=LINE)))
    with container.store.begin() as connection:
        key = container.store.calls.find(CALL)[0].key
        container.store.calls.update(
            connection, key, reason=f"José’s “message” – {WHY}", state=CallState.HELD
        )
    container.store.engine.dispose()
    return environ


def piped(environ: Mapping[str, str], *arguments: str, **more: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "adapter", *arguments],
        env={**environ, **more},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stdout


def at_terminal(environ: Mapping[str, str], columns: int, *arguments: str) -> str:
    """What the command says in a terminal of this width, without colours."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "adapter", *arguments],
        env={**environ, "LANG": "C.UTF-8"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b"".join(_until_closed(ours))
    assert process.wait(60) == 0, said
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode()).replace("\r\n", "\n")


def _until_closed(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux: the other side is closed
            return
        if not data:
            return
        yield data


@pytest.mark.parametrize(
    ("command", "columns"),
    [
        (("calls",), 40),
        pytest.param(("held",), 60, marks=pytest.mark.full),
        (("show", CALL), 80),
        *[
            pytest.param(command, columns, marks=pytest.mark.full)
            for command, columns in [
                (("calls",), 60),
                (("calls",), 80),
                (("held",), 40),
                (("held",), 80),
                (("show", CALL), 40),
                (("show", CALL), 60),
            ]
        ],
    ],
)
def test_no_command_breaks_a_word_or_leaves_one_out(
    environ: Mapping[str, str], command: tuple[str, ...], columns: int
) -> None:
    said = at_terminal(environ, columns, *command)
    assert {CALL, "held", *WHY.split()[1:], "555-0134"} <= set(said.split())
    assert max(len(line) for line in said.splitlines()) <= columns


@pytest.mark.parametrize(
    ("command", "stream"),
    [
        (("calls",), {"PYTHONIOENCODING": "ascii"}),
        pytest.param(("show", CALL), {"LC_ALL": "C"}, marks=pytest.mark.full),
        pytest.param(("calls",), {"LC_ALL": "C"}, marks=pytest.mark.full),
        pytest.param(("show", CALL), {"PYTHONIOENCODING": "ascii"}, marks=pytest.mark.full),
    ],
)
def test_a_stream_that_is_not_utf8_gets_ascii(
    environ: Mapping[str, str], command: tuple[str, ...], stream: dict[str, str]
) -> None:
    said = piped(environ, *command, **stream)
    assert said.isascii()
    assert b'Jose\'s "message" - held' in said


def test_a_pipe_gets_utf8_and_whole_lines(environ: Mapping[str, str]) -> None:
    said = piped(environ, "calls", LANG="C.UTF-8").decode()
    (row,) = [line for line in said.splitlines() if CALL in line]
    for part in ("← (617) 555-0134", "José’s “message” – held", WHY):
        assert part in row


@pytest.mark.parametrize(
    ("command", "zone"),
    [
        pytest.param(("calls",), "UTC", marks=pytest.mark.full),
        (("show", CALL), "EST5"),
        pytest.param(("calls",), "EST5", marks=pytest.mark.full),
        pytest.param(("show", CALL), "UTC", marks=pytest.mark.full),
    ],
)
def test_times_name_their_zone(
    environ: Mapping[str, str], command: tuple[str, ...], zone: str
) -> None:
    local = {"UTC": NOW.strftime("%Y-%m-%d %H:%M:%S UTC"), "EST5": " EST"}[zone]
    assert local in piped(environ, *command, TZ=zone).decode()
