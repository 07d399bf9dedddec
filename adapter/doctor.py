"""What is wrong with this set-up, and what is to be done about each thing? (`adapter doctor`)

Every check runs, whatever came of those before it. It asks and writes nothing, except for the mark in
our own database by which PUBLIC_BASE_URL is told from another adapter's address.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from adapter.bootstrap import Parts
from adapter.calls.database import schema_state
from adapter.calls.lines import Line, Lines
from adapter.calls.phone import mask
from adapter.calls.shared import DEAD_AFTER
from adapter.errors import AdapterError, CredentialsRefused, SettingsError
from adapter.observe import hide_numbers
from adapter.settings import Settings
from adapter.targets.propexo.client import PropexoClient
from adapter.targets.propexo.directory import Directory
from adapter.targets.propexo.governor import Governor
from adapter.targets.propexo.profile import LINE_KEYS
from adapter.targets.propexo.profiles import PROFILES, missing, profile_of

TIMEOUT = (5.0, 10.0)
PAGE = 250
MAX_PAGES = 20
# What web and worker refuse to start without, with something that passes in the place of the others.
_NEEDED: Mapping[str, Any] = {
    "public_base_url": "https://calls.example.com",
    "twilio_auth_token": (SecretStr("-"),),
    "propexo_api_key": SecretStr("-"),
}
_OURS = ("TWILIO_", "PROPEXO_", "ADAPTER_", "RECORDING_", "PUBLIC_", "DATABASE_", "SETTLE_")
_LOCAL = ("http://127.", "http://localhost", "http://[::1]")


@dataclass(frozen=True)
class Finding:
    """What one check found. advice: the fact where all is well, else the fact and the way out."""

    check: str
    ok: bool
    advice: str


Check = Callable[[], Iterable[Finding]]


def examine(console: Console, environ: Mapping[str, str]) -> int:
    """Run every check and print what each found and what to do; 0 only if all is well."""
    settings, findings = check_settings(environ)
    patient = _Patient(settings)
    for name, check in (
        ("lines", patient.check_lines),
        ("database", patient.check_database),
        ("Propexo", patient.check_propexo),
        ("Twilio", patient.check_twilio),
        ("PUBLIC_BASE_URL", patient.check_public),
    ):
        with console.status(f"checking {name}"):
            findings += _outcome(name, check)
    console.print(_table(findings))
    problems = [finding for finding in findings if not finding.ok]
    if problems:
        console.print(
            f"\n{len(problems)} problem(s). Next: {escape(problems[0].check)} first, as said "
            "above, then [bold]adapter doctor[/bold] again",
            highlight=False,
        )
        return 1
    hooks = f"{settings.public_base_url}/webhooks/twilio#rc=5&rp=all"
    console.print(
        f"\nAll is well. Next: give your Twilio number the status callback {escape(hooks)}, "
        "call it, and look at [bold]adapter calls[/bold]",
        highlight=False,
        soft_wrap=True,
    )
    return 0


def check_settings(environ: Mapping[str, str]) -> tuple[Settings, list[Finding]]:
    """What each setting says, and the settings as they are without those that cannot be read."""
    findings = []
    left = dict(environ)
    while True:
        try:
            settings = Settings.from_environ(left)
            break
        except SettingsError as error:
            name, _, fact = str(error).partition(": ")
            findings.append(Finding(name, False, f"{fact}; {name} is left out of what follows"))
            if left.pop(name, None) is None:
                raise
    wrong = {finding.check for finding in findings}
    findings += [
        Finding(name, False, f"{name} is not a setting: did you mean {meant[0]}?")
        for name in sorted(environ)
        if name.startswith(_OURS)
        and name.lower() not in Settings.model_fields
        and (meant := difflib.get_close_matches(name, _names(), n=1, cutoff=0.85))
        and not environ.get(meant[0])
    ]
    for name in Settings.model_fields:
        given = name.upper() in left and left[name.upper()].strip()
        if name in ("dyno", "render") or name.upper() in wrong:
            continue
        problem = _setting_problem(settings, name)
        if problem:
            findings.append(Finding(name.upper(), False, problem))
        elif given or name == "database_url":
            findings.append(Finding(name.upper(), True, _shown(settings, name)))
    return settings, findings


def _setting_problem(settings: Settings, name: str) -> str | None:
    """Why the adapter would not start, or not be safe, with this setting as it is."""
    if name in _NEEDED:
        others = {other: value for other, value in _NEEDED.items() if other != name}
        alone = settings.model_copy(update={**others, "database_url": "postgresql+psycopg://-"})
        try:
            alone.require_for_web()
            alone.require_for_worker()
        except SettingsError as error:
            return str(error)
    if name == "database_url":
        try:
            settings.require_durable()
        except SettingsError as error:
            return str(error)
    url = settings.public_base_url or ""
    if name == "public_base_url" and url.startswith("http://") and not url.startswith(_LOCAL):
        return f"{url} is not https: hooks hold people's numbers; give the https address"
    if name == "twilio_account_sid" and settings.twilio_auth_token:
        sid = settings.twilio_account_sid
        if sid is None:
            return (
                "TWILIO_ACCOUNT_SID is not set: the token cannot be checked, and it would stand for "
                "every account; set it to the account's id (AC..., Console, Account info)"
            )
        if not (sid.startswith("AC") and len(sid) == 34):
            return "it does not look like an account's id: AC and 32 more characters"
    return None


def _shown(settings: Settings, name: str) -> str:
    """The value as it may be shown."""
    value = getattr(settings, name)
    if name == "database_url":
        url = sa.make_url(value)
        if settings.is_sqlite:
            return f"SQLite, {url.database}"
        return f"PostgreSQL, {url.host or 'local socket'}, database {url.database}"
    if name == "adapter_lines":
        is_text = "\n" in value or "=" in value
        return "given as text" if is_text else str(value)
    if name == "twilio_subaccount_tokens":
        return f"tokens of {len(value)} subaccount(s)"
    if isinstance(value, tuple):
        return f"set, {len(value)} value(s)"
    return "set" if isinstance(value, SecretStr) else hide_numbers(str(value))


class _Unlimited:
    """No budget for the handful of requests made here: the database may be down."""

    def spend(self, name: str, *, now: float, allowed: int, share: float) -> float:
        return 0.0

    def learn(
        self, name: str, *, now: float, used: int | None, allowed: int | None, closed_until: float
    ) -> None:
        return


class _Patient:
    """The parts of the set-up and the checks of each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parts = Parts(settings)
        self._instance: str | None = None
        self._lines: list[Line] = []
        self._http = requests.Session()
        self._http.trust_env = False  # no .netrc, no proxy that the settings do not name

    # Lines --------------------------------------------------------------------------------------

    def check_lines(self) -> Iterator[Finding]:
        lines = self._parts.lines
        where = "PROPEXO_INTEGRATION_ID, or integration_id in lines.toml"
        self._lines = _lines_in_use(lines)
        bare = [line for line in self._lines if line.integration_id is None]
        for line in bare:
            yield Finding(_title(line), False, f"it has no integration_id; set {where}")
        if not bare:
            count = len(lines.by_number)
            yield Finding("lines", True, f"{count} listed" if count else "one for every number")

    # Database -----------------------------------------------------------------------------------

    def check_database(self) -> Iterator[Finding]:
        path = sa.make_url(self._settings.database_url).database or ""
        if self._settings.is_sqlite and not Path(path).exists():
            yield Finding("database", False, f"{path} is not there yet: run adapter migrate")
            return
        try:
            found, needed = schema_state(self._parts.store.engine)
        except sa.exc.SQLAlchemyError as error:
            fact = f"the database of DATABASE_URL cannot be used: {_first_line(error)}"
            yield Finding("database", False, f"{fact}; check its address, name and password")
            return
        if found != needed:
            fact = f"its schema is {found or 'missing'}, this code needs {needed}"
            yield Finding("database", False, f"{fact}: run adapter migrate")
            return
        yield Finding("database", True, f"reachable, schema {needed}")
        self._instance = self._parts.store.instance()
        beats = self._parts.store.workers().values()
        alive = [seen for seen in beats if datetime.now(UTC) - seen < DEAD_AFTER]
        advice = f"{len(alive)} alive" if alive else "none is alive: start adapter run (or worker)"
        yield Finding("worker", bool(alive), advice)

    # Propexo ------------------------------------------------------------------------------------

    @cached_property
    def _propexo(self) -> PropexoClient:
        key = self._settings.propexo_api_key
        return PropexoClient(
            base_url=self._settings.propexo_base_url,
            api_key=key.get_secret_value() if key else "",
            governor=Governor(_Unlimited(), name="doctor", limit=0, clock=lambda: 0.0),
            read_seconds=TIMEOUT[1],
        )

    def check_propexo(self) -> Iterator[Finding]:
        if self._settings.propexo_api_key is None:
            yield Finding("Propexo", False, "not asked: PROPEXO_API_KEY is not set, see above")
            return
        directory = Directory(self._propexo)
        try:
            directory.integration("")
        except CredentialsRefused as error:
            fact = f"PROPEXO_API_KEY is refused: {error}"
            yield Finding("Propexo", False, f"{fact}; make a key in Propexo's dashboard")
            return
        except AdapterError as error:
            yield Finding("Propexo", False, f"{error}; check PROPEXO_BASE_URL and the network")
            return
        yield Finding("Propexo", True, "answers, and takes the key")
        by_integration: dict[str, list[Line]] = {}
        for line in self._lines:
            if line.integration_id is not None:
                by_integration.setdefault(line.integration_id, []).append(line)
        for integration_id, lines in by_integration.items():
            name = f"integration {integration_id}"
            check = partial(self._check_integration, name, directory, integration_id, lines)
            yield from _outcome(name, check)

    def _check_integration(
        self, name: str, directory: Directory, integration_id: str, lines: list[Line]
    ) -> Iterator[Finding]:
        row = directory.integration(integration_id)
        if row is None:
            advice = "Propexo has none of this id for this key; check PROPEXO_INTEGRATION_ID"
            yield Finding(name, False, f"{advice} and integration_id in lines.toml")
            return
        vendor = directory.vendor(integration_id)
        for fact, is_bad in (
            ("is archived", row.get("is_archived") is True),
            ("is not active", row.get("active") is False),
            ("cannot sign in to the PMS", row.get("can_authenticate") is False),
        ):
            if is_bad:
                advice = f"it {fact}: set it right in Propexo's dashboard, or name another one"
                yield Finding(name, False, advice)
                break
        else:
            known = (vendor or "").upper() in {key for key, _ in PROFILES}
            note = "" if known else " (not known here: calls are sent in the generic form)"
            yield Finding(name, True, f"active, {vendor or 'vendor not told'}{note}")
        properties = self._list("/v1/properties/", integration_id)
        named = any(line.event_type for line in lines)
        event_types = self._list("/v1/event-types/", integration_id) if named else []
        for line in lines:
            problems = list(_line_problems(line, vendor, properties, event_types))
            for problem in problems:
                yield Finding(_title(line), False, problem)
            if not problems:
                yield Finding(_title(line), True, _line_remark(line, vendor))

    def _list(self, path: str, integration_id: str) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = []
        for page in range(MAX_PAGES):
            query = {"integration_id": integration_id, "limit": PAGE, "offset": page * PAGE}
            answer = self._propexo.get(path, query, step="doctor")
            rows += answer["results"]
            if len(answer["results"]) < PAGE:
                break
        return rows

    # Twilio -------------------------------------------------------------------------------------

    def check_twilio(self) -> Iterator[Finding]:
        settings = self._settings
        accounts = [
            (f"Twilio subaccount {sid[:6]}...", "TWILIO_SUBACCOUNT_TOKENS", sid, tokens)
            for sid, tokens in settings.twilio_subaccount_tokens.items()
        ]
        if settings.twilio_account_sid and settings.twilio_auth_token:
            main = (settings.twilio_account_sid, settings.twilio_auth_token)
            accounts.insert(0, ("Twilio", "TWILIO_AUTH_TOKEN", *main))
        if not accounts:
            fact = "not asked: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not both set"
            yield Finding("Twilio", False, f"{fact}, see above")
        for name, setting, sid, tokens in accounts:
            for number, token in enumerate(tokens, 1):
                which = f"{setting} ({number} of {len(tokens)})" if len(tokens) > 1 else setting
                problem = self._twilio_problem(sid, token.get_secret_value(), which)
                if problem:
                    yield Finding(name, False, problem)
                else:
                    yield Finding(name, True, f"takes {which}")

    def _twilio_problem(self, sid: str, token: str, setting: str) -> str | None:
        base = self._settings.twilio_api_base_url
        try:
            answer = self._http.get(
                f"{base}/2010-04-01/Accounts/{sid}.json",
                auth=(sid, token),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return f"{base} {_failure(error)}; check TWILIO_API_BASE_URL and the network"
        if answer.status_code in (401, 403):
            return (
                f"{setting} is refused for this account ({answer.status_code}): copy the token from "
                "Twilio's Console, Account info, or remove it if it is an old one"
            )
        if answer.status_code == 404:
            return f"there is no account {sid[:6]}... for {setting}: copy its id from the Console"
        if answer.status_code != 200:
            return f"{base} answered {answer.status_code}; try again, or check TWILIO_API_BASE_URL"
        try:
            status = answer.json()["status"]
        except (ValueError, KeyError, TypeError):
            return f"{base} does not answer as Twilio does; check TWILIO_API_BASE_URL"
        return None if status == "active" else f"the account is {status}: see Twilio's Console"

    # The public address -------------------------------------------------------------------------

    def check_public(self) -> Iterator[Finding]:
        if self._settings.public_base_url is None:
            yield Finding("public address", False, "not asked: PUBLIC_BASE_URL is not set")
            return
        problem = self._public_problem(self._settings.public_base_url)
        yield Finding("public address", problem is None, problem or "reaches this adapter")

    def _public_problem(self, base: str) -> str | None:
        url = f"{base}/readyz"
        try:
            answer = self._http.get(url, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            return (
                f"{url} {_failure(error)}: Twilio would not reach it either; "
                "start adapter run (or web), check PUBLIC_BASE_URL, the host's router and its certificate"
            )
        if 300 <= answer.status_code < 400:
            target = answer.headers.get("Location", "elsewhere")
            return (
                f"{url} redirects to {target}: set PUBLIC_BASE_URL to where the app itself answers"
            )
        told = _told(answer)
        if told is None and answer.status_code != 200:
            fact = f"{url} answered {answer.status_code}"
            return f"{fact}: is the web process running, and is PUBLIC_BASE_URL its address?"
        if told is None:
            return f"at {url} something else answers; set PUBLIC_BASE_URL to the adapter's address"
        found = told.get("instance")
        if found is None:
            return f"an adapter answers at {url}, but has no database: see its log"
        if self._instance is None:
            return f"{url} answers; whether it is this adapter shows once the database is in order"
        if found != self._instance:
            return (
                f"at {url} an adapter with another database answers: its calls do not come here; "
                "check PUBLIC_BASE_URL and DATABASE_URL"
            )
        return None


def _told(answer: requests.Response) -> Mapping[str, Any] | None:
    """What /readyz of an adapter says, ready or not; None for any other answer."""
    try:
        told = answer.json()
    except ValueError:
        return None
    is_ours = isinstance(told, dict) and told.get("status") in ("ok", "not ready")
    return told if is_ours else None


def _line_problems(
    line: Line,
    vendor: str | None,
    properties: Iterable[Mapping[str, Any]],
    event_types: Iterable[Mapping[str, Any]],
) -> Iterator[str]:
    """What this line lacks for its PMS, and what it names that Propexo does not have."""
    profiles = [profile_of(vendor, kind) for kind in line.people]
    usable = [profile for profile in profiles if not profile.unsupported]
    if not usable:
        kinds = ", ".join(line.people)
        yield f"{vendor} takes no call events for {kinds}: change people in lines.toml"
    lacking = {key: profile.kind for profile in reversed(usable) for key in missing(profile, line)}
    for key, kind in lacking.items():
        other = LINE_KEYS[key]
        keys = f"{key} (or {other}, its name)" if other else key
        setting = f"PROPEXO_{key.upper()}"
        place = f"{setting} or lines.toml" if setting in _names() else "lines.toml"
        yield f"{vendor} needs {keys} for {kind}s, the line has none: set it in {place}"
    if line.property_id and line.property_id not in {row.get("id") for row in properties}:
        yield (
            f"property_id {line.property_id} is no property of this integration: "
            "check PROPEXO_PROPERTY_ID and lines.toml"
        )
    if line.event_type and not line.event_type_id:
        known = {
            str(row.get("name"))
            for row in event_types
            if line.property_id is None or row.get("property_id") in (None, line.property_id)
        }
        if line.event_type.casefold() not in {name.casefold() for name in known}:
            there = ", ".join(sorted(known)[:8]) or "none"
            yield f"event_type {line.event_type!r} is not there: use one of {there} in lines.toml"


def _line_remark(line: Line, vendor: str | None) -> str:
    """What is well, and whose calls will be held because the PMS takes none."""
    refused = [f"{kind}s" for kind in line.people if profile_of(vendor, kind).unsupported]
    if not refused:
        return f"has what {vendor or 'the generic form'} needs"
    return f"has what {vendor} needs; calls of {', '.join(refused)} are held, it takes none"


def _lines_in_use(lines: Lines) -> list[Line]:
    """The lines as listed; the defaults alone where none is."""
    return list(lines) or [lines.defaults]


def _title(line: Line) -> str:
    return f"line {line.name or (mask(line.number) if line.number else '(every number)')}"


def _names() -> list[str]:
    return [name.upper() for name in Settings.model_fields]


def _outcome(name: str, check: Check) -> list[Finding]:
    """What the check found; what broke it off is a finding too."""
    found: list[Finding] = []
    try:
        for finding in check():
            found.append(finding)
    except AdapterError as error:
        found.append(Finding(name, False, str(error)))
    except Exception as error:
        fact = f"the check itself failed ({type(error).__name__}: {_first_line(error)})"
        found.append(Finding(name, False, f"{fact}; please report it"))
    return found


def _first_line(error: Exception) -> str:
    """The start of an error's text; a driver's goes on with the statement and links."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return hide_numbers(lines[0])[:200] if lines else type(error).__name__


def _failure(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "has no valid certificate"
    if isinstance(error, requests.Timeout):
        return "does not answer in time"
    return "cannot be reached"


def _table(findings: Iterable[Finding]) -> Table:
    table = Table(title="adapter doctor")
    table.add_column("check", overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column("what was found, what to do", overflow="fold")
    for finding in findings:
        mark = "[green]ok[/green]" if finding.ok else "[red]problem[/red]"
        table.add_row(escape(finding.check), mark, escape(finding.advice))
    return table
