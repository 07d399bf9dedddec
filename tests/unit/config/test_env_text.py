"""Does a file of settings keep all that is not changed, and is what is written read back as it was?"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.config.env_file import settings_in
from adapter.config.env_text import quoted, with_settings

OLD = """\
# mine
OTHER='two words'   # stays

export TOKEN=old  # of before
BLANK=
LAST=x"""


def test_what_is_not_named_stays_as_it_is() -> None:
    text = with_settings(
        OLD, {"TOKEN": "new", "BLANK": "b", "ADDED": "a b"}, {"ADDED": "what it is"}
    )
    assert text == (
        "# mine\nOTHER='two words'   # stays\n\nexport TOKEN=new\nBLANK=b\nLAST=x\n"
        "\n# what it is\nADDED='a b'\n"
    )


def test_what_is_as_it_was_changes_no_byte() -> None:
    assert with_settings(OLD, {"TOKEN": "old", "OTHER": "two words"}, {}) == OLD


def test_of_a_name_that_stands_twice_the_last_one_counts() -> None:
    text = with_settings("A=1\nA=2\n", {"A": "3"}, {})
    assert text == "A=1\nA=3\n"
    assert settings_in(text, "it") == {"A": "3"}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_every_value_is_read_back(value: str) -> None:
    assert settings_in(with_settings("", {"NAME": value}, {}), "it") == {"NAME": value}


@pytest.mark.parametrize(
    "value", ["plain", "two words", '$HOME `x` "y" #z', "a;b", "~", "a&b", "/srv/a b"]
)
def test_a_shell_reads_the_same(value: str, tmp_path: Path) -> None:
    (tmp_path / "env").write_text(f"NAME={quoted(value)}\n")
    done = subprocess.run(
        ["sh", "-c", '. ./env; printf %s "$NAME"'], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout.decode() == value
