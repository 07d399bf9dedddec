"""Which metrics come from the database? Calls, workers, what waits, and what the workers counted."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from adapter.domain.alert_rules import RULES
from adapter.observability.metrics import HANGUP_LIMITS, HANGUP_TO_RECORD, STORED
from adapter.storage.alert_facts import AlertFacts
from adapter.storage.alert_notices import Notices
from adapter.storage.alerts import Alerts
from adapter.storage.api_health import ApiHealth
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.pauses import Pauses
from adapter.storage.standing import Standing
from adapter.storage.store import Store
from adapter.storage.totals import Total, Totals
from adapter.storage.workers import DEAD_AFTER


class StoredNumbers(Collector):
    """Reads the database each time /metrics is asked for.

    rate_limit: requests a minute that the settings allow. It counts until the target's answers state a limit.
    rate_limit_name: that of the target's budget (adapter.storage.rate_budget).
    line_labels: how the metrics name each line, by its number, of which they show no more than the last digits.
    """

    def __init__(
        self,
        store: Store,
        rate_limit: int,
        rate_limit_name: str,
        line_labels: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self._line_labels = line_labels or {}
        self._facts = AlertFacts(store)
        self._alerts = Alerts(store)
        self._notices = Notices(store)
        self._rate_limit = rate_limit
        self._rate_limit_name = rate_limit_name
        self._standing = Standing(store)
        self._totals = Totals(store)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics. Raise StoreUnavailable."""
        now = datetime.now(UTC)
        yield from self._calls(now)
        yield from self._workers(now)
        yield from self._providers(now)
        yield from self._target(now)
        yield from self._jobs(now)
        yield from self._lines(now)
        yield from self._alerting(now)
        yield from _families(self._totals.all())

    def _calls(self, now: datetime) -> Iterator[Metric]:
        by_state = _gauge("adapter_calls", "Calls by state and outcome", "state", "outcome")
        for (state, outcome), count in self._standing.calls().items():
            by_state.add_metric([state, outcome], count)
        yield by_state
        open_calls = self._standing.undelivered()
        yield _number("adapter_undelivered_calls", "Calls not delivered yet", open_calls.count)
        yield _number(
            "adapter_oldest_undelivered_seconds",
            "Time since the end of the oldest call that is not delivered, whatever it waits for",
            _age(open_calls.ended_at, now),
        )
        yield _number(
            "adapter_oldest_due_seconds",
            "Age of the oldest due call: how far the workers are behind",
            _age(open_calls.due_at, now),
        )
        yield _number(
            "adapter_retrying_calls", "Undelivered calls that failed at a try", open_calls.retrying
        )
        yield _number(
            "adapter_oldest_unconfirmed_seconds",
            "Time since the oldest write was accepted that is not confirmed",
            _age(self._standing.oldest_unconfirmed(), now),
        )
        yield _number("adapter_parked_hooks", "Hooks not understood", self._standing.parked())

    def _workers(self, now: datetime) -> Iterator[Metric]:
        seen = self._store.workers.seen_at().values()
        alive = sum(now - at < DEAD_AFTER for at in seen)
        yield _number("adapter_workers_alive", "Workers that gave a sign of life", alive)

    def _providers(self, now: datetime) -> Iterator[Metric]:
        failing = _gauge(
            "adapter_provider_api_failing_seconds",
            "Time since the first failure of the provider's API after its last answer; 0: it answers",
            "provider",
        )
        ages: dict[str, float] = {}
        for state in ApiHealth(self._store).states():
            ages[state.provider] = max(
                ages.get(state.provider, 0.0), _age(state.failing_since, now)
            )
        for provider, age in ages.items():
            failing.add_metric([provider], age)
        yield failing

    def _target(self, now: datetime) -> Iterator[Metric]:
        failures = _gauge(
            "adapter_breaker_failures",
            "Writes that failed in a row, if the last did",
            "integration",
        )
        is_open = _gauge(
            "adapter_breaker_open", "1: this PMS fails, and is left alone", "integration"
        )
        troubled = self._standing.breakers()
        for row in troubled:
            failures.add_metric([row.integration_id], row.failures)
            is_open.add_metric([row.integration_id], float(row.failures >= Breakers.FAILURES))
        yield failures
        yield is_open
        yield _number(
            "adapter_breakers_open",
            "How many breakers are open",
            sum(row.failures >= Breakers.FAILURES for row in troubled),
        )
        paused = _gauge(
            "adapter_paused_seconds", "How long the target refuses this key, or this to it", "what"
        )
        waiting = _gauge("adapter_paused_calls", "Calls that wait for the end of it", "what")
        pauses = Pauses(self._store, lambda: now)
        known, counts = pauses.all(), pauses.waiting()
        for name, pause in known.items():
            paused.add_metric([name], _age(pause.since, now))
        for name, count in counts.items():
            waiting.add_metric([name], count)
        yield paused
        yield waiting
        yield _number("adapter_pauses", "How much the target refuses now", len(known))
        used, stated = self._standing.budget(self._rate_limit_name, now.timestamp())
        limit = stated or self._rate_limit
        yield _number("adapter_rate_budget_used", "Requests of the last minute", used)
        yield _number("adapter_rate_budget_limit", "Requests a minute; 0: no limit", limit)

    def _jobs(self, now: datetime) -> Iterator[Metric]:
        names = ("integration", "kind")
        filled = _gauge("adapter_people_filled", "1: all people of the kind are known", *names)
        age = _gauge("adapter_people_age_seconds", "How old the newest known change is", *names)
        for row in self._standing.syncs():
            filled.add_metric([row.integration_id, row.kind], float(row.is_filled))
            if row.is_filled:
                age.add_metric([row.integration_id, row.kind], _age(row.known_until, now))
        yield filled
        yield age
        ran = _gauge("adapter_job_age_seconds", "Time since the last good run of a job", "job")
        for name, at in self._standing.jobs().items():
            ran.add_metric([name], _age(at, now))
        yield ran

    def _lines(self, now: datetime) -> Iterator[Metric]:
        ages: dict[str, float] = {}
        for line, at in self._standing.last_hooks(list(self._line_labels)).items():
            label = self._line_labels[line]
            ages[label] = min(ages.get(label, math.inf), _age(at, now))
        last = _gauge("adapter_last_hook_age_seconds", "Time since the last hook of a line", "line")
        for label, age in ages.items():
            last.add_metric([label], age)
        yield last

    def _alerting(self, now: datetime) -> Iterator[Metric]:
        held = _gauge("adapter_held_calls", "Calls that wait for a decision, by cause", "cause")
        for cause, calls in self._facts.held(now).items():
            held.add_metric([cause], calls.count)
        yield held
        yield _number(
            "adapter_hooks_refused_10m",
            "Hooks answered with 403 in the last ten minutes",
            self._facts.hooks_refused(now),
        )
        open_alerts = _gauge("adapter_alerts_open", "Open alerts by rule", "rule")
        counts = Counter(alert.rule for alert in self._alerts.all_open())
        for rule in RULES:
            open_alerts.add_metric([rule.name], counts[rule.name])
        yield open_alerts
        off = sum(state.off_since is not None for state in self._notices.channels())
        yield _number("adapter_alert_channels_off", "Channels of alerts that refused for good", off)


