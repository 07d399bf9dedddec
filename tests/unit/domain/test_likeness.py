"""Which names of numbers and properties mean the same place?"""

from __future__ import annotations

import pytest

from adapter.domain.likeness import clear_match, likeness, most_alike

PLACES = {"main": "Main Street", "oak": "Oak Park", "elm": "Elm Street", "park": "Park Street"}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Main Street leasing", "main"),
        ("MAIN ST.", "main"),
        ("Leasing line - Oak Park", "oak"),
        ("The Oak Park Apts (office)", "oak"),
        ("oak-park", "oak"),
        ("Elm", "elm"),
        ("Elm St +1 617-555-0100", "elm"),
        ("Street", None),
        ("Park", None),
        ("Pine Street", None),
        ("(617) 555-0100", None),
        ("+16175550100", None),
        ("Leasing office", None),
        ("", None),
        ("Main Street and Oak Park", None),
    ],
)
def test_a_name_is_matched_only_where_it_is_clear(name: str, place: str | None) -> None:
    assert clear_match(name, PLACES) == place


def test_two_places_of_nearly_the_same_name_are_not_told_apart() -> None:
    places = {"1": "Riverside North", "2": "Riverside South"}
    assert clear_match("Riverside leasing", places) is None
    assert clear_match("Riverside North", places) == "1"
    assert clear_match("Riversdie North", places) == "1"


def test_house_numbers_must_be_the_same() -> None:
    places = {"1": "100 Lake Drive", "2": "1000 Lake Drive"}
    assert clear_match("100 Lake Dr", places) == "1"
    assert clear_match("Lake Dr", places) is None


def test_the_most_alike_come_first() -> None:
    assert most_alike("Oak", PLACES) == ["oak", "elm", "main", "park"]
    assert likeness("Main Street", "Street Main") == 1.0
    assert likeness("", "") == 0.0
