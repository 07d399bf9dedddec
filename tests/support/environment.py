"""The made-up account, line, moment and settings of the tests."""

from __future__ import annotations

from datetime import UTC, datetime

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "main-token"
BASE_URL = "https://calls.example.com"
PATH = "/webhooks/twilio"
LINE = "+16175550100"
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ENVIRON = {
    "PUBLIC_BASE_URL": BASE_URL,
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "PROPEXO_API_KEY": "propexo-key",
    "PROPEXO_INTEGRATION_ID": "int_main",
    "ADAPTER_LINES": f'[lines."{LINE}"]\nproperty_id = "prop_main"\n',
    "SECRET_KEY": "secret-key",
}
