"""Do the rules for Prometheus and the dashboard name only metrics and labels that /metrics has?"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapter.domain.cause import Cause
from adapter.observability.metrics import TALLY, count_delivery, count_written
from adapter.reconcile.report import Report
from adapter.reconcile.run import numbers_of
from adapter.storage.api_health import ApiHealth
from adapter.storage.circuit_breaker import Breakers
from adapter.storage.pauses import Pauses
from adapter.storage.refused_hooks import RefusedHooks
from adapter.storage.schema import calls
from adapter.storage.task_leases import TaskLeases
from adapter.storage.totals import Flush, Totals
from adapter.web.app import create_app
from adapter.web.health import health_routes
from tests.support.sandboxed import Adapter, adapter, lines

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs/monitoring/prometheus-rules.yml"
DASHBOARD = ROOT / "docs/monitoring/grafana-dashboard.json"
RECORDED = re.compile(r"adapter:[\w:]+")
METRIC = re.compile(r"\badapter_\w+")
BY = re.compile(r"\bby \(([\w, ]+)\)")
SELECTED = re.compile(r"\{(\w+)=")


@pytest.fixture
def made(database_url: str) -> Iterator[Adapter]:
    TALLY.take()
    with adapter(database_url, ADAPTER_LINES=lines(name="Main")) as found:
        yield found


def in_trouble(made: Adapter) -> None:
    """Let there be a sample of each metric that is not there when all is well."""
    store, now = made.store, made.now()
    made.missed()
    with store.begin() as connection:
        connection.execute(calls.update().values(state="held", cause=Cause.NOBODY_FOUND.value))
    for _ in range(Breakers.FAILURES):
        Breakers(store).failed("int_entrata", now.timestamp(), now.timestamp())
    Pauses(store, made.now).begin("key/12345678", "refused")
    ApiHealth(store).failed("twilio", "AC1", "no answer", now - timedelta(hours=1))
    report = Report("Twilio", listed=1)
    report.tally["held"] = 1
    Totals(store).put(numbers_of(report, now, by_hand=False), "state")
    RefusedHooks(store).add({now.replace(second=0, microsecond=0): 30})
    count_delivery("written", "answered")
    count_written(12)
    TALLY.add("adapter_attempts_total", step="post", status="200")
    store.workers.beat("a", now)
    leases = TaskLeases(store, "a")
    leases.plan({"confirm": now}, now)
    leases.take("confirm", now=now, until=now)
    leases.finish("confirm", next_at=now, ran_at=now)
    made.container.alerts.watch.look()
    Flush(Totals(store), TALLY.take, TALLY.put_back).work()


def exposed(made: Adapter) -> Mapping[str, set[str]]:
    """The labels of each metric of a real answer."""
    routes = health_routes(
        made.container.health,
        made.container.access,
        rate_limit=150,
        rate_limit_name="propexo",
        line_labels=made.container.lines.labels,
    )
    text = create_app(routes).test_client().get("/metrics").text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        found.setdefault(family.name, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions_of_rules() -> Iterator[str]:
    for line in RULES.read_text("utf-8").splitlines():
        if match := re.match(r" +expr: (.+)", line):
            yield match[1]


def expressions_of_dashboard() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def test_every_metric_and_label_that_they_name_is_there(made: Adapter) -> None:
    in_trouble(made)
    metrics = exposed(made)
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text("utf-8")))
    expressions = [*expressions_of_rules(), *expressions_of_dashboard()]
    assert len(expressions) > 40
    missing = []
    for expression in expressions:
        missing += [name for name in RECORDED.findall(expression) if name not in recorded]
        names = METRIC.findall(expression)
        known: set[str] = set()
        for name in names:
            missing += [] if name in metrics else [name]
            known |= metrics.get(name, set())
        for label in [*",".join(BY.findall(expression)).split(","), *SELECTED.findall(expression)]:
            if label.strip() and label.strip() not in known:
                missing.append(f"{label.strip()} of {expression}")
    assert missing == []


def test_legends_and_sentences_name_labels_of_their_expression(made: Adapter) -> None:
    wrong: list[Any] = []
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            labels = set(re.findall(r"\w+", " ".join(BY.findall(target["expr"]))))
            wrong += [
                (panel["title"], name)
                for name in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
                if name not in labels
            ]
    for alert in RULES.read_text("utf-8").split("- alert: ")[1:]:
        labels = set(re.findall(r"\w+", " ".join(BY.findall(alert))))
        wrong += [
            (alert.splitlines()[0], name)
            for name in re.findall(r"\$labels\.(\w+)", alert)
            if name not in labels
        ]
    assert wrong == []


def test_a_line_is_named_without_its_number(made: Adapter) -> None:
    in_trouble(made)
    routes = health_routes(
        made.container.health, made.container.access, line_labels=made.container.lines.labels
    )
    text = create_app(routes).test_client().get("/metrics").text
    ages = re.findall(r'adapter_last_hook_age_seconds\{line="([^"]+)"\} (\S+)', text)
    assert [(name, float(age) < 60) for name, age in ages] == [("Main (0100)", True)]
    assert "6175550100" not in text
    assert 'adapter_held_calls{cause="nobody_found"} 1.0' in text
    assert 'adapter_alerts_open{rule="hooks_refused"} 1.0' in text
    assert "adapter_hooks_refused_10m 30.0" in text


def test_two_lines_of_one_name_do_not_break_the_numbers(made: Adapter) -> None:
    in_trouble(made)
    labels = dict.fromkeys(made.container.lines.labels, "the same")
    routes = health_routes(made.container.health, made.container.access, line_labels=labels)
    text = create_app(routes).test_client().get("/metrics").text
    assert text.count("adapter_last_hook_age_seconds{") == 1


def test_promtool_takes_the_rules() -> None:
    if shutil.which("promtool") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have promtool")
        pytest.skip("needs promtool, of Debian's prometheus")
    done = subprocess.run(
        ["promtool", "check", "rules", RULES], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_and_the_dashboard_have_one_form() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) > 15
    alerts = re.findall(r"- alert: (\w+)\n(.*?)(?=\n +- |\Z)", RULES.read_text("utf-8"), re.S)
    assert len(alerts) > 15
    for name, rest in alerts:
        assert "summary:" in rest, name
        assert re.search(r"severity: (page|ticket)", rest), name
