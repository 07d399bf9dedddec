"""Do the pages for operators name every alert rule, every secret, and only lines that the log has?"""

from __future__ import annotations

import re
from typing import get_args

import pydantic

from adapter.config.settings import Settings
from adapter.domain.alert_rules import RULES
from tests.support.documents import ROOT, anchors, names, table

MESSAGES = (ROOT / "docs/messages.md").read_text(encoding="utf-8")
UPGRADING = (ROOT / "docs/upgrading.md").read_text(encoding="utf-8")


def test_every_alert_rule_has_a_section_that_says_what_to_do() -> None:
    sections = re.split(r"^### ", MESSAGES.split("\n## Alerts\n", 1)[1], flags=re.MULTILINE)[1:]
    told = {section.split("\n", 1)[0]: section.split("\n", 1)[1].strip() for section in sections}
    assert list(told) == [rule.name for rule in RULES]
    assert all(len(text) > 100 for text in told.values())


def test_the_table_of_alerts_has_every_rule() -> None:
    told = names(table((ROOT / "docs/operating.md").read_text(encoding="utf-8"), "## Alerts"))
    assert told == [rule.name for rule in RULES]


def test_every_line_of_the_log_that_is_told_of_is_written_somewhere() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "adapter").rglob("*.py"))
    told = re.findall(
        r"`([^`]+)`", " ".join(row[0] for row in table(MESSAGES, "## Lines that matter"))
    )
    starts = {"web starts", "worker starts"}  # one line of code, by the name of the process
    assert len(told) > 20
    assert [event for event in told if event not in starts and f'"{event}"' not in code] == []


def is_secret(annotation: object) -> bool:
    return annotation is pydantic.SecretStr or any(map(is_secret, get_args(annotation)))


def test_every_secret_has_a_way_to_rotate_it() -> None:
    secrets = [
        name.upper()
        for name, field in Settings.model_fields.items()
        if is_secret(field.annotation) or "password" in (field.description or "")
    ]
    assert {"SECRET_KEY", "TWILIO_SUBACCOUNT_TOKENS", "DATABASE_URL", "ALERT_URLS"} <= set(secrets)
    rotated = UPGRADING.split("\n## Rotate secrets\n", 1)[1]
    assert [name for name in secrets if f"`{name}`" not in rotated] == []
    assert {"twilios-auth-token", "secret_key"} <= anchors(rotated)
