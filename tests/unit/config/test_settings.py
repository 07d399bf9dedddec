"""Is the environment read as documented, and a wrong one refused in words that help?"""

from __future__ import annotations

import re

import pytest

from adapter.bootstrap import Container, web_app, worker
from adapter.config.settings import DEFAULT_DATABASE_URL, NOT_SET_BY_PEOPLE, Settings
from adapter.errors import SettingsError
from tests.support.environment import ENVIRON


def read(**environ: str) -> Settings:
    return Settings.from_environ(environ)


def refusal(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(**environ)
    return str(caught.value)


def test_without_any_setting_there_are_the_documented_defaults() -> None:
    settings = read()
    assert settings.database_url == DEFAULT_DATABASE_URL and settings.is_sqlite
    assert settings.port == 8000
    assert settings.twilio_api_base_url == "https://api.twilio.com"
    assert settings.propexo_base_url == "https://api.propexo.com"
    assert (settings.recording_links, settings.log_format) == ("adapter", "console")
    assert (settings.settle_seconds, settings.recording_wait_seconds) == (10, 300)


def test_blank_settings_count_as_absent_and_others_are_trimmed() -> None:
    settings = read(PORT=" ", PROPEXO_INTEGRATION_ID="", TWILIO_ACCOUNT_SID=" AC1\n")
    assert (settings.port, settings.propexo_integration_id) == (8000, None)
    assert settings.twilio_account_sid == "AC1"


def test_what_is_not_ours_is_left_alone() -> None:
    assert read(PATH="/bin", LANG="C", port="9") == read()


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgres://u:p@h:5432/d", "postgresql+psycopg://u:p@h:5432/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+psycopg://u:p@h/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:///var/x.sqlite3", "sqlite:///var/x.sqlite3"),
        ("sqlite:////tmp/x.sqlite3", "sqlite:////tmp/x.sqlite3"),
    ],
)
def test_the_urls_that_hosts_give_are_taken(given: str, url: str) -> None:
    assert read(DATABASE_URL=given).database_url == url


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("one", ["one"]), ("one,two", ["one", "two"]), (" one , ,two, ", ["one", "two"]), (",", [])],
)
def test_tokens_are_a_list_for_rotation(text: str, tokens: list[str]) -> None:
    given = read(TWILIO_AUTH_TOKEN=text, SECRET_KEY=text)
    assert [token.get_secret_value() for token in given.twilio_auth_token] == tokens
    assert [key.get_secret_value() for key in given.secret_key] == tokens


def test_subaccounts_have_tokens_of_their_own() -> None:
    given = read(TWILIO_SUBACCOUNT_TOKENS='{"AC1": ["a", "b"], "AC2": "c, d"}')
    found = {
        sid: [token.get_secret_value() for token in tokens]
        for sid, tokens in given.twilio_subaccount_tokens.items()
    }
    assert found == {"AC1": ["a", "b"], "AC2": ["c", "d"]}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://calls.example.com", "https://calls.example.com"),
        ("https://calls.example.com/", "https://calls.example.com"),
        ("https://example.com/calls/", "https://example.com/calls"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_base_urls_lose_their_trailing_slash(given: str, url: str) -> None:
    assert read(PUBLIC_BASE_URL=given).public_base_url == url


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"HOST": "my host"}, ["HOST", "127.0.0.1"]),
        ({"PORT": "http"}, ["PORT", "whole number"]),
        ({"PORT": "70000"}, ["PORT", "65535"]),
        ({"SETTLE_SECONDS": "-1"}, ["SETTLE_SECONDS", "0"]),
        ({"SETTLE_SECONDS": "soon"}, ["SETTLE_SECONDS", "number"]),
        ({"SETTLE_SECONDS": "nan"}, ["SETTLE_SECONDS"]),
        ({"RECORDING_WAIT_SECONDS": "1e9"}, ["RECORDING_WAIT_SECONDS", "86400"]),
        ({"RECORDING_LINKS": "both"}, ["RECORDING_LINKS", "adapter", "provider"]),
        ({"LOG_FORMAT": "xml"}, ["LOG_FORMAT", "json", "console"]),
        ({"WEB_CONCURRENCY": "0"}, ["WEB_CONCURRENCY", "1"]),
        ({"DATABASE_URL": "mysql://h/d"}, ["DATABASE_URL", "postgres://", "sqlite:///"]),
        ({"PUBLIC_BASE_URL": "calls.example.com"}, ["PUBLIC_BASE_URL", "https://"]),
        ({"PUBLIC_BASE_URL": "ftp://x"}, ["PUBLIC_BASE_URL", "https://"]),
        ({"PUBLIC_BASE_URL": "https://x:99999"}, ["PUBLIC_BASE_URL", "not a URL (Port out"]),
        ({"PUBLIC_BASE_URL": "https://[::1"}, ["PUBLIC_BASE_URL", "not a URL"]),
        ({"PUBLIC_BASE_URL": "https://x?a=1"}, ["PUBLIC_BASE_URL", "query"]),
        ({"PUBLIC_BASE_URL": "https://x#rc=5"}, ["PUBLIC_BASE_URL", "fragment"]),
        ({"TWILIO_SUBACCOUNT_TOKENS": "AC1=a"}, ["TWILIO_SUBACCOUNT_TOKENS", "JSON"]),
        ({"TWILIO_SUBACCOUNT_TOKENS": '["a"]'}, ["TWILIO_SUBACCOUNT_TOKENS", "JSON object"]),
        ({"TWILIO_SUBACCOUNT_TOKENS": '{"AC1": 5}'}, ["TWILIO_SUBACCOUNT_TOKENS"]),
        ({"TWILIO_SUBACCOUNT_TOKENS": '{"AC1": [5]}'}, ["TWILIO_SUBACCOUNT_TOKENS", "not a text"]),
        ({"TWILIO_SUBACCOUNT_TOKENS": "[" * 60_000}, ["TWILIO_SUBACCOUNT_TOKENS", "JSON"]),
        ({"PUBLIC_BASE_URL": "https://:hunter2@h"}, ["PUBLIC_BASE_URL", "user name"]),
        ({"PROPEXO_BASE_URL": "https://api.propexo.com/v1/"}, ["PROPEXO_BASE_URL", "/v1"]),
        (
            {"TWILIO_API_BASE_URL": "https://api.twilio.com/2010-04-01"},
            ["TWILIO_API_BASE_URL", "/2010-04-01"],
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    environ: dict[str, str], words: list[str]
) -> None:
    message = refusal(**environ)
    assert [word for word in words if word not in message] == []


