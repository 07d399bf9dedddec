"""Does one of hundreds come out right, by its place in the list, its name or a part of it?"""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from adapter.cli.setup.pick import STOP, Option, pick

MANY = [Option(f"House {at}, Boston", (f"prop_{at}", f"House {at}")) for at in range(1, 31)]


def picked(typed: str, *, is_free: bool = False, has_default: bool = True) -> tuple[str, str]:
    """What was picked, and what was said."""

    @click.command()
    def asking() -> None:
        found = pick(
            "Which?", MANY, has_default=has_default, none="none", stop="enough", is_free=is_free
        )
        click.echo(f"picked {MANY[found].texts[0] if isinstance(found, int) else found}")

    result = CliRunner().invoke(asking, input=typed)
    assert result.exit_code == 0, result.output
    said, _, found = result.output.rpartition("picked ")
    return found.strip(), said


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("\n", "prop_1"),
        ("4\n", "prop_4"),
        ("prop_17\n", "prop_17"),
        ("house 17\n", "prop_17"),
        ("-\n", "None"),
        (".\n", STOP),
        ("10\nprop_10\n", "prop_10"),  # only nine are shown, and no other has this in its name
        ("nothing\n2\n", "prop_2"),
        ("house 2\n", "prop_2"),  # its whole name, which is a part of others'
        ("use 2\n2\n", "prop_20"),  # the second of those that have it
    ],
)
def test_what_is_typed_picks_one(typed: str, found: str) -> None:
    assert picked(typed)[0] == found


def test_a_long_list_shows_its_beginning() -> None:
    _, said = picked("\n")
    assert "House 9," in said and "House 10," not in said
    assert "and 21 more: type a part of the name" in said


def test_a_number_that_the_list_has_not_is_said_to_be_none() -> None:
    found, said = picked("99\n2\n")
    assert found == "prop_2" and "There is no number 99 here." in said


def test_enter_means_nothing_where_nothing_is_proposed() -> None:
    assert picked("\n3\n", has_default=False)[0] == "prop_3"
    assert picked("use 2\n\n1\n")[0] == "prop_2"  # nor where others are shown than those proposed


def test_another_text_is_taken_where_that_is_allowed() -> None:
    assert picked("Somebody\n", is_free=True)[0] == "Somebody"
    assert picked("house 3\n", is_free=True)[0] == "prop_3"
