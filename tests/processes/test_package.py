"""Does the package hold all that is needed? Built, installed elsewhere, and used as a newcomer does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.hosts.machine import ROOT, repository_files
from tests.support.processes import Process, environment, wait_until_ready
from tests.support.waiting import free_port, wait_for

pytestmark = pytest.mark.full


@dataclass
class Built:
    """The wheel made from the sdist, as it is published, and one made from the files themselves."""

    sdist: Path
    wheel: Path
    direct: Path


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environ}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    source = tmp_path_factory.mktemp("source")
    for name in repository_files():
        if not name.startswith("tests/"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    # Whatever the clock says, files with the same content make the same wheel.
    epoch = {"SOURCE_DATE_EPOCH": "1700000000"}
    run(sys.executable, "-m", "build", "--outdir", "dist", cwd=source, **epoch)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", "direct", cwd=source, **epoch)
    (sdist,), (wheel,) = (source / "dist").glob("*.tar.gz"), (source / "dist").glob("*.whl")
    (direct,) = (source / "direct").glob("*.whl")
    return Built(sdist, wheel, direct)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_sdist_makes_the_same_wheel_as_the_files_themselves(built: Built) -> None:
    assert contents(built.wheel) == contents(built.direct)


def test_the_wheel_has_every_file_of_the_package_and_no_other(built: Built) -> None:
    ours = {name for name in repository_files() if name.startswith("adapter/")}
    packed = {name for name in contents(built.wheel) if ".dist-info/" not in name}
    assert packed == ours
    assert {"adapter/py.typed", "adapter/web/static/adapter.css"} <= packed
    assert any(name.startswith("adapter/storage/migrations/") for name in packed)


def test_the_sdist_has_what_says_what_it_is(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", ".env.example", "pyproject.toml"} <= names
    assert not any(name.startswith(("tests/", ".git")) for name in names)


def test_what_is_published_can_be_shown(built: Built) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", built.sdist, built.wheel, cwd=ROOT)


@dataclass
class Installed:
    """The wheel in an environment of its own. elsewhere: an empty folder."""

    bin: Path
    elsewhere: Path

    def adapter(self, *arguments: str, **environ: str) -> str:
        return run(self.bin / "adapter", *arguments, cwd=self.elsewhere, **environ)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """As `uvx`, `pipx` and `pip install` do it."""
    folder = tmp_path_factory.mktemp("installed")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    run(folder / "venv/bin/pip", "install", "-q", built.wheel, cwd=folder)
    return Installed(folder / "venv/bin", elsewhere)


def test_the_demo_runs_by_the_name_of_the_package(installed: Installed, tmp_path: Path) -> None:
    """`uvx call-adapter demo` and `pipx run call-adapter demo` look for a program of that name."""
    told = run(installed.bin / "call-adapter", "demo", cwd=tmp_path)
    assert "0 refused by Propexo" in told
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def live(installed: Installed) -> Iterator[dict[str, str]]:
    """The environment of an installed adapter that runs, beside an installed sandbox."""
    port, folder = free_port(), installed.elsewhere
    propexo = f"http://127.0.0.1:{port}"
    environ = {
        **environment(f"sqlite:///{folder}/adapter.sqlite3", propexo=propexo),
        "ADMIN_PASSWORD": "look around",
    }
    environ.pop("PYTHONPATH", None)
    started: list[Process] = []

    def start(arguments: Sequence[str], log: str) -> Process:
        code = "import sys; from adapter.cli.commands import cli; cli(sys.argv[1:])"
        process = Process(
            arguments, environ, folder / log, ("-c", code), python=installed.bin / "python"
        )
        started.append(process)
        return process

    try:
        start(["sandbox", "--port", str(port)], "sandbox.log")
        wait_until_ready(environ, start(["run"], "run.log"))
        yield environ
    finally:
        for process in started:
            process.popen.terminate()
        for process in started:
            process.popen.wait(30)


def test_the_pages_and_a_recording_page_are_there(
    installed: Installed, live: dict[str, str]
) -> None:
    base = live["PUBLIC_BASE_URL"]
    page = requests.get(f"{base}/inbox", timeout=10)
    assert page.ok and "password" in page.text
    for path in re.findall(r'"(/static/[^"]+)"', page.text):
        assert requests.get(base + path, timeout=10).ok, path
    told = installed.adapter("simulate", "--story", "voicemail", "--fast", **live)
    call = told.split()[-1]

    def shown() -> str:
        return installed.adapter("show", call, "--json", **live)

    wait_for("the call is written", lambda: '"written"' in shown(), seconds=120)
    link = installed.adapter("link", call, **live).split()[-1]
    recording = requests.get(link, headers={"Accept": "text/html"}, timeout=10)
    assert recording.ok and "voicemail" in recording.text.lower()
