"""Do the bars of a chart stand where their values say?"""

from __future__ import annotations

from adapter.web.pages.charts import HEIGHT, bar_chart


def test_bars_are_stacked_from_the_ground_and_the_highest_fills_the_chart() -> None:
    chart = bar_chart("Calls", "Hour", ["10", "11"], {"written": [1, 3], "held": [0, 1]})
    assert [(bar.series, bar.height, bar.y + bar.height) for bar in chart.bars] == [
        (0, HEIGHT / 4, HEIGHT),
        (0, HEIGHT * 3 / 4, HEIGHT),
        (1, HEIGHT / 4, HEIGHT / 4),
    ]
    assert chart.bars[-1].label == "11, held: 1"
    assert chart.summary == "5 in all, 4 at most"
    assert chart.rows == [("10", [1, 0]), ("11", [3, 1])]


def test_a_chart_without_values_has_no_bars() -> None:
    assert bar_chart("Calls", "Hour", ["10"], {"written": [0]}).bars == []
    assert bar_chart("Calls", "Hour", [], {}).summary == "none"
