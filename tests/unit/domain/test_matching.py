"""Is the one right person chosen, the same one every time, or nobody, with the reason?"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.lines import Ambiguous, Line, PersonKind
from adapter.domain.matching import Person, choose_person

NUMBER, OTHER_NUMBER = "+16175550134", "+16175550135"
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LINE = Line(number="+16175550100", integration_id="int_1", property_id="prop_1")
ANNA = Person(
    PersonKind.LEAD,
    "lead_anna",
    "int_1",
    name="Anna",
    property_id="prop_1",
    numbers=frozenset({NUMBER}),
    updated_at=MONDAY,
)
LATER = MONDAY + timedelta(hours=1)


def a(kind: PersonKind = PersonKind.LEAD, person_id: str = "other", **changes: Any) -> Person:
    return replace(ANNA, kind=kind, id=person_id, name="", **changes)


ELSEWHERE: dict[str, Any] = {"property_id": "prop_2"}
CLOSED: dict[str, Any] = {"is_active": False}
NEWER: dict[str, Any] = {"updated_at": LATER}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(a(), a(person_id="x", **ELSEWHERE), id="the line's property first"),
        pytest.param(
            a(PersonKind.RESIDENT, **CLOSED),
            a(person_id="x", **ELSEWHERE, **NEWER),
            id="the line's property before kind, state and date",
        ),
        pytest.param(a(), a(PersonKind.APPLICANT, "x", **NEWER), id="lead before applicant"),
        pytest.param(
            a(PersonKind.APPLICANT), a(PersonKind.RESIDENT, "x", **NEWER), id="then resident"
        ),
        pytest.param(
            a(PersonKind.RESIDENT), a(person_id="x", **CLOSED, **NEWER), id="state before kind"
        ),
        pytest.param(
            a(**CLOSED),
            a(PersonKind.RESIDENT, "x", **CLOSED, **NEWER),
            id="of closed ones the kind",
        ),
        pytest.param(a(), a(person_id="x", **CLOSED, **NEWER), id="active before closed"),
        pytest.param(a(**NEWER), a(person_id="x"), id="the latest updated"),
        pytest.param(a(person_id="a"), a(person_id="b"), id="at last the id, so that it is one"),
    ],
)
def test_the_better_person_is_chosen_whatever_the_order(better: Person, worse: Person) -> None:
    assert choose_person(NUMBER, [better, worse], LINE).person == better
    assert choose_person(NUMBER, [worse, better], LINE).person == better


def test_the_lines_order_of_kinds_counts() -> None:
    line = LINE.model_copy(update={"people": (PersonKind.RESIDENT, PersonKind.LEAD)})
    resident, applicant = a(PersonKind.RESIDENT, "r"), a(PersonKind.APPLICANT, "p")
    assert choose_person(NUMBER, [ANNA, applicant, resident], line).person == resident
    assert choose_person(NUMBER, [applicant], line).person is None


@pytest.mark.parametrize(
    "stranger",
    [
        a(numbers=frozenset({OTHER_NUMBER})),
        a(numbers=frozenset()),
        a(integration_id="int_2"),
    ],
)
def test_people_with_another_number_or_of_another_integration_never_match(
    stranger: Person,
) -> None:
    match = choose_person(NUMBER, [stranger], LINE)
    assert match.person is None
    assert match.because == "nobody with this number among the leads, applicants and residents"


def test_a_line_without_a_property_takes_people_of_every_property() -> None:
    line = LINE.model_copy(update={"property_id": None})
    newer = a(person_id="newer", **ELSEWHERE, **NEWER)
    assert choose_person(NUMBER, [ANNA, newer], line).person == newer


def test_a_real_tie_is_held_where_the_line_says_so() -> None:
    line = LINE.model_copy(update={"ambiguous": Ambiguous.HOLD})
    newer = a(person_id="newer", **NEWER)
    match = choose_person(NUMBER, [ANNA, newer], line)
    assert match.person is None
    assert match.because == "2 people fit equally well: lead_anna, newer"
    closed = a(person_id="closed", **CLOSED)
    assert choose_person(NUMBER, [ANNA, closed], line).person == ANNA


AMONG_WORDS: dict[str, Any] = {"numbers": frozenset(), "among_words": frozenset({NUMBER})}


def test_who_has_the_number_among_words_is_the_person_where_it_is_nobodys_own() -> None:
    match = choose_person(NUMBER, [a(person_id="words", **AMONG_WORDS)], LINE)
    assert match.person is not None
    assert match.because == (
        "lead words: the only active lead with this number among the words of a field "
        "at the line's property"
    )


@pytest.mark.parametrize("owner", [ELSEWHERE, CLOSED, {"kind": PersonKind.RESIDENT}])
def test_who_has_it_as_the_whole_field_comes_before_who_has_it_among_words(
    owner: dict[str, Any],
) -> None:
    whole = a(person_id="whole", **owner)
    match = choose_person(NUMBER, [a(person_id="words", **AMONG_WORDS, **NEWER), whole], LINE)
    assert match.person == whole


def test_a_number_of_somebody_of_another_kind_is_not_who_has_it_among_words() -> None:
    line = LINE.model_copy(update={"people": (PersonKind.LEAD,)})
    resident = a(PersonKind.RESIDENT, "r")
    match = choose_person(NUMBER, [a(person_id="words", **AMONG_WORDS), resident], line)
    assert (match.person, match.is_unknown) == (None, False)
    assert match.because == (
        "lead words has this number only among the words of a phone field, "
        "and it is the number of resident r"
    )


def test_the_reason_does_not_speak_of_a_date_that_decided_nothing() -> None:
    match = choose_person(NUMBER, [a(person_id="a"), a(person_id="b")], LINE)
    assert match.because.startswith("lead a: by its id the first of 2 active leads")


def test_one_person_on_two_pages_of_a_list_is_no_tie() -> None:
    line = LINE.model_copy(update={"ambiguous": Ambiguous.HOLD})
    assert choose_person(NUMBER, [ANNA, ANNA], line).person == ANNA


@pytest.mark.parametrize(
    ("others", "because"),
    [
        ([], "lead lead_anna: the only active lead with this number at the line's property"),
        (
            [a(PersonKind.RESIDENT)],
            "lead lead_anna: the only active lead with this number at the line's property; "
            "1 other ranked behind",
        ),
        (
            [a(person_id="b", updated_at=MONDAY - timedelta(days=1)), a(person_id="c", **CLOSED)],
            "lead lead_anna: the latest updated of 2 active leads with this number "
            "at the line's property; 1 other ranked behind",
        ),
    ],
)
def test_the_reason_is_told_in_plain_words(others: list[Person], because: str) -> None:
    assert choose_person(NUMBER, [ANNA, *others], LINE).because == because


def test_it_is_told_when_nobody_is_at_the_lines_property() -> None:
    match = choose_person(NUMBER, [a(**ELSEWHERE)], LINE)
    assert match.because.endswith("; nobody with it at the line's property")


people = st.builds(
    Person,
    kind=st.sampled_from(PersonKind),
    id=st.sampled_from(["a", "b", "c", "d"]),
    integration_id=st.sampled_from(["int_1", "int_2"]),
    property_id=st.sampled_from([None, "prop_1", "prop_2"]),
    numbers=st.sampled_from([frozenset({NUMBER}), frozenset({NUMBER, OTHER_NUMBER}), frozenset()]),
    is_active=st.booleans(),
    updated_at=st.sampled_from([MONDAY, LATER]),
    refused=st.sampled_from(["", "the PMS takes no call events for them"]),
)
orders = st.permutations(list(PersonKind)).flatmap(
    lambda kinds: st.integers(1, 3).map(lambda count: tuple(kinds[:count]))
)


def beats(one: Person, other: Person, line: Line) -> bool:
    """The rule of `choose_person` once more, as a comparison of two people."""
    if line.property_id and (one.property_id == line.property_id) != (
        other.property_id == line.property_id
    ):
        return one.property_id == line.property_id
    if one.is_active != other.is_active:
        return one.is_active
    if one.kind != other.kind:
        return line.people.index(one.kind) < line.people.index(other.kind)
    return one.updated_at > other.updated_at


@given(
    st.lists(people, max_size=8, unique_by=lambda p: (p.kind, p.id)),
    orders,
    st.sampled_from([None, "prop_1", "prop_3"]),
    st.sampled_from(Ambiguous),
)
def test_nobody_who_can_be_written_to_beats_who_is_chosen(
    candidates: list[Person],
    kinds: tuple[PersonKind, ...],
    property_id: str | None,
    ambiguous: Ambiguous,
) -> None:
    line = LINE.model_copy(
        update={"people": kinds, "property_id": property_id, "ambiguous": ambiguous}
    )
    match = choose_person(NUMBER, candidates, line)
    known = [
        p
        for p in candidates
        if NUMBER in p.numbers and p.integration_id == "int_1" and p.kind in kinds
    ]
    fitting = [p for p in known if not p.refused]
    best = [p for p in fitting if not any(beats(other, p, line) for other in fitting)]
    tied = [p for p in fitting if not any(beats(o, p, line) for o in _same_date(fitting))]
    is_held = ambiguous is Ambiguous.HOLD and len(tied) > 1
    assert match.is_unknown is (not known)
    assert match.person in (best if best and not is_held else [None])


def _same_date(people: list[Person]) -> list[Person]:
    """As if nobody were the latest: only what comes before the date counts."""
    return [replace(p, updated_at=datetime.min.replace(tzinfo=UTC)) for p in people]


@given(
    st.lists(people, max_size=6, unique_by=lambda p: (p.kind, p.id)),
    st.randoms(use_true_random=False),
    st.sampled_from(Ambiguous),
)
def test_the_choice_does_not_depend_on_the_order_of_the_candidates(
    candidates: list[Person], order: random.Random, ambiguous: Ambiguous
) -> None:
    line = LINE.model_copy(update={"ambiguous": ambiguous})
    shuffled = list(candidates)
    order.shuffle(shuffled)
    match = choose_person(NUMBER, candidates, line)
    assert choose_person(NUMBER, shuffled, line) == match
    if match.person is not None:
        assert NUMBER in match.person.numbers and match.person.integration_id == "int_1"


@given(st.lists(people, max_size=6), st.randoms(use_true_random=False))
def test_two_versions_of_one_person_do_not_make_the_choice_depend_on_order(
    candidates: list[Person], order: random.Random
) -> None:
    """A list that changes while it is paged gives a person twice, perhaps with the same date."""
    shuffled = list(candidates)
    order.shuffle(shuffled)
    assert choose_person(NUMBER, shuffled, LINE) == choose_person(NUMBER, candidates, LINE)
