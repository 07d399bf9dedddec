"""Is it said of each who has the number what speaks for and against them, and why they were not chosen?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.candidates import candidates
from adapter.domain.lines import Ambiguous, Line, PersonKind
from adapter.domain.matching import Person, choose_person

NUMBER, OTHER_NUMBER = "+16175550134", "+16175550135"
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LINE = Line(number="+16175550100", integration_id="int_1", property_id="prop_1")
HOLDING = LINE.model_copy(update={"ambiguous": Ambiguous.HOLD})
ANNA = Person(
    PersonKind.LEAD,
    "lead_anna",
    "int_1",
    name="Anna",
    property_id="prop_1",
    numbers=frozenset({NUMBER}),
    updated_at=MONDAY,
)
AMONG_WORDS: dict[str, Any] = {
    "numbers": frozenset({OTHER_NUMBER}),
    "among_words": frozenset({NUMBER}),
}


def other(kind: PersonKind = PersonKind.LEAD, **changes: Any) -> Person:
    return replace(ANNA, **{"kind": kind, "id": "other", "name": "Ben", **changes})


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (other(property_id="prop_2"), "Anna (lead) is at the line's property"),
        (other(is_active=False), "Anna (lead) is active"),
        (other(PersonKind.RESIDENT), "this line prefers leads to residents"),
        (other(updated_at=MONDAY - timedelta(days=1)), "Anna (lead) was updated later"),
        (other(), "Anna (lead) comes first by its id"),
        (other(refused="the PMS takes none"), "the PMS takes none"),
        (other(**AMONG_WORDS), "the number is all of somebody else's phone field"),
    ],
)
def test_why_somebody_was_not_chosen(person: Person, why: str) -> None:
    first, second = candidates(NUMBER, [person, ANNA], LINE)
    assert (first.person, first.is_choice, first.why_not) == (ANNA, True, None)
    assert (second.person, second.is_choice, second.why_not) == (person, False, why)


def test_where_people_fit_equally_well_that_is_said_of_each() -> None:
    worse = other(id="worse", is_active=False)
    found = candidates(NUMBER, [worse, other(), ANNA], HOLDING)
    assert [each.person.id for each in found] == ["lead_anna", "other", "worse"]
    tied = "others fit equally well, and this line holds such calls"
    assert [each.why_not for each in found] == [tied, tied, "others fit better"]


def test_somebody_of_a_kind_that_the_line_does_not_take_is_shown_last() -> None:
    line = LINE.model_copy(update={"people": (PersonKind.RESIDENT,)})
    resident = other(PersonKind.RESIDENT, is_active=False, property_id="prop_2")
    first, second = candidates(NUMBER, [ANNA, resident], line)
    assert first.is_choice and first.speaks_against == (
        "closed",
        "at another property (prop_2)",
    )
    assert second.why_not == "this line does not look among leads"
    assert second.speaks_against == ("the line takes no leads",)


def test_the_facts_say_what_is_so() -> None:
    (best,) = candidates(NUMBER, [ANNA], LINE)
    assert best.speaks_for == (
        "the number is all of a phone field",
        "active",
        "at the line's property",
    )
    assert best.speaks_against == ()
    (among_words,) = candidates(NUMBER, [other(**AMONG_WORDS)], LINE)
    assert among_words.is_choice
    assert among_words.speaks_against == ("the number stands among other words in a phone field",)


def test_who_has_another_number_or_integration_is_none() -> None:
    elsewhere = other(integration_id="int_2")
    stranger = other(numbers=frozenset({OTHER_NUMBER}))
    assert candidates(NUMBER, [elsewhere, stranger], LINE) == []


anybody = st.builds(
    other,
    st.sampled_from(PersonKind),
    id=st.sampled_from(["a", "b", "c"]),
    property_id=st.sampled_from(["prop_1", "prop_2", None]),
    is_active=st.booleans(),
    updated_at=st.sampled_from([MONDAY, MONDAY + timedelta(days=1)]),
    refused=st.sampled_from([None, "the PMS takes none"]),
    numbers=st.sampled_from([frozenset({NUMBER}), frozenset[str]()]),
    among_words=st.just(frozenset({NUMBER})),
)


@given(
    st.lists(anybody, max_size=5, unique_by=lambda p: (p.kind, p.id)), st.sampled_from(Ambiguous)
)
def test_the_choice_is_that_of_the_rule_and_stands_first(
    people: list[Person], ambiguous: Ambiguous
) -> None:
    line = LINE.model_copy(
        update={"ambiguous": ambiguous, "people": (PersonKind.LEAD, PersonKind.RESIDENT)}
    )
    found = candidates(NUMBER, people, line)
    chosen = choose_person(NUMBER, people, line).person
    assert [each.person for each in found if each.is_choice] == ([chosen] if chosen else [])
    assert chosen is None or found[0].person == chosen
    assert len(found) == len(people)
