"""How does a report keep the sections that other measurements write? A section begins with its heading."""

from __future__ import annotations

import re
from collections.abc import Sequence

FAR_DATABASE = "## A database that is far away"
PAGES = "## Pages with a million calls"


def with_section(report: str, lines: Sequence[str]) -> str:
    """The report with this section at its end, in the place of the one that it has. lines: heading first."""
    others = report.replace(section_of(report, lines[0]), "") if report else ""
    return others.rstrip() + "\n\n" + "\n".join(lines).rstrip() + "\n"


def section_of(report: str, heading: str) -> str:
    """The section that a report has under this heading; blank if it has none."""
    found = re.search(rf"^{re.escape(heading)}$.*?(?=^## |\Z)", report, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""
