"""Do Dockerfile, compose.yaml and render.yaml do what they say? Their own lines run, as another user."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
import yaml

from adapter.config.settings import Settings
from adapter.sandbox import SandboxServer, SandboxState, create_sandbox
from adapter.sandbox.twilio import ACCOUNT, hook, new_sid, send
from tests.hosts.compose import in_order, services
from tests.hosts.image import Image, build, instructions, is_ignored
from tests.hosts.machine import ROOT, fresh_database, repository_files, unavailable, wait_until
from tests.support.waiting import free_port

TOKEN = "host-test-token"
KEY = {
    "PROPEXO_API_KEY": "host-key",
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "PROPEXO_INTEGRATION_ID": "int_entrata",
    "PROPEXO_PROPERTY_ID": "prop_main",
    "PROPEXO_EVENT_TYPE_ID": "et_call_main",
    "SETTLE_SECONDS": "0",
    "CONFIRM_SECONDS": "1",
    "PROPEXO_VISIBLE_SECONDS": "2",
}
DEFAULT = ["database", "migrate", "web", "worker"]


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image, in a folder that all users may enter, as those of pytest are not. Built once."""
    folder = Path(tempfile.mkdtemp(prefix="adapter-image-"))
    folder.chmod(0o755)
    try:
        yield build(folder, repository_files())
    finally:
        shutil.rmtree(folder)


