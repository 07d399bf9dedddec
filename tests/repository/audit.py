"""Are known vulnerabilities in what the adapter depends on? (python -m tests.repository.audit)

It asks pip-audit about requirements.txt, first by the list of PyPI, then by that of OSV. Where neither can
be reached, that is said, and nothing fails: a machine without the internet cannot know.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SERVICES = ("pypi", "osv")
# Why a vulnerability does not concern us, by its id. Each needs its reason.
ACCEPTED: Mapping[str, str] = {}


@dataclass(frozen=True)
class Audit:
    """What one service said. looked_up, unknown: how many packages it knew, and how many not."""

    looked_up: int
    unknown: int
    found: tuple[str, ...]


def read_report(report: Mapping[str, Any], accepted: Mapping[str, str] = ACCEPTED) -> Audit:
    """What pip-audit's JSON says. A package that was skipped was not audited, whatever its exit code is."""
    packages = report["dependencies"]
    audited = [package for package in packages if "skip_reason" not in package]
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"mended in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in audited
        for vulnerability in package["vulns"]
        if not {vulnerability["id"], *vulnerability.get("aliases", ())} & set(accepted)
    ]
    return Audit(len(audited), len(packages) - len(audited), tuple(found))


def ask(service: str, requirements: Path) -> Audit | str:
    """What this service says, or why it says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            *(sys.executable, "-m", "pip_audit", "--vulnerability-service", service),
            *("--requirement", str(requirements), "--disable-pip", "--require-hashes"),
            *("--format", "json", "--output", str(report), "--progress-spinner", "off"),
        ]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            return "it did not answer within 5 minutes"
        if not report.exists():
            return (run.stderr.strip().splitlines() or ["no reason was told"])[-1][:300]
        return read_report(json.loads(report.read_text(encoding="utf-8")))


def main(requirements: Path = ROOT / "requirements.txt") -> int:
    """Ask one service after the other until one knows all packages; 1 if a vulnerability is known."""
    for service in SERVICES:
        audit = ask(service, requirements)
        if isinstance(audit, str):
            print(f"not audited by {service}: {audit}")
            continue
        for vulnerability in audit.found:
            print(f"VULNERABLE {vulnerability}")
        if audit.found:
            return 1
        if audit.looked_up and not audit.unknown:
            print(f"audited by {service}: {audit.looked_up} packages, no known vulnerability")
            return 0
        print(
            f"{service} does not know {audit.unknown} of {audit.looked_up + audit.unknown} packages"
        )
    print(
        "NOT AUDITED: no list of vulnerabilities could be reached from here that knows all packages"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
