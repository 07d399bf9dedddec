"""What do several commands share: the console, the container, how a call is named?"""

from __future__ import annotations

import getpass
from dataclasses import replace
from datetime import UTC, datetime

import click
import sqlalchemy as sa

from adapter import bootstrap
from adapter.cli.terminal import Screen
from adapter.cli.terminal import say as say_on
from adapter.config.lines_file import read_lines
from adapter.config.settings import Settings
from adapter.domain.actor import Actor
from adapter.domain.call import Call, CallState
from adapter.domain.lines import Lines
from adapter.domain.phone import e164
from adapter.errors import SettingsError, StoreRefused, StoreUnavailable
from adapter.operations.own_address import with_told_address as with_address
from adapter.reconcile.run import begins
from adapter.storage.engine import refuse_newer, schema_state
from adapter.storage.store import Store
from adapter.storage.trouble import named, refuse_absent, trouble
from adapter.text.plain import plain

MOST_NAMED = 5
console = Screen()


def say(words: str) -> None:
    """Print a sentence on the console."""
    say_on(console, words)


def actor() -> Actor:
    """Return who decides by a command: the user of this machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # in a container a user may have no name
        user = "unknown"
    return Actor(f"cli:{plain(user)}")


def states(_: click.Context, __: click.Parameter, typed: str) -> list[str]:
    """Return the states that begin with what was typed, for the shell's completion."""
    return [state.value for state in CallState if state.value.startswith(typed)]


def number(raw: str | None) -> str | None:
    """Return the number in E.164, or the text itself where it is no number."""
    return (e164(raw) or raw) if raw else None


def moment(text: str | None, option: str) -> datetime | None:
    """Return the moment that an option names. Raise BadParameter if it names none."""
    if text is None:
        return None
    try:
        return begins(text, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def check_lines(settings: Settings) -> Lines:
    """Return the lines. Raise SettingsError if they are wrong."""
    return read_lines(settings.adapter_lines, settings.line_defaults)


def container() -> bootstrap.Container:
    """Return the container of a command that needs the database. Raise SettingsError if it is not migrated."""
    settings = bootstrap.read_settings()
    parts = bootstrap.Container(settings)
    schema, needed = schema_of(parts.store)
    if schema != needed:
        raise SettingsError(
            f"{named(parts.store.engine.url)} has schema {schema}, needed is {needed}: run adapter migrate"
        )
    return _addressed(parts)


def with_told_address(parts: bootstrap.Container) -> bootstrap.Container:
    """Return the container with the address that web told, if the database is in order and no other is set."""
    if parts.settings.has_address_of_its_own:
        return parts
    try:
        schema, needed = schema_of(parts.store)
        return _addressed(parts) if schema == needed else parts
    except (StoreUnavailable, StoreRefused, SettingsError):
        return parts  # what is wrong with the database is said elsewhere


def _addressed(parts: bootstrap.Container) -> bootstrap.Container:
    settings = with_address(parts.settings, parts.store)
    if settings is parts.settings:
        return parts
    parts.store.engine.dispose()
    return replace(parts, settings=settings)


def say_address(settings: Settings) -> None:
    """Say which address is the adapter's, and who says so; on stderr, so that it is in nobody's way."""
    address, told_by = settings.public_base_url, settings.public_base_url_from
    click.echo(f"adapter: this adapter is {address} (from {told_by})", err=True)


def schema_of(store: Store) -> tuple[str, str]:
    """Return the schema of the database and the one needed. Raise SettingsError if it was never migrated."""
    url = store.engine.url
    refuse_absent(url)
    try:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
        schema, needed = schema_state(store.engine)
    except sa.exc.SQLAlchemyError as error:
        raise StoreUnavailable(trouble(url, error)) from error
    if schema is None:
        raise SettingsError(f"{named(url)} has no tables yet: run adapter migrate")
    refuse_newer(store.engine)
    return schema, needed


def find_call(store: Store, call: str) -> Call:
    """Return the call with this id, or the only one whose id begins so. Raise SettingsError if none fits."""
    calls = store.calls.find(call) or store.calls.find_by_beginning(call, MOST_NAMED + 1)
    if not calls:
        raise SettingsError(f"no call {call!r} is known; adapter calls lists those that are")
    if len({one.call_id for one in calls}) > 1:
        ids = ", ".join(one.call_id for one in calls[:MOST_NAMED])
        more = ", ..." if len(calls) > MOST_NAMED else ""
        raise SettingsError(f"several calls begin with {call!r}: {ids}{more}; give more of the id")
    if len(calls) > 1:
        keys = ", ".join(one.key for one in calls)
        raise SettingsError(f"several accounts have a call {call!r}; name one of {keys}")
    return calls[0]


def is_worker_alive(store: Store) -> bool:
    """Return whether a worker has given a sign of life lately."""
    return store.workers.is_one_alive(datetime.now(UTC))
