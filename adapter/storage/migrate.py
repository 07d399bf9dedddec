"""How does a database get the current schema, whatever it had before?"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from adapter.errors import SettingsError, StoreUnavailable
from adapter.storage import engine as database
from adapter.storage import trouble
from adapter.storage.moves import refuse_moved


def migrate_all(url: str, *, also: Callable[[sa.Engine], None], setting: str) -> None:
    """Bring our tables to the current schema. Safe to run again, and several times at once.

    also: brings other tables of this database up to date. It runs alone too, after ours.
    setting: the name of the setting that the URL is from, for errors.
    Errors: StoreUnavailable, SettingsError.
    """
    engine = database.open_engine(url)
    try:
        with database.alone(engine):
            database.refuse_newer(engine)
            refuse_moved(engine, setting)
            database.migrate(engine)
            also(engine)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(trouble.trouble(engine.url, error, setting)) from error
    finally:
        engine.dispose()


def require_same_database(url: str) -> None:
    """Check that what was migrated by DATABASE_DIRECT_URL is the database that this URL leads to.

    Errors: SettingsError if it is another one. It is no error if it cannot be reached.
    """
    engine = database.open_engine(url)
    try:
        found, needed = database.schema_state(engine)
    except sa.exc.SQLAlchemyError:
        return  # the pooler may be started later
    finally:
        engine.dispose()
    if found != needed:
        raise SettingsError(
            f"DATABASE_DIRECT_URL was migrated, and DATABASE_URL leads to another database (schema {found}, "
            f"needed is {needed}); let both name the same one"
        )