def _families(every: list[Total]) -> Iterator[Metric]:
    """Yield what the workers counted, as families of Prometheus."""
    by_name: dict[str, list[Total]] = defaultdict(list)
    for total in every:
        by_name[total.name].append(total)
    for name, text in STORED.items():
        if name == HANGUP_TO_RECORD:
            yield _histogram(name, text, by_name)
            continue
        totals = by_name.get(name, [])
        labels = sorted({label for total in totals for label in total.labels})
        kind: Any = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
        family = kind(name.removesuffix("_total"), text, labels=labels)
        for total in totals:
            family.add_metric([total.labels.get(label, "") for label in labels], total.value)
        yield family


def _histogram(name: str, text: str, by_name: dict[str, list[Total]]) -> Metric:
    counts = {float(total.labels["le"]): total.value for total in by_name.get(f"{name}_bucket", [])}
    buckets, below = [], 0.0
    for limit in sorted({*counts, *HANGUP_LIMITS}):
        below += counts.get(limit, 0.0)
        buckets.append(("+Inf" if limit == math.inf else str(float(limit)), below))
    total = sum(each.value for each in by_name.get(f"{name}_sum", []))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=total)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def _number(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _age(moment: datetime | None, now: datetime) -> float:
    """Return the seconds since this moment; 0 if there is none, or if it is in the future."""
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0