@dataclass
class Containers:
    """The services of compose.yaml as processes. swapped: names of hosts and ports, which are others here."""

    image: Image
    folder: Path
    swapped: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, service: Mapping[str, Any], env_file: Mapping[str, str]) -> None:
        given = {} if service.get("env_file") == [] else env_file
        environ = {**given, **service["environment"]}
        command = self.image.command(
            service.get("command", ()), entrypoint=service.get("entrypoint", ())
        )
        self.running[name] = self.image.start(
            [self._here(word) for word in command],
            {key: self._here(value) for key, value in environ.items()},
            self.log(name),
        )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def ended(self, name: str, seconds: float = 60) -> int:
        return self.running[name].wait(seconds)

    def stop(self, name: str) -> int:
        """SIGTERM to the first process of the container, as an engine sends it."""
        self.running[name].send_signal(signal.SIGTERM)
        return self.ended(name, 30)

    def kill(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def is_healthy(self, port: int) -> bool:
        """What the image's HEALTHCHECK says."""
        check = self.image.settings["HEALTHCHECK"].argument.removeprefix("CMD").strip()
        command = [self.image.place(word) for word in json.loads(check)]
        return self.image.start(command, {"PORT": str(port)}, self.log("health")).wait(30) == 0

    def _here(self, text: str) -> str:
        for there, here in self.swapped.items():
            text = text.replace(there, here)
        return text


@contextmanager
def containers(image: Image, folder: Path) -> Iterator[Containers]:
    found = Containers(image, folder)
    try:
        yield found
    except AssertionError:
        for log in sorted(folder.glob("*.log")):
            print(f"{log.name}:\n{log.read_text()[-2000:]}")
        raise
    finally:
        found.kill()


@pytest.mark.full
@pytest.mark.postgres
def test_compose_takes_a_hook_to_the_pms(image: Image, tmp_path: Path) -> None:
    """Migrate, then web and worker, each by its own command, as a user who owns nothing of the image."""
    port = free_port()
    app = create_sandbox(SandboxState(), api_key="host-key", rate_limit=0)
    with SandboxServer(app) as propexo, fresh_database() as database:
        env_file = {
            **KEY,
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
            "PROPEXO_BASE_URL": propexo.url,
            "TWILIO_API_BASE_URL": propexo.url,
        }
        told = services(env_file)
        there = told["web"]["environment"]["DATABASE_URL"]
        with containers(image, tmp_path) as run:
            run.swapped = {there: database, "8000": str(port)}
            run.start("migrate", told["migrate"], env_file)
            assert run.ended("migrate") == 0, run.log("migrate").read_text()
            for name in ("web", "worker"):
                run.start(name, told[name], env_file)
            wait_until(lambda: run.is_healthy(port), "the image's HEALTHCHECK is content", 60)
            url = f"http://127.0.0.1:{port}/webhooks/twilio"
            caller, called = "+16175550134", "+16175550100"
            params = hook("missed", call=new_sid(), account=ACCOUNT, caller=caller, called=called)
            assert send(url, params, token=TOKEN).status_code == 204
            with psycopg.connect(database, autocommit=True) as connection:

                def states() -> list[Any]:
                    return connection.execute("SELECT state FROM calls").fetchall()

                wait_until(lambda: states() == [("written",)], "the call is written", 60)
            assert [run.stop(name) for name in ("web", "worker")] == [0, 0]
            assert not run.is_healthy(port)
        assert "Traceback" not in run.log("web").read_text() + run.log("worker").read_text()


@pytest.mark.full
def test_without_a_key_nothing_starts_and_a_sentence_says_so(image: Image, tmp_path: Path) -> None:
    """Never the sandbox instead. The others wait for migrate to succeed."""
    told = services({})
    with containers(image, tmp_path) as run:
        run.start("migrate", told["migrate"], {})
        assert run.ended("migrate") == 1
    (sentence,) = run.log("migrate").read_text().splitlines()
    assert sentence.startswith("PROPEXO_API_KEY is not set")
    assert "--profile sandbox" in sentence
    for name in ("web", "worker"):
        assert told[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


@pytest.mark.full
def test_the_profile_sandbox_is_a_demo_that_knows_nothing_of_env(
    image: Image, tmp_path: Path
) -> None:
    told = services(KEY)
    port, propexo = free_port(), free_port()
    with containers(image, tmp_path) as run:
        run.swapped = {
            "sandbox:8900": f"127.0.0.1:{propexo}",
            "8000": str(port),
            "/tmp/demo.sqlite3": "/data/demo.sqlite3",  # the one place of its user here
        }
        told["sandbox"]["command"] += ["--port", str(propexo)]
        for name in ("sandbox", "demo"):
            run.start(name, told[name], KEY)
        wait_until(lambda: run.is_healthy(port), "the demo answers", 60)
        simulate = run.image.command(["simulate", "--story", "voicemail", "--fast"])
        environ = {
            name: value.replace("8000", str(port))
            for name, value in told["demo"]["environment"].items()
        }
        process = run.image.start(simulate, environ, run.log("simulate"))
        assert process.wait(60) == 0, run.log("simulate").read_text()

        def events() -> list[Any]:
            answer = requests.get(f"http://127.0.0.1:{propexo}/_sandbox/events", timeout=5)
            return list(answer.json()["events"])

        wait_until(events, "the stand-in has the event", 90)
        assert run.stop("demo") == 0


@pytest.mark.full
def test_the_image_is_its_users_only_where_it_keeps_data(image: Image) -> None:
    """So a read-only root changes nothing but /tmp, of which compose.yaml makes a tmpfs."""
    assert image.user not in ("", "0", "0:0", "root")
    kept = image.root / "data"
    assert kept in image.writable()
    assert [path for path in image.writable() if not path.is_relative_to(kept)] == []
    held = (image.root / "etc/passwd").read_text()
    assert held.startswith(f"adapter:x:{image.user}:")
    assert image.settings["VOLUME"].words == ["/data"]
    assert not (image.root / "opt/adapter/bin/pip").exists()


@pytest.mark.full
def test_the_image_runs_on_its_own(image: Image, tmp_path: Path) -> None:
    """`docker run call-adapter --version` and its default command, as it is without a setting."""
    with containers(image, tmp_path) as run:
        process = image.start(image.command(["--version"]), {}, run.log("version"))
        assert process.wait(60) == 0
        process = image.start(image.command(), {}, run.log("run"))
        assert process.wait(60) == 1
    assert "TWILIO_AUTH_TOKEN is not set" in run.log("run").read_text()


def test_the_dockerfile_keeps_its_form() -> None:
    told = instructions()
    names = [each.name for each in told]
    stages = [each.argument for each in told if each.name == "FROM"]
    version = (ROOT / ".python-version").read_text().strip()
    assert len(stages) == 2
    assert all(stage.startswith(f"python:{version}-slim-") for stage in stages)
    copied = [each.words[0] for each in told if each.name == "COPY"]
    assert copied.index("requirements.txt") < copied.index("adapter")
    assert names.index("USER") < names.index("ENTRYPOINT")
    for name in ("ENTRYPOINT", "CMD"):
        (found,) = (each for each in told if each.name == name)
        assert found.argument.startswith("[")
    (check,) = (each for each in told if each.name == "HEALTHCHECK")
    assert check.argument.startswith("CMD [") and "/livez" in check.argument
    labels = next(each for each in told if each.name == "LABEL").argument
    for label in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in labels


def test_nothing_secret_and_nothing_needless_gets_into_the_image() -> None:
    assert [name for name in (".env", ".git/config", "var/adapter.sqlite3", "tests/conftest.py",
                              "adapter/__pycache__/errors.pyc") if not is_ignored(name)] == []  # fmt: skip
    assert [name for name in ("requirements.txt", "adapter/py.typed", "adapter/web/static/adapter.css",
                              "adapter/cli/demo.py") if is_ignored(name)] == []  # fmt: skip


def test_compose_starts_what_is_needed_and_in_this_order() -> None:
    told = services({})
    default = {name: each for name, each in told.items() if "profiles" not in each}
    assert in_order(default) == DEFAULT
    assert told["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "healthcheck" in told["database"]
    for name in ("web", "worker", "migrate", "demo", "sandbox"):
        assert told[name]["read_only"] is True and told[name]["tmpfs"] == ["/tmp"]
    for name in default:
        assert "sandbox" not in str(told[name].get("environment"))
    ours = [each for each in told.values() if each["image"] == "call-adapter"]
    named = {name for each in ours for name in each["environment"]}
    assert {name.lower() for name in named} <= set(Settings.model_fields)


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows"],
    ],
    ids=["Dockerfile", "compose.yaml", "workflows"],
)
def test_the_files_pass_their_official_checker(command: list[str]) -> None:
    program = Path(sys.executable).parent / command[0]
    if not program.exists():
        unavailable(f"no {command[0]}: pip install -e '.[hosts]'")
    *options, last = command[1:]
    files = sorted(map(str, (ROOT / last).glob("*.yml"))) if (ROOT / last).is_dir() else [last]
    done = subprocess.run([program, *options, *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# What Render documents for the kinds of entries that render.yaml has: https://render.com/docs/blueprint-spec
# Its schema is not among the checkers' own, and may not be copied.
SERVICE = {
    "type", "name", "runtime", "plan", "buildCommand", "preDeployCommand", "startCommand", "healthCheckPath",
    "maxShutdownDelaySeconds", "envVars",
}  # fmt: skip
DATABASE = {"name", "plan", "postgresMajorVersion", "ipAllowList"}
KINDS_OF_VALUES = ({"sync"}, {"generateValue"}, {"fromDatabase"}, {"fromService"})
SECRETS = {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PROPEXO_API_KEY"}


def test_render_runs_the_procfiles_lines_and_asks_for_secrets() -> None:
    told = yaml.safe_load((ROOT / "render.yaml").read_text())
    assert set(told) == {"services", "databases"}
    web, worker = told["services"]
    (database,) = told["databases"]
    assert set(web) | set(worker) <= SERVICE and set(database) <= DATABASE
    lines = (line.partition(": ") for line in (ROOT / "Procfile").read_text().splitlines())
    procfile = {name: command for name, _, command in lines}
    assert (web["type"], web["startCommand"]) == ("web", procfile["web"])
    assert (worker["type"], worker["startCommand"]) == ("worker", procfile["worker"])
    assert web["preDeployCommand"] == procfile["release"]
    assert web["healthCheckPath"] == "/livez"
    for service in (web, worker):
        assert service["buildCommand"].endswith("--require-hashes -r requirements.txt")
        names = [each["key"] for each in service["envVars"]]
        assert {name.lower() for name in names} <= set(Settings.model_fields)
        assert {"DATABASE_URL", *SECRETS, "SECRET_KEY"} <= set(names)
        for each in service["envVars"]:
            assert set(each) - {"key"} in KINDS_OF_VALUES, each  # so no value stands in the file
            if "fromDatabase" in each:
                assert each["fromDatabase"]["name"] == database["name"]
            if "fromService" in each:
                source = each["fromService"]
                assert (source["name"], source["envVarKey"]) == (web["name"], each["key"])
    asked = {each["key"] for each in web["envVars"] if each.get("sync") is False}
    assert asked >= SECRETS
