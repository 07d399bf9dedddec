"""How does a test get a worker whose alerts open and end within seconds? It looks more often."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

from adapter.cli.commands import cli
from adapter.domain import alert_rules
from adapter.storage import alert_notices
from adapter.worker import alert_tasks

SECOND = timedelta(seconds=1)
alert_tasks.LOOK_EVERY = SECOND / 2
alert_tasks.PING_EVERY = SECOND / 2
alert_tasks.WEB_LOOKS_EVERY = SECOND / 2
alert_tasks.FLUSH_EVERY = SECOND / 2
alert_tasks.LEASE = 2 * SECOND
alert_notices.CLAIMED_FOR = float(os.environ.get("CLAIMED_FOR_SECONDS") or 600) * SECOND
quick = {rule.name: replace(rule, good_for=2 * SECOND) for rule in alert_rules.RULES}
assert isinstance(alert_rules.BY_NAME, dict)
alert_rules.BY_NAME.update(quick)

if __name__ == "__main__":
    cli()
