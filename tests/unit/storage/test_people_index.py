"""Does the index know who has a number, and how far it has been read?"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from adapter.domain.lines import PersonKind
from adapter.domain.matching import LONG_AGO, Person
from adapter.storage.engine import open_engine
from adapter.storage.people_index import BELIEVE_SECONDS, PeopleIndex, SyncState
from adapter.storage.schema import people
from adapter.storage.store import Store
from tests.support.clock import Clock
from tests.support.environment import NOW

LEAD, APPLICANT, RESIDENT = PersonKind.LEAD, PersonKind.APPLICANT, PersonKind.RESIDENT
MOBILE, WORK, OTHER = "+16175550134", "+16175550139", "+442079460018"
ANNA = Person(
    kind=LEAD,
    id="lead_anna",
    integration_id="int_1",
    name="Anna Alvarez",
    property_id="prop_1",
    numbers=frozenset({MOBILE, WORK}),
    is_active=False,
    updated_at=NOW,
    vendor="ENTRATA",
    application_id="application_1",
)


@pytest.fixture
def index(store: Store) -> PeopleIndex:
    return PeopleIndex(store)


def test_a_person_comes_back_as_they_were_put_in(index: PeopleIndex) -> None:
    index.save([ANNA])
    assert index.get(LEAD, "lead_anna") == ANNA
    assert index.find(MOBILE, "int_1") == [ANNA]


@pytest.mark.parametrize("number", [MOBILE, WORK])
def test_both_numbers_of_a_person_lead_to_them(index: PeopleIndex, number: str) -> None:
    index.save([ANNA, replace(ANNA, id="lead_ben", numbers=frozenset({OTHER}))])
    assert [person.id for person in index.find(number, "int_1")] == ["lead_anna"]


def test_a_person_is_known_by_the_second_number_alone(index: PeopleIndex) -> None:
    index.save([replace(ANNA, numbers=frozenset({WORK}))])
    assert [person.id for person in index.find(WORK, "int_1")] == ["lead_anna"]
    assert index.find(MOBILE, "int_1") == []


def test_everybody_with_the_number_is_found_whatever_their_kind(index: PeopleIndex) -> None:
    index.save([ANNA, replace(ANNA, kind=APPLICANT), replace(ANNA, kind=RESIDENT, id="resident_1")])
    assert {person.kind for person in index.find(MOBILE, "int_1")} == set(PersonKind)
    assert index.count() == 3


MANY = frozenset({MOBILE, WORK, OTHER, "+16175550133"})


@pytest.mark.parametrize("number", sorted(MANY))
def test_a_person_may_have_more_than_two_numbers(index: PeopleIndex, number: str) -> None:
    index.save([replace(ANNA, numbers=MANY)])
    (found,) = index.find(number, "int_1")
    assert number in found.numbers
    kept = index.get(LEAD, "lead_anna")
    assert kept is not None and kept.numbers == MANY


def test_numbers_among_words_are_told_from_whole_ones(index: PeopleIndex) -> None:
    words = replace(ANNA, numbers=frozenset({MOBILE}), among_words=frozenset({WORK, OTHER}))
    assert index.save([words]) == {MOBILE, WORK, OTHER}
    assert index.get(LEAD, "lead_anna") == words
    (found,) = index.find(WORK, "int_1")
    assert found.numbers == {MOBILE}
    assert found.among_words == {WORK}
    assert index.find(WORK, "int_2") == []
    index.save([replace(ANNA, numbers=frozenset({WORK}))])
    assert index.find(OTHER, "int_1") == []
    (found,) = index.find(WORK, "int_1")
    assert found.numbers == {WORK}
    assert found.among_words == set()


def test_a_number_that_an_earlier_version_wrote_meanwhile_is_a_whole_one(
    index: PeopleIndex, store: Store
) -> None:
    """Its worker knows of no more than two numbers, and leaves the others as they are."""
    index.save([replace(ANNA, numbers=frozenset(), among_words=frozenset({WORK}))])
    with store.begin() as connection:
        connection.execute(sa.update(people).values(number_1=WORK))
    (found,) = index.find(WORK, "int_1")
    assert found.numbers == {WORK}
    assert found.among_words == set()


def test_people_of_another_integration_are_not_found(index: PeopleIndex) -> None:
    index.save([ANNA])
    assert index.find(MOBILE, "int_2") == []


def test_people_without_a_number_are_kept_and_never_found(index: PeopleIndex) -> None:
    assert index.save([replace(ANNA, numbers=frozenset(), name="", property_id=None)]) == set()
    kept = index.get(LEAD, "lead_anna")
    assert kept is not None and kept.numbers == frozenset()
    assert index.find("", "int_1") == []


def test_who_is_saved_again_is_brought_up_to_date_and_not_there_twice(index: PeopleIndex) -> None:
    index.save([ANNA])
    changed = replace(
        ANNA,
        name="Anna Brown",
        numbers=frozenset({OTHER}),
        property_id="prop_2",
        is_active=True,
        updated_at=NOW + timedelta(days=1),
    )
    index.save([changed])
    assert index.count() == 1
    assert index.find(OTHER, "int_1") == [changed]
    assert index.find(MOBILE, "int_1") == [] == index.find(WORK, "int_1"), (
        "the old numbers are gone"
    )


def test_saving_tells_the_numbers_that_were_learned(index: PeopleIndex) -> None:
    assert index.save([ANNA, replace(ANNA, id="x", numbers=frozenset({OTHER}))]) == {
        MOBILE,
        WORK,
        OTHER,
    }
    assert index.save([]) == set()


def test_a_page_may_name_the_same_person_twice(index: PeopleIndex) -> None:
    index.save([ANNA, replace(ANNA, name="Anna Brown")])
    kept = index.get(LEAD, "lead_anna")
    assert kept is not None and kept.name == "Anna Brown"


def test_a_whole_page_is_saved_at_once(index: PeopleIndex) -> None:
    page = [
        replace(ANNA, id=f"lead_{n}", numbers=frozenset({f"+1617555{n:04}"})) for n in range(250)
    ]
    assert len(index.save(page)) == 250
    assert [person.id for person in index.find("+16175550200", "int_1")] == ["lead_200"]


def test_somebody_without_a_date_is_the_oldest(index: PeopleIndex) -> None:
    index.save([replace(ANNA, updated_at=LONG_AGO)])
    assert index.find(MOBILE, "int_1")[0].updated_at == LONG_AGO


def test_nobody_is_known_by_a_wrong_id(index: PeopleIndex) -> None:
    index.save([ANNA])
    assert index.get(APPLICANT, "lead_anna") is None
    assert index.get(LEAD, "lead_ben") is None


# How far it was read -----------------------------------------------------------------------------------


def test_what_was_never_read_begins_at_the_beginning(index: PeopleIndex) -> None:
    state = index.state("int_1", LEAD)
    assert (state.position, state.is_filled, state.known_until) == (0, False, LONG_AGO)


def test_how_far_a_kind_was_read_is_kept_for_each_integration(
    index: PeopleIndex, clock: Clock
) -> None:
    half = SyncState("int_1", LEAD, position=500, total=1000, known_until=NOW, read_at=NOW)
    index.save_state(half)
    index.save_state(replace(half, integration_id="int_2", position=250))
    whole = replace(half, position=1000, is_filled=True, read_at=clock.advance(60))
    index.save_state(whole)
    assert index.state("int_1", LEAD) == whole
    assert index.state("int_2", LEAD).position == 250
    assert index.state("int_1", RESIDENT).position == 0


def test_an_integration_is_filled_when_every_kind_that_counts_is(index: PeopleIndex) -> None:
    assert not index.is_filled("int_1", [LEAD])
    index.save_state(SyncState("int_1", LEAD, is_filled=True))
    index.save_state(SyncState("int_1", APPLICANT, position=250))
    assert index.is_filled("int_1", [LEAD])
    assert not index.is_filled("int_1", [LEAD, APPLICANT])
    assert not index.is_filled("int_2", [LEAD])


def test_what_another_process_has_read_is_known_within_a_second(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    ours, theirs = PeopleIndex(store), PeopleIndex(store)
    assert ours.known_until("int_1", [LEAD]) is None
    theirs.save_state(SyncState("int_1", LEAD, is_filled=True, known_until=NOW))
    assert ours.known_until("int_1", [LEAD]) == NOW, "what is not known is asked for every time"
    later = NOW + timedelta(minutes=5)
    theirs.save_state(SyncState("int_1", LEAD, is_filled=True, known_until=later))
    assert ours.known_until("int_1", [LEAD]) == NOW
    assert theirs.known_until("int_1", [LEAD]) == later, "its own process knows at once"
    at[0] += BELIEVE_SECONDS + 0.1
    assert ours.known_until("int_1", [LEAD]) == later


@pytest.mark.postgres
def test_times_are_read_whatever_time_zone_the_server_is_in(postgres_database: str) -> None:
    """A server west of Greenwich shows the beginning of time in the year before the first."""
    engine = open_engine(postgres_database.replace("postgresql://", "postgresql+psycopg://"))
    name = sa.make_url(postgres_database).database
    index = PeopleIndex(Store(engine))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET timezone = 'America/New_York'")
        engine.dispose()  # those who connect from now on have it
        index.save([replace(ANNA, updated_at=LONG_AGO)])
        assert index.find(MOBILE, "int_1")[0].updated_at == LONG_AGO
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} RESET timezone")
            connection.exec_driver_sql("DELETE FROM people")
        engine.dispose()
