"""Was this database ever used?"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from adapter.storage.engine import open_engine, schema_state


def is_unused(url: str) -> bool:
    """Return whether the database has no tables of ours yet. False where that cannot be seen."""
    parsed = sa.make_url(url)
    if parsed.drivername.startswith("sqlite") and not Path(parsed.database or "").exists():
        return True
    engine = open_engine(url, pool_size=1)
    try:
        return schema_state(engine)[0] is None
    except sa.exc.SQLAlchemyError:
        return False
    finally:
        engine.dispose()
