"""What does the page of the lines show? Every number, what it lacks, and what happened on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Blueprint, Response

from adapter.domain.lines import Lines
from adapter.operations.call_filters import name_of_line
from adapter.operations.lines_report import COUNTED_DAYS, Finding, lines_report
from adapter.operations.numbers.findings import NumbersReport
from adapter.storage.session import Session
from adapter.web.pages.kept import Kept
from adapter.web.pages.shell import render


def lines_page(
    session: Session,
    lines: Lines,
    findings: Kept[Mapping[str, Finding]],
    numbers: Kept[NumbersReport | None],
    clock: Callable[[], datetime],
) -> Blueprint:
    """Return the route GET /lines. findings: what the target says of each line; numbers: what providers say."""
    routes = Blueprint("lines", __name__)

    @routes.get("/lines")
    def show() -> Response:
        report = lines_report(session, lines, findings.get(), clock, numbers.get())
        return render(
            "lines.html",
            report=report,
            days=COUNTED_DAYS,
            query_of=lambda line: name_of_line(line, lines),
        )

    return routes
