"""How is a database brought to the current schema, with the tables of the queue?"""

from __future__ import annotations

from adapter.config.settings import Settings
from adapter.storage.migrate import migrate_all, require_same_database


def migrate_database(settings: Settings) -> None:
    """Bring the database to the current schema; safe to run again, and several times at once.

    It goes to DATABASE_DIRECT_URL where that is set. Errors: StoreUnavailable, SettingsError.
    """
    settings.require_durable()
    is_direct = settings.migrated_url != settings.database_url
    migrate_url(
        settings.migrated_url, setting="DATABASE_DIRECT_URL" if is_direct else "DATABASE_URL"
    )
    if is_direct:
        require_same_database(settings.database_url)


def migrate_url(url: str, *, setting: str) -> None:
    """Bring this database to the current schema. setting: where the URL is from, for errors.

    Errors: StoreUnavailable, SettingsError.
    """
    from adapter.worker.dbos_queue import migrate as migrate_queue

    migrate_all(url, also=migrate_queue, setting=setting)
