"""What are the settings? They come from the environment; .env.example lists every name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from adapter.config import public_address
from adapter.config.public_address import read_base_url, read_public_address
from adapter.errors import SettingsError

DEFAULT_DATABASE_URL = "sqlite:///var/adapter.sqlite3"


def _list(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _addresses(value: Any) -> Any:
    entries = _list(value)
    if isinstance(entries, list) and not all(
        re.fullmatch(r"[^\s@]*@[^\s@]+", entry) for entry in entries
    ):
        raise ValueError("an entry of it is neither an e-mail address nor a @domain")
    return entries


def _urls(value: Any) -> Any:
    """Split at blanks and commas, but not at a comma inside an address."""
    if not isinstance(value, str):
        return value
    addresses = [part for part in re.split(r"[\s,]+(?=[\w+.-]+://)", value.strip(" ,\n\t")) if part]
    if any("://" not in address for address in addresses):
        raise ValueError("it has an address without ://")
    return addresses


def _http_address(secret: SecretStr) -> SecretStr:
    parts = urlsplit(secret.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it is not a URL that begins with https:// or http://")
    return secret


_ACCOUNT_ID = re.compile(r"AC\w{0,32}", re.ASCII)


def _subaccounts(value: Any) -> Any:
    """Parse {"account id": ["token", ...]}. A blank token is an error, since a token was meant."""
    if not isinstance(value, str):
        return value
    try:
        document = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    by_account: dict[str, Any] = {}
    for key, tokens in document.items():
        sid = key.strip()
        if _is_blank(sid):
            raise ValueError("an account's id is blank")
        # If id and token were swapped by mistake, this is a token. So only what looks like an id is shown.
        account = f"account {sid}" if _ACCOUNT_ID.fullmatch(sid) else "an account"
        if sid in by_account:
            raise ValueError(f"{account} stands twice")
        listed = [token.strip() for token in tokens] if _is_texts(tokens) else _list(tokens)
        if listed == []:
            raise ValueError(f"{account} has no token")
        if _is_texts(listed) and any(_is_blank(token.strip(" ,")) for token in listed):
            raise ValueError(f"{account} has a blank token")
        by_account[sid] = listed
    return by_account


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _is_blank(text: str) -> bool:
    """Return whether the text shows nothing. Some env files leave a pair of quotes as the value."""
    return not any(sign.isprintable() and not sign.isspace() for sign in text.strip().strip("\"'"))


def _visible(secret: SecretStr) -> SecretStr:
    if _is_blank(secret.get_secret_value()):
        raise ValueError("a secret of it is blank")
    return secret


def _api_base_url(ending: str) -> Callable[[Any], Any]:
    """Return a validator of an API's base URL. ending: the path that the adapter appends itself."""

    def check(value: Any) -> Any:
        url = read_base_url(value)
        if isinstance(url, str) and url.lower().endswith(ending):
            raise ValueError(f"it has {ending}, which the adapter puts behind it itself")
        return url

    return check


def _database_url(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for prefix in ("postgres://", "postgresql://"):
        if value.startswith(prefix):
            return "postgresql+psycopg://" + value.removeprefix(prefix)
    if value.startswith(("sqlite:///", "postgresql+psycopg://")):
        return value
    raise ValueError("it is neither a PostgreSQL nor an SQLite database")


def _direct_url(value: Any) -> Any:
    url = _database_url(value)
    if isinstance(url, str) and url.startswith("sqlite"):
        raise ValueError("it is not a PostgreSQL database")
    return url


def _allowed(text: str, **limits: float | str) -> Any:
    """Return a field with these limits. text: what is allowed, in the words that end every error."""
    return Field(description=text, **limits)  # type: ignore[call-overload]  # which limits, each caller says


def _between(least: float, most: float, unit: str, example: float) -> Any:
    return _allowed(f"{unit} from {least} to {most}, such as {example}", ge=least, le=most)


def _either(one: str, other: str) -> Any:
    return _allowed(f"{one} or {other}, such as {one}", pattern=f"^({one}|{other})$")


# Never blank: with a blank key, everybody could sign.
_A_SECRET = _allowed("the secret itself, or leave the setting blank")
Secret = Annotated[SecretStr, AfterValidator(_visible), _A_SECRET]
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(_list), _A_SECRET]
_ADDRESSES = _allowed(
    "e-mail addresses or @domains with commas between, such as lee@example.com,@example.com"
)
_A_BASE_URL = _allowed("an address, such as https://calls.example.com")
Seconds = Annotated[float, _between(0, 86400, "a number of seconds", 10)]
# At least as long as a reconciliation looks back.
Days = Annotated[int, _between(7, 36500, "a whole number of days", 30)]

# pydantic's types of error, in our words.
_FACTS = {
    "int_parsing": "it is not a whole number",
    "int_from_float": "it is not a whole number",
    "float_parsing": "it is not a number",
    "finite_number": "it is not a number",
    "greater_than_equal": "it is too small",
    "less_than_equal": "it is too large",
    "string_pattern_mismatch": "it is not what is allowed",
    "tuple_type": "the tokens of an account are not a list",
    "string_type": "a token is not a text",
}