BLANKS = ("", " ", "\\t\\n", "\\u00a0", "\\u200b", "''", '\\"\\"')


@pytest.mark.parametrize("blank", [*BLANKS, ",", " , "])
@pytest.mark.parametrize("form", ['["{}"]', '["good", "{}"]', '["{}", "good"]'])
def test_a_blank_token_in_a_json_list_is_refused_by_name(form: str, blank: str) -> None:
    """As an unset variable in a shell leaves it there."""
    tokens = form.replace("{}", blank)
    message = refusal(TWILIO_SUBACCOUNT_TOKENS=f'{{"AC1": ["fine"], "AC2": {tokens}}}')
    assert "TWILIO_SUBACCOUNT_TOKENS" in message and "account AC2 has a blank token" in message


@pytest.mark.parametrize("tokens", ["[]", '""', '" , "', '","'])
def test_an_account_without_any_token_is_refused_by_name(tokens: str) -> None:
    message = refusal(TWILIO_SUBACCOUNT_TOKENS=f'{{"AC1": ["fine"], "AC2": {tokens}}}')
    assert "TWILIO_SUBACCOUNT_TOKENS" in message and "account AC2 has no token" in message


@pytest.mark.parametrize("blank", BLANKS)
def test_an_account_with_a_blank_id_is_refused(blank: str) -> None:
    """It would stand for hooks that name no account."""
    assert "id is blank" in refusal(TWILIO_SUBACCOUNT_TOKENS=f'{{"{blank}": ["token"]}}')


def test_an_account_that_stands_twice_is_refused() -> None:
    assert "AC1 stands twice" in refusal(TWILIO_SUBACCOUNT_TOKENS='{"AC1": ["a"], "AC1 ": ["b"]}')


def test_a_token_in_the_place_of_an_account_is_not_shown() -> None:
    assert "hunter2" not in refusal(TWILIO_SUBACCOUNT_TOKENS='{"hunter2": [""]}')


def test_blanks_in_a_comma_list_are_dropped_also_inside_json() -> None:
    given = read(TWILIO_SUBACCOUNT_TOKENS='{"AC1": " a, ,b,", "AC2": [" c "]}')
    found = [[t.get_secret_value() for t in own] for own in given.twilio_subaccount_tokens.values()]
    assert found == [["a", "b"], ["c"]]


