"""Are people told when something is wrong?"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.bootstrap import Container
from adapter.cli.doctor.database import instance_of
from adapter.cli.doctor.finding import Finding
from adapter.operations.alarms import off_words


def check_alerts(container: Container) -> Iterator[Finding]:
    """Check the channels of alerts, as far as that can be seen without sending anything."""
    if not container.settings.alert_urls:
        yield Finding("alerts", True, "nobody is told of them: ALERT_URLS is not set")
        return
    container.alerts.refuse_unusable()
    count = len(container.alerts.channels)
    yield Finding("alerts", True, f"told in {count} channel(s); adapter alerts test sends a test")
    if instance_of(container) is None:
        return  # another check says what is wrong with the database
    ids = {channel.id for channel in container.alerts.channels}
    for state in container.alerts.desk.list().channels:
        if state.off_since is not None and state.id in ids:
            yield Finding("alerts", False, off_words(state))