# Set by hosts, not by people.
_HOST_VARIABLES = ("dyno", "render", "fly_app_name")
# What nobody sets by its name.
NOT_SET_BY_PEOPLE = frozenset((*_HOST_VARIABLES, "public_base_url_from"))


class Settings(BaseModel):
    """The settings. A field has the name of its variable in lower case; docs/operating.md describes each."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    database_url: Annotated[
        str,
        BeforeValidator(_database_url),
        _allowed(f"postgres://user:password@host/name, or a file, such as {DEFAULT_DATABASE_URL}"),
    ] = DEFAULT_DATABASE_URL
    # For migrate, where DATABASE_URL is that of a pooler.
    database_direct_url: Annotated[
        str | None,
        BeforeValidator(_direct_url),
        _allowed("the server's own address, such as postgres://user:password@host/name"),
    ] = None
    host: Annotated[
        str, _allowed("an address of this machine, such as 127.0.0.1", pattern=r"^[\w.:-]+$")
    ] = "0.0.0.0"  # nosec B104 - hosts reach the app from outside; HOST narrows it
    port: Annotated[int, _between(0, 65535, "a whole number", 8000)] = 8000
    public_base_url: Annotated[str | None, BeforeValidator(read_public_address), _A_BASE_URL] = None
    twilio_account_sid: str | None = None
    twilio_auth_token: Secrets = ()
    twilio_subaccount_tokens: Annotated[
        dict[str, tuple[Secret, ...]],
        BeforeValidator(_subaccounts),
        _allowed('each subaccount with its tokens, such as {"AC...": ["token"]}'),
    ] = {}
    twilio_api_base_url: Annotated[
        str, BeforeValidator(_api_base_url("/2010-04-01")), _A_BASE_URL
    ] = "https://api.twilio.com"
    propexo_api_key: Secret | None = None
    propexo_base_url: Annotated[str, BeforeValidator(_api_base_url("/v1")), _A_BASE_URL] = (
        "https://api.propexo.com"
    )
    propexo_integration_id: str | None = None
    propexo_property_id: str | None = None
    propexo_event_type_id: str | None = None
    propexo_employee_id: str | None = None
    propexo_agent_name: str | None = None
    propexo_rate_limit: Annotated[
        int, _between(0, 1_000_000, "a whole number of requests a minute", 150)
    ] = 150
    # How long a write that Propexo accepted may take to show up in its logs.
    propexo_visible_seconds: Seconds = 60.0
    # How often accepted writes are confirmed from Propexo's logs, many at once.
    confirm_seconds: Annotated[float, _between(0.2, 3600, "a number of seconds", 10)] = 10.0
    # Signs Propexo's own webhooks (WRITE_OPERATION_FAILURE); without it they are refused.
    propexo_webhook_secret: Secret | None = None
    # How often changed people are read into the index; 0 leaves the index alone.
    people_sync_seconds: Seconds = 300.0
    # How long a held call is tried again by itself when its number becomes known.
    held_days: Annotated[int, _between(0, 365, "a whole number of days", 14)] = 14
    adapter_lines: str = ""
    recording_links: Annotated[str, _either("adapter", "provider")] = "adapter"
    settle_seconds: Seconds = 10.0
    recording_wait_seconds: Seconds = 300.0
    secret_key: Secrets = ()
    # One password for all operators. Without it and without OIDC there are no pages.
    admin_password: Secret | None = None
    # The sign-in service of operators and viewers (adapter.config.oidc).
    oidc_issuer: Annotated[str | None, BeforeValidator(read_base_url), _A_BASE_URL] = None
    oidc_client_id: str | None = None
    oidc_client_secret: Secret | None = None
    oidc_operators: Annotated[tuple[str, ...], BeforeValidator(_addresses), _ADDRESSES] = ()
    oidc_viewers: Annotated[tuple[str, ...], BeforeValidator(_addresses), _ADDRESSES] = ()
    # How many proxies in a row write X-Forwarded-For; None: not known.
    trusted_proxies: Annotated[int | None, _between(0, 10, "a whole number of proxies", 1)] = None
    # The programs that may use the API (adapter.config.api_tokens).
    api_tokens: Secrets = ()
    # Bearer token for /metrics and the details of /readyz; without it they are for this machine only.
    metrics_token: Secret | None = None
    # Where alerts are told; docs/operating.md, Alerts.
    alert_urls: Annotated[
        tuple[Secret, ...],
        BeforeValidator(_urls),
        _allowed("addresses that apprise knows, such as mailto://user:password@example.com"),
    ] = ()
    # The hour of the day, in the time zone of [defaults], at which the day before is told of.
    alert_digest_hour: Annotated[int | None, _between(0, 23, "a whole number", 8)] = None
    # How often an alert that is open and not acknowledged is told again; 0: never.
    alert_remind_hours: Annotated[int, _between(0, 720, "a whole number of hours", 24)] = 24
    # Asked for each minute by a healthy worker.
    heartbeat_url: Annotated[
        SecretStr | None,
        AfterValidator(lambda url: url and _http_address(url)),
        _allowed("an address that expects to be asked for, such as https://hc-ping.com/..."),
    ] = None
    log_format: Annotated[str, _either("json", "console")] = "console"
    web_concurrency: Annotated[int, _between(1, 64, "a whole number", 2)] = 2
    worker_concurrency: Annotated[int, _between(1, 256, "a whole number", 16)] = 16
    # How many days each kind of row is kept: raw hooks, attempts, calls, finished runs of the queue.
    hook_days: Days = 30
    attempt_days: Days = 90
    call_days: Days = 1825
    workflow_days: Days = 7
    # Opens the tunnel of `adapter run --tunnel`.
    ngrok_authtoken: Secret | None = None
    # Set by hosts, not by people.
    dyno: str | None = None
    render: str | None = None
    fly_app_name: str | None = None
    # Who says what public_base_url is: a variable, or where else it is from.
    public_base_url_from: str = public_address.SETTING

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Return the settings of this environment. A blank value counts as absent.

        Raise SettingsError for a wrong one. It names the setting, the fact and what is allowed, not the value.
        """
        values = {
            name: environ[name.upper()].strip()
            for name in cls.model_fields
            if name != "public_base_url_from" and environ.get(name.upper(), "").strip()
        }
        is_on_host = any(name in values for name in _HOST_VARIABLES)
        values.setdefault("log_format", "json" if is_on_host else "console")
        values |= public_address.beside_the_setting(environ)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            fact = _FACTS.get(first["type"], first["msg"].removeprefix("Value error, "))
            allowed = cls.model_fields[name].description
            fact = f"{fact}; give {allowed}"
            raise SettingsError(
                f"{name.upper()}: {fact}", setting=name.upper(), fact=fact
            ) from error

    @property
    def host_variable(self) -> str | None:
        """The variable that tells on which host this runs; None on a machine of one's own."""
        found = (name for name in _HOST_VARIABLES if getattr(self, name))
        return next((name.upper() for name in found), None)

    def at(self, address: str, told_by: str) -> Settings:
        """Return these settings with another public address. told_by: who says so, in words."""
        return self.model_copy(update={"public_base_url": address, "public_base_url_from": told_by})

    @property
    def has_address_of_its_own(self) -> bool:
        """Whether PUBLIC_BASE_URL is set here, or `adapter run` gave it: no other address counts then."""
        is_from_elsewhere = self.public_base_url_from in (
            public_address.DATABASE,
            *public_address.HOSTS,
        )
        return self.public_base_url is not None and not is_from_elsewhere

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def migrated_url(self) -> str:
        """The address of the database that `migrate` uses."""
        return (None if self.is_sqlite else self.database_direct_url) or self.database_url

    @property
    def known_proxies(self) -> int | None:
        """How many proxies write X-Forwarded-For, None if nobody said so. Heroku's router is one."""
        return 1 if self.trusted_proxies is None and self.dyno else self.trusted_proxies

    @property
    def line_defaults(self) -> Mapping[str, str | None]:
        """What a line has if lines.toml does not say it, by the keys of a line."""
        return {
            "integration_id": self.propexo_integration_id,
            "property_id": self.propexo_property_id,
            "event_type_id": self.propexo_event_type_id,
            "employee_id": self.propexo_employee_id,
            "agent_name": self.propexo_agent_name,
        }

    def require_for_web(self) -> None:
        """Raise SettingsError if hooks could not be trusted, or would be lost."""
        self.require_durable()
        if not self.twilio_auth_token and not self.twilio_subaccount_tokens:
            raise SettingsError(
                "TWILIO_AUTH_TOKEN is not set: without it no webhook can be trusted; set it to the "
                "auth token of your Twilio account (Console, Account info)"
            )
        if self.public_base_url is None:
            heroku = "; on Heroku: heroku labs:enable runtime-dyno-metadata" if self.dyno else ""
            raise SettingsError(
                "PUBLIC_BASE_URL is not set: Twilio signs the URL that it was given; set it to the "
                f"part before /webhooks/twilio, like https://calls.example.com{heroku}"
            )

    def require_for_worker(self) -> None:
        """Raise SettingsError if no event could be written."""
        self.require_durable()
        if self.propexo_api_key is None:
            raise SettingsError(
                "PROPEXO_API_KEY is not set: without it nothing can be written; "
                "set it to a key of your Propexo account"
            )
        if self.public_base_url is None:
            raise SettingsError(
                "PUBLIC_BASE_URL is not set: events link to the page of their call; "
                "set it to the adapter's public address, like https://calls.example.com, or start web with "
                "this database first: it keeps its address there"
            )

    def require_durable(self) -> None:
        """Raise SettingsError if the database is a file on a host that empties its disk at each restart."""
        host = "DYNO" if self.dyno else "RENDER" if self.render else None
        if host and self.is_sqlite:
            raise SettingsError(
                f"DATABASE_URL is not a PostgreSQL database, and {host} is set: this host empties its "
                "disk at every restart, and calls would be lost with it; add a PostgreSQL database"
            )
