"""Does a closed database refuse changes in the words that were given, whatever these hold, and open again?"""

from __future__ import annotations

import pytest

from adapter.errors import DatabaseMoved
from adapter.storage.fence import lower_fence, raise_fence
from adapter.storage.store import Store
from tests.support.rows import add, record

PLACE = "PostgreSQL 50% 'calls' \\ ? :name %(name)s on db:5432"


def test_it_refuses_by_the_place_and_opens_again(store: Store) -> None:
    add(store, record(call_id="CA1"))
    with store.begin() as connection:
        raise_fence(connection, PLACE)
    try:
        with pytest.raises(DatabaseMoved) as refused:
            add(store, record(call_id="CA2"))
    finally:
        with store.begin() as connection:
            lower_fence(connection)
    assert f"this database was moved to {PLACE}, and" in str(refused.value)
    add(store, record(call_id="CA2"))
    assert len(store.calls.search(limit=9)) == 2


def test_what_is_rolled_back_closes_nothing(store: Store) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM moves")
        raise_fence(connection, PLACE)
        connection.rollback()
    add(store, record())
