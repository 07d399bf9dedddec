"""Do the documents say what is there? Links, settings, keys of a line, commands, the form of decisions."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from adapter.cli.commands import cli
from adapter.config.settings import NOT_SET_BY_PEOPLE, Settings
from adapter.domain.lines import Line
from tests.support.documents import ROOT, anchors, names, table

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(path: Path) -> None:
    dead = []
    for link in re.findall(r"\]\((?!\w+:)([^)\s]+)\)", path.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        is_alive = target.exists() and (
            not anchor or anchor in anchors(target.read_text(encoding="utf-8"))
        )
        if not is_alive:
            dead.append(link)
    assert dead == []


def test_every_setting_is_told_once() -> None:
    told = names(table((ROOT / "docs/operating.md").read_text(), "## Settings"))
    by_people = set(Settings.model_fields) - NOT_SET_BY_PEOPLE
    assert sorted(told) == sorted(name.upper() for name in by_people)


def test_every_key_of_a_line_is_told_once() -> None:
    """All but the number, which is the name of the line's table."""
    lines = (ROOT / "docs/operating.md").read_text().split("\n| key of a line |", 1)[1]
    told = re.findall(r"^\| `(\w+)` \|", lines.split("\n\n", 1)[0], re.MULTILINE)
    assert sorted(told) == sorted(set(Line.model_fields) - {"number"})


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_and_option_is_there(path: Path) -> None:
    """What stands behind `adapter` in code is a command, and what follows are options of it."""
    text = path.read_text(encoding="utf-8")
    code = re.findall(r"^```sh\n(.*?)^```|`(adapter [^`]+)`", text, re.MULTILINE | re.DOTALL)
    wrong = []
    for line in "\n".join(block or span for block, span in code).splitlines():
        used = re.search(
            r"(?:^|[/; ])adapter (?:--env-file \S+ )?([a-z][a-z-]*)([^;&]*)", line.partition("#")[0]
        )
        if used is None:
            continue
        command = cli.get_command(click.Context(cli), used[1])
        if isinstance(command, click.Group) and (words := used[2].split()):
            command = command.commands.get(words[0], command)
        options = {name for param in command.params for name in param.opts} if command else set()
        if command is None or set(re.findall(r"--[a-z-]+", used[2])) - options - {"--help"}:
            wrong.append(line)
    assert wrong == []


def test_the_readme_fits_on_two_screens() -> None:
    """What a newcomer needs, and links to the rest."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


DECISIONS = sorted(ROOT.glob("docs/decisions/[0-9]*.md"))
SECTIONS = ["Context", "Decision", "What was measured or tried", "Consequences"]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_a_decision_has_the_one_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(
        rf"# {int(path.name[:4])}\. \S.*\n\n- Status: (accepted for|replaced by) .+\n"
        r"- Date: \d{4}-\d\d-\d\d(; changed \d{4}-\d\d-\d\d.*)?\n\n",
        text,
    )
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


def test_the_index_has_every_decision_in_order() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d+) \| \[.+\]\((\d{4}-.+\.md)\) \| .+ \|$", index, re.MULTILINE)
    assert listed == [(str(int(path.name[:4])), path.name) for path in DECISIONS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_and_folder_named_in_code_is_there(path: Path) -> None:
    """What the documents show of a PMS that does not exist is not looked for."""
    named = re.findall(r"`((?:adapter|tests|docs)/[\w./-]*)`", path.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists() and "homely" not in name] == []


def test_the_architecture_has_every_room() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = {f"adapter/{folder.parent.name}/" for folder in ROOT.glob("adapter/*/__init__.py")}
    assert set(names(table(text, "## The rooms"))) == rooms


def code_of(path: Path) -> str:
    """The file's lines without their indentation, which is another one in a document."""
    return "\n".join(line.strip() for line in path.read_text(encoding="utf-8").splitlines())


def test_the_code_on_adding_a_provider_is_that_of_the_made_up_one() -> None:
    text = (ROOT / "docs" / "adding-a-provider.md").read_text(encoding="utf-8")
    pieces = re.findall(r"^ *```python\n(.*?)^ *```", text, re.M | re.S)
    assert len(pieces) >= 4
    code = "\n".join(code_of(path) for path in (ROOT / "tests" / "support" / "acme").glob("*.py"))
    for piece in pieces:
        lines = "\n".join(line.strip() for line in piece.strip().splitlines())
        assert lines in code, f"not in tests/support/acme:\n{piece}"
