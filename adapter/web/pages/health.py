"""GET /health: how does all go? Shown from `adapter.operations.health_report`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from flask import Blueprint, Response, abort, request

from adapter.domain import lifecycle
from adapter.domain.outcome import Outcome
from adapter.observability.acknowledge_times import AcknowledgeTimes
from adapter.operations.health_report import Bucket, HealthReport, HealthReports, Period
from adapter.operations.lines_report import Finding, line_problems
from adapter.operations.numbers.findings import NumbersReport
from adapter.text.phrases import duration
from adapter.web.pages.charts import Chart, bar_chart
from adapter.web.pages.kept import Kept
from adapter.web.pages.shell import render
from adapter.web.sign_in.users import signed_in

# The parts of a bar and the columns of its table: a name, and the outcomes or states that it stands for.
_OUTCOMES: Mapping[str, Collection[str]] = {
    "answered": (Outcome.ANSWERED,),
    "voicemail": (Outcome.VOICEMAIL,),
    "not answered": (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.ABANDONED),
    "other": (Outcome.FAILED, Outcome.DISCONNECTED, Outcome.UNKNOWN),
}
_STATES: Mapping[str, Collection[str]] = {
    "written": lifecycle.ACCEPTED,
    "waiting": lifecycle.UNDELIVERED,
    **{state.value: {state} for state in sorted(lifecycle.REPLAYABLE, reverse=True)},
}


def health_page(
    reports: HealthReports,
    acknowledge_times: Callable[[], AcknowledgeTimes],
    findings: Kept[Mapping[str, Finding]],
    numbers: Kept[NumbersReport | None],
) -> Blueprint:
    """Return the route GET /health (query: period). findings, numbers: as of the page of the lines."""
    routes = Blueprint("health_page", __name__)

    @routes.get("/health")
    @signed_in
    def health() -> Response:
        asked = request.args.get("period", Period.DAY.value)
        if asked not in set(Period):
            abort(400, f"period is one of {', '.join(Period)}")
        report = reports.report(Period(asked))
        about_lines, about_numbers = findings.get(), numbers.get()
        return render(
            "health.html",
            report=report,
            line_problems=line_problems(reports.lines, about_lines, about_numbers),
            are_lines_known=about_lines is not None,
            are_numbers_known=about_numbers is not None and about_numbers.is_complete,
            periods=list(Period),
            charts=[
                _chart("How the calls ended", report, _OUTCOMES, lambda b: b.by_outcome),
                _chart("What became of them", report, _STATES, lambda b: b.by_state),
            ],
            shares={name: _share(report, states) for name, states in _STATES.items()},
            within=_within,
            acknowledge=acknowledge_times(),
        )

    return routes


def _chart(
    title: str,
    report: HealthReport,
    groups: Mapping[str, Collection[str]],
    counts: Callable[[Bucket], Mapping[str, int]],
) -> Chart:
    labels = [_label(bucket.begins_at, report.period) for bucket in report.buckets]
    sums = [_sums(counts(bucket), groups) for bucket in report.buckets]
    series = {name: [each[place] for each in sums] for place, name in enumerate(groups)}
    unit = "hour" if report.period is Period.DAY else "day"
    return bar_chart(title, unit, labels, series)


def _sums(counts: Mapping[str, int], groups: Mapping[str, Collection[str]]) -> Sequence[int]:
    """Return the calls of each group. What no group names counts to the last one."""
    sums = [sum(counts.get(value, 0) for value in values) for values in groups.values()]
    sums[-1] += sum(counts.values()) - sum(sums)
    return sums


def _share(report: HealthReport, states: Collection[str]) -> str:
    """Return the share of the calls in these states, in words."""
    share = sum(report.shares.get(state, 0.0) for state in states)
    if 0 < share < 0.001:
        return "less than 0.1 %"
    return f"{share * 100:.1f} %".replace(".0 %", " %")


def _label(begins_at: datetime, period: Period) -> str:
    if period is Period.DAY:
        return f"{begins_at.hour % 12 or 12} {begins_at:%p}"
    return f"{begins_at:%a}, {begins_at:%b} {begins_at.day}"


def _within(seconds: float | None) -> str:
    """Return "within ..." in words; a dash if it is not known."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"within {seconds * 1000:.0f} ms"
    return f"within {duration(int(seconds))}"