SECRETS = [
    *("TWILIO_AUTH_TOKEN", "SECRET_KEY", "PROPEXO_API_KEY", "PROPEXO_WEBHOOK_SECRET"),
    *("ADMIN_PASSWORD", "METRICS_TOKEN", "OIDC_CLIENT_SECRET", "API_TOKENS"),
]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_shows_nothing_is_none(name: str) -> None:
    """Quotes around nothing are what `docker --env-file` makes of NAME=""."""
    assert not getattr(read(**{name: " \u00a0 "}), name.lower())
    for value in ('""', "''", "\u200b", '" "'):
        message = refusal(**{name: value})
        assert message.startswith(f"{name}: ") and "blank" in message


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/webhooks/twilio", "/webhooks/twilio"),
        ("/webhooks/twilio/", "/webhooks/twilio"),
        ("/Webhooks/Twilio", "/webhooks/twilio"),
        ("/calls/webhooks/twilio", "/webhooks/twilio"),
        ("/webhooks/twilio/webhooks/twilio", "/webhooks/twilio"),
        ("/webhooks/twilio#rc=5&rp=all", "/webhooks/twilio"),
        ("/webhooks/twilio?a=1", "/webhooks/twilio"),
        ("/webhooks%2Ftwilio", "/webhooks/twilio"),
        ("//webhooks//twilio", "/webhooks/twilio"),
        ("/webhooks/propexo", "/webhooks/propexo"),
        ("/webhooks", "/webhooks"),
        ("/recordings", "/recordings"),
        ("/readyz", "/readyz"),
    ],
)
def test_a_path_that_would_double_is_refused_by_name(path: str, named: str) -> None:
    message = refusal(PUBLIC_BASE_URL=f"https://calls.example.com{path}")
    assert message.startswith("PUBLIC_BASE_URL: ") and f"it has {named}, which" in message
    assert "such as https://calls.example.com" in message


@pytest.mark.parametrize("path", ["/calls", "/webhooks/adapter", "/webhooks-twilio", "/metrics/x"])
def test_another_path_is_the_operators_own(path: str) -> None:
    assert read(PUBLIC_BASE_URL=f"https://example.com{path}").public_base_url


FREE_TEXT = {
    *("twilio_account_sid", "twilio_auth_token", "propexo_api_key", "propexo_integration_id"),
    *("propexo_property_id", "propexo_event_type_id", "propexo_employee_id", "propexo_agent_name"),
    *("propexo_webhook_secret", "adapter_lines", "secret_key", "admin_password", "dyno", "render"),
    "ngrok_authtoken",
    *("metrics_token", "oidc_client_id", "oidc_client_secret"),
    "api_tokens",  # its entries are read by adapter.config.api_tokens
}
NONSENSE = ("soon", "no where", "-1", "1e99", "ftp://x", "{", '["a"]', '{"AC1": 5}')


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - FREE_TEXT - NOT_SET_BY_PEOPLE))
def test_every_refusal_has_the_name_the_fact_and_a_value_that_is_taken(name: str) -> None:
    setting, refusals = name.upper(), []
    for value in NONSENSE:
        try:
            read(**{setting: value})
        except SettingsError as error:
            refusals.append(str(error))
    assert refusals, "it takes anything: it belongs to the free texts"
    for message in refusals:
        assert re.fullmatch(rf"{setting}: [^;]+; give [^;]+ such as \S.*", message), message
        assert "Input should" not in message
        read(**{setting: message.rpartition(" such as ")[2]})


@pytest.mark.parametrize("name", sorted(FREE_TEXT))
def test_a_free_text_is_taken_as_it_is(name: str) -> None:
    for value in NONSENSE:
        read(**{name.upper(): value})


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "mysql://user:hunter2@h/d"},
        {"PUBLIC_BASE_URL": "https://user:hunter2@h"},
        {"PROPEXO_BASE_URL": "ftp://user:hunter2@h"},
        {"TWILIO_SUBACCOUNT_TOKENS": '{"AC1": hunter2}'},
        {"TWILIO_SUBACCOUNT_TOKENS": '{"AC1": {"hunter2": 1}}'},
    ],
)
def test_a_refusal_never_shows_a_secret(environ: dict[str, str]) -> None:
    assert "hunter2" not in refusal(**environ)


def test_settings_do_not_show_their_secrets() -> None:
    settings = read(
        TWILIO_AUTH_TOKEN="hunter2",
        TWILIO_SUBACCOUNT_TOKENS='{"AC1": ["hunter2"]}',
        PROPEXO_API_KEY="hunter2",
        SECRET_KEY="hunter2",
        ADMIN_PASSWORD="hunter2",
        METRICS_TOKEN="hunter2",
    )
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize("host", ["DYNO", "RENDER"])
def test_on_a_host_logs_are_json_unless_told_otherwise(host: str) -> None:
    assert read(**{host: "web.1"}).log_format == "json"
    assert read(**{host: "web.1"}, LOG_FORMAT="console").log_format == "console"


