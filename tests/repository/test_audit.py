"""Is a vulnerable dependency told from one that could not be looked up; and is every exception reasoned?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tokenize import COMMENT, tokenize
from typing import Any

import pytest

from tests.repository import audit

KNOWN = {"name": "flask", "version": "3.1.3", "vulns": []}
BAD: Mapping[str, Any] = {
    "name": "urllib3",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}],
}
SKIPPED = {"name": "twilio", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def test_a_vulnerability_is_named_with_the_version_that_mends_it() -> None:
    found = audit.read_report({"dependencies": [KNOWN, BAD, SKIPPED]})
    assert found == audit.Audit(2, 1, ("urllib3 1.0: PYSEC-1, mended in 1.1",))


@pytest.mark.parametrize("name", ["PYSEC-1", "CVE-1"])
def test_one_that_was_accepted_is_not(name: str) -> None:
    assert audit.read_report({"dependencies": [BAD]}, {name: "not called"}).found == ()


def test_every_accepted_one_has_its_reason() -> None:
    assert [name for name, reason in audit.ACCEPTED.items() if len(reason) < 20] == []


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ([audit.Audit(2, 0, ())], 0, "audited by pypi: 2 packages"),
        ([audit.Audit(1, 0, ("urllib3 1.0: PYSEC-1",))], 1, "VULNERABLE urllib3"),
        ([audit.Audit(1, 1, ("urllib3 1.0: PYSEC-1",))], 1, "VULNERABLE urllib3"),
        ([audit.Audit(0, 2, ()), audit.Audit(2, 0, ())], 0, "audited by osv: 2 packages"),
        ([audit.Audit(1, 1, ()), "no route"], 0, "NOT AUDITED"),
        (["no route", "no route"], 0, "NOT AUDITED"),
        ([audit.Audit(0, 0, ()), "no route"], 0, "NOT AUDITED"),
    ],
)
def test_what_could_not_be_looked_up_is_said_and_only_a_vulnerability_fails(
    answers: list[audit.Audit | str],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = iter(answers)
    monkeypatch.setattr(audit, "ask", lambda service, requirements: next(given))
    assert audit.main(Path("requirements.txt")) == code
    assert words in capsys.readouterr().out


def test_every_exception_from_bandit_names_its_check_and_its_reason() -> None:
    """The reason stands behind it, or in the comment above."""
    bare = []
    for path in sorted((audit.ROOT / "adapter").rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for above, line in zip(["", *lines], lines, strict=False):
            if "nosec" not in line:
                continue
            named = re.search(r"# nosec B\d{3}(, B\d{3})*( - \w.{8,})?$", line)
            if named is None or not (named[2] or re.match(r"\s*# \w.{8,}", above)):
                bare.append(f"{path.name}: {line.strip()}")
    assert bare == []


@pytest.mark.parametrize("folder", ["adapter", "tests"])
def test_every_exception_from_ruff_and_mypy_has_its_reason(folder: str) -> None:
    """The reason stands behind it."""
    with_reason = r"# (ruff: )?noqa: [A-Z]+\d+ - \w.{8,}|# type: ignore\[[\w, -]+\]  # \w.{8,}"
    bare = []
    for path in sorted((audit.ROOT / folder).rglob("*.py")):
        with path.open("rb") as source:
            comments = [t.string for t in tokenize(source.readline) if t.type == COMMENT]
        for comment in comments:
            is_exception = re.match(r"# (ruff: )?noqa|# type: ignore", comment)
            if is_exception and not re.fullmatch(with_reason, comment):
                bare.append(f"{path.name}: {comment}")
    assert bare == []
