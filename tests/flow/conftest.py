"""What do the tests of deliveries share? An adapter on each kind of database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.clock import Clock
from tests.support.world import FakeReader, World


@pytest.fixture
def world(engine: sa.Engine, clock: Clock) -> World:
    """An adapter without the provider's API."""
    return World(engine, clock)


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def reading(engine: sa.Engine, clock: Clock, reader: FakeReader) -> World:
    """An adapter that may ask the provider's API."""
    return World(engine, clock, reader=reader)