# What each process needs ----------------------------------------------------------------------------


def without(name: str) -> Settings:
    return Settings.from_environ({key: ENVIRON[key] for key in ENVIRON if key != name})


def test_web_and_worker_start_with_what_they_need(settings: Settings) -> None:
    settings.require_for_web()
    settings.require_for_worker()


def test_web_does_not_start_without_a_token_and_never_skips_the_check() -> None:
    with pytest.raises(SettingsError, match=r"TWILIO_AUTH_TOKEN is not set.*auth token"):
        web_app(without("TWILIO_AUTH_TOKEN"))
    blank = Settings.from_environ({**ENVIRON, "TWILIO_AUTH_TOKEN": " , "})
    with pytest.raises(SettingsError, match="TWILIO_AUTH_TOKEN"):
        web_app(blank)


def test_tokens_of_subaccounts_alone_will_do() -> None:
    environ = {key: ENVIRON[key] for key in ENVIRON if key != "TWILIO_AUTH_TOKEN"}
    tokens = {"TWILIO_SUBACCOUNT_TOKENS": '{"AC1": ["a"]}'}
    Settings.from_environ({**environ, **tokens}).require_for_web()


@pytest.mark.parametrize("name", ["PUBLIC_BASE_URL"])
def test_web_and_worker_need_the_public_url(name: str) -> None:
    with pytest.raises(SettingsError, match="PUBLIC_BASE_URL is not set"):
        without(name).require_for_web()
    with pytest.raises(SettingsError, match="PUBLIC_BASE_URL is not set"):
        without(name).require_for_worker()


def test_the_worker_does_not_start_without_a_key() -> None:
    with pytest.raises(SettingsError, match="PROPEXO_API_KEY is not set"):
        worker(without("PROPEXO_API_KEY"))


@pytest.mark.parametrize("host", ["DYNO", "RENDER"])
def test_a_host_that_empties_its_disk_needs_a_real_database(host: str) -> None:
    forgetful = Settings.from_environ({**ENVIRON, host: "web.1"})
    for require in (forgetful.require_for_web, forgetful.require_for_worker):
        with pytest.raises(SettingsError, match=f"DATABASE_URL .* {host} is set"):
            require()
    database = {"DATABASE_URL": "postgres://h/d"}
    Settings.from_environ({**ENVIRON, host: "web.1", **database}).require_for_web()


def test_wrong_lines_are_refused_at_the_start_and_not_at_the_first_call() -> None:
    wrong = Settings.from_environ({**ENVIRON, "ADAPTER_LINES": "[lines.x]\n"})
    with pytest.raises(SettingsError, match=r'\[lines\."x"\] is not a phone number'):
        web_app(wrong)


def test_lines_inherit_what_the_settings_say() -> None:
    environ = {**ENVIRON, "PROPEXO_PROPERTY_ID": "prop", "PROPEXO_AGENT_NAME": "Desk"}
    line = Container(Settings.from_environ(environ)).lines.of("+16175550199")
    assert line is not None
    assert (line.integration_id, line.property_id, line.agent_name) == ("int_main", "prop", "Desk")


# Alerts -------------------------------------------------------------------------------------------------


def test_addresses_of_channels_are_split_where_the_next_one_begins() -> None:
    given = "slack://a/b/c, mailto://u:p@example.com?to=x@example.com,y@example.com\njson://h/p"
    settings = Settings.from_environ({"ALERT_URLS": given})
    assert [url.get_secret_value() for url in settings.alert_urls] == [
        "slack://a/b/c",
        "mailto://u:p@example.com?to=x@example.com,y@example.com",
        "json://h/p",
    ]
    assert "u:p" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_URLS", "slack-token-without-scheme"),
        ("HEARTBEAT_URL", "ftp://s3cret"),
        ("HEARTBEAT_URL", "s3cret"),
        ("ALERT_DIGEST_HOUR", "24"),
        ("ALERT_REMIND_HOURS", "-1"),
    ],
)
def test_a_wrong_setting_of_alerts_is_refused_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as error:
        Settings.from_environ({name: value})
    assert "s3cret" not in str(error.value) and "slack-token" not in str(error.value)


def test_the_digest_and_the_heartbeat_are_off_unless_they_are_set() -> None:
    settings = Settings.from_environ({"ALERT_DIGEST_HOUR": " ", "HEARTBEAT_URL": ""})
    assert settings.alert_digest_hour is None
    assert settings.heartbeat_url is None
    assert Settings.from_environ({"ALERT_DIGEST_HOUR": "0"}).alert_digest_hour == 0
