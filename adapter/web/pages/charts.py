"""Where do the bars of a chart stand? Charts are drawn on the server, as SVG with a table beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 160.0
_GAP = 0.2  # of the place of a bar


@dataclass(frozen=True)
class Bar:
    """One piece of a stacked bar. series: which of the chart's names it belongs to. label: for people."""

    x: float
    y: float
    width: float
    height: float
    series: int
    label: str


@dataclass(frozen=True)
class Chart:
    """A chart as macros.html draws it (`bars`). names: of the series. rows: label and values, for the table."""

    title: str
    unit: str
    summary: str
    names: Sequence[str]
    rows: Sequence[tuple[str, Sequence[float]]]
    bars: Sequence[Bar]
    width: float = WIDTH
    height: float = HEIGHT


def bar_chart(
    title: str, unit: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]
) -> Chart:
    """Return stacked bars. labels: one for each bar, such as the hour. unit: what a label is. series: by name,
    one value for each label."""
    names = list(series)
    rows = [(label, [series[name][place] for name in names]) for place, label in enumerate(labels)]
    most = max((sum(values) for _, values in rows), default=0)
    total = sum(sum(values) for _, values in rows)
    summary = f"{_plain(total)} in all, {_plain(most)} at most" if total else "none"
    return Chart(title, unit, summary, names, rows, list(_bars(rows, names, most)))


def _bars(
    rows: Sequence[tuple[str, Sequence[float]]], names: Sequence[str], most: float
) -> Sequence[Bar]:
    if not most:
        return []
    bars = []
    place_width = WIDTH / len(rows)
    for place, (label, values) in enumerate(rows):
        top = HEIGHT
        for number, value in enumerate(values):
            if value <= 0:
                continue
            height = HEIGHT * value / most
            top -= height
            bars.append(
                Bar(
                    x=round(place_width * (place + _GAP / 2), 2),
                    y=round(top, 2),
                    width=round(place_width * (1 - _GAP), 2),
                    height=round(height, 2),
                    series=number,
                    label=f"{label}, {names[number]}: {_plain(value)}",
                )
            )
    return bars


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
