"""Are sessions and wrong passwords kept as long as they count, and no longer?"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from adapter.storage.schema import sign_ins, wrong_passwords
from adapter.storage.sign_ins import SignIn, SignIns
from adapter.storage.store import Store
from adapter.storage.wrong_passwords import Tries, WrongPasswords, wrong_passwords_since
from tests.support.environment import NOW

HOUR = timedelta(hours=1)
LEE = SignIn("password", "Lee")


def count(store: Store, table: sa.Table) -> int:
    with store.begin() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_a_session_is_found_until_it_ends(store: Store) -> None:
    rows = SignIns(store)
    rows.add("one", LEE, now=NOW, until=NOW + HOUR)
    assert rows.find("one", NOW) == LEE
    assert rows.find("one", NOW + HOUR) is None
    assert rows.find("two", NOW) is None
    rows.end("one")
    assert rows.find("one", NOW) is None


def test_sessions_that_have_ended_are_deleted(store: Store) -> None:
    rows = SignIns(store)
    rows.add("one", LEE, now=NOW, until=NOW + HOUR)
    rows.add("two", LEE, now=NOW + HOUR, until=NOW + 2 * HOUR)
    assert count(store, sign_ins) == 1
    rows.prune(NOW + 3 * HOUR)
    assert count(store, sign_ins) == 0


def test_wrong_passwords_count_by_source_and_by_peer(store: Store) -> None:
    rows = WrongPasswords(store)
    for minute in range(3):
        rows.add("203.0.113.5", "10.0.0.1", NOW + timedelta(minutes=minute))
    rows.add("203.0.113.6", "10.0.0.1", NOW)
    assert rows.of_source("203.0.113.5", NOW) == Tries(3, NOW + timedelta(minutes=2))
    assert rows.of_source("203.0.113.5", NOW + timedelta(minutes=1)).count == 2
    assert rows.of_source("203.0.113.7", NOW) == Tries()
    assert rows.nth_last_of_peer("10.0.0.1", 2, NOW) == NOW + timedelta(minutes=1)
    assert rows.nth_last_of_peer("10.0.0.1", 5, NOW) is None


def test_what_is_forgiven_or_was_refused_counts_for_the_alert_alone(store: Store) -> None:
    rows = WrongPasswords(store)
    rows.add("203.0.113.5", "10.0.0.1", NOW)
    rows.forgive("203.0.113.5")
    rows.add_refused(45, NOW)
    assert rows.of_source("203.0.113.5", NOW) == Tries()
    assert wrong_passwords_since(store, NOW) == 46
    assert wrong_passwords_since(store, NOW + HOUR) == 0


def test_old_tries_are_deleted(store: Store) -> None:
    rows = WrongPasswords(store)
    rows.add("203.0.113.5", "10.0.0.1", NOW)
    rows.prune(NOW + 24 * HOUR)
    assert count(store, wrong_passwords) == 1
    rows.prune(NOW + 26 * HOUR)
    assert count(store, wrong_passwords) == 0
