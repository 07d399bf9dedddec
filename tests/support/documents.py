"""The documents, and what stands in them: headings, and the rows of tables."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def anchors(text: str) -> set[str]:
    """The headings as GitHub names them in links."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table(text: str, heading: str) -> list[list[str]]:
    """The rows of the first table under this heading, without the two rows of its head."""
    rows = text.split(f"\n{heading}\n", 1)[1].split("\n| ", 1)[1].split("\n\n", 1)[0]
    return [re.split(r" *(?<!\\)\| ?", row.strip("| ")) for row in rows.split("\n")[2:]]


def names(rows: list[list[str]]) -> list[str]:
    return [row[0].strip("` ") for row in rows]
