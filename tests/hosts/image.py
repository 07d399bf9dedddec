"""What a container engine does with Dockerfile and compose.yaml, done here in a folder: no engine is needed.

The Dockerfile's own lines run: each RUN by a shell, COPY from a context without what .dockerignore leaves
out, and at the end its ENTRYPOINT as its user, who owns nothing but what the image gives. Paths of the image
are put below the folder, as no other root can be entered without an engine's rights.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.hosts.machine import ROOT, unavailable

# Where the Dockerfile puts something. Any other absolute path in it is of the system, and stays as it is.
PLACES = ("/opt/adapter", "/build", "/app", "/data")
_PLACE = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, PLACES))})(?![\w-])")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile. flags: those that stand before its argument, such as --from=build."""

    name: str
    argument: str
    flags: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """The argument as a list: the exec form, or words with a blank between."""
        if self.argument.startswith("["):
            return [str(word) for word in json.loads(self.argument)]
        return shlex.split(self.argument)


def instructions() -> list[Instruction]:
    """The Dockerfile's instructions, in order."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    found = []
    for line in filter(str.strip, text.replace("\\\n", " ").splitlines()):
        name, _, rest = line.strip().partition(" ")
        flags = []
        while rest.lstrip().startswith("--"):
            flag, _, rest = rest.strip().partition(" ")
            flags.append(flag)
        found.append(Instruction(name.upper(), rest.strip(), tuple(flags)))
    return found


def context(folder: Path, files: Sequence[str]) -> Path:
    """Copy those of the repository's files that .dockerignore lets into the image."""
    for name in files:
        if not is_ignored(name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def is_ignored(name: str) -> bool:
    """Whether .dockerignore leaves this file out: the last pattern that fits decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        is_exception, pattern = pattern.startswith("!"), pattern.lstrip("!")
        parents = [str(path) for path in [Path(name), *Path(name).parents]]
        if any(_fits(each, pattern) for each in parents if each != "."):
            ignored = not is_exception
    return ignored


def _fits(name: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatchcase(Path(name).name, pattern[3:])
    return (
        "/" not in name and fnmatch.fnmatchcase(name, pattern)
        if "*" in pattern
        else name == pattern
    )


@dataclass
class Image:
    """What the Dockerfile makes. root: its folder, which stands for / in PLACES."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    settings: dict[str, Instruction] = field(default_factory=dict)

    def place(self, text: str) -> str:
        """The text with the image's paths put below the folder."""
        return _PLACE.sub(lambda found: str(self.root) + found[0], text)

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """The environment of a process in it."""
        return {
            "HOME": "/nonexistent",
            **{name: self.place(value) for name, value in {**self.env, **more}.items()},
        }

    def command(
        self, arguments: Sequence[str] = (), *, entrypoint: Sequence[str] = ()
    ) -> list[str]:
        """What a container of it runs."""
        whole = [
            *(entrypoint or self.settings["ENTRYPOINT"].words),
            *(arguments or self.settings["CMD"].words),
        ]
        return [self.place(word) for word in whole]

    def start(
        self, command: Sequence[str], environ: Mapping[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a process as the image's user, in its working directory."""
        user, _, group = self.user.partition(":")
        environ = self.environ(environ)
        program = shutil.which(command[0], path=environ["PATH"])
        with log.open("ab") as out:
            return subprocess.Popen(
                command, executable=program, env=environ, cwd=self.place(self.workdir),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                user=int(user), group=int(group), extra_groups=[],
            )  # fmt: skip

    def writable(self) -> Iterator[Path]:
        """The files and folders that the image's user could change."""
        user, _, group = self.user.partition(":")
        for folder, _, names in os.walk(self.root):
            for path in (Path(folder), *(Path(folder, name) for name in names)):
                found = path.lstat()
                is_own = found.st_uid == int(user) or found.st_gid == int(group)
                if not path.is_symlink() and (is_own or found.st_mode & 0o002):
                    yield path


def python_for_all() -> str:
    """A folder with a python3 that any user may run, of the version that the image has."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for folder in ("/usr/local/bin", "/usr/bin"):
        program = Path(folder, version)
        if program.exists() and not str(program.resolve()).startswith("/root"):
            return str(program)
    unavailable(f"no {version} that another user may run")
    raise AssertionError


def build(folder: Path, files: Sequence[str]) -> Image:
    """Do what the Dockerfile says, in this folder. files: of the repository, by their names."""
    if os.geteuid() != 0:
        unavailable("only root can be another user")
    source = context(folder / "context", files)
    tools = folder / "tools"
    tools.mkdir()
    (tools / "python").symlink_to(python_for_all())
    path = f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin"
    stages: dict[str, Image] = {}
    image = Image(folder)
    for each in instructions():
        if each.name == "FROM":
            name = each.words[-1] if " AS " in each.argument.upper() else "final"
            image = stages[name] = Image(folder / name, {"PATH": path})
            _bare_root(image.root)
        elif each.name == "COPY":
            stage = [flag.partition("=")[2] for flag in each.flags if flag.startswith("--from=")]
            _copy(image, each.words, stages[stage[0]].root if stage else source)
        else:
            _do(image, each)
    return image


def _do(image: Image, told: Instruction) -> None:
    if told.name == "WORKDIR":
        image.workdir = told.argument
        Path(image.place(told.argument)).mkdir(parents=True, exist_ok=True)
    elif told.name == "RUN":
        _run(image, told.argument)
    elif told.name == "ENV":
        for name, value in (word.split("=", 1) for word in told.words):
            image.env[name] = _VARIABLE.sub(lambda v: image.env.get(v[1], ""), value)
    elif told.name == "USER":
        image.user = told.argument
    else:
        image.settings[told.name] = told


def _bare_root(root: Path) -> None:
    """A folder with the few files that useradd wants."""
    (root / "etc").mkdir(parents=True)
    for name in ("passwd", "group", "shadow", "gshadow"):
        (root / "etc" / name).touch()


def _run(image: Image, line: str) -> None:
    # Users are made in the folder's own /etc/passwd, and not on this machine.
    line = re.sub(r"\b(groupadd|useradd)\b", rf"\1 --prefix {image.root}", image.place(line))
    # Half of the time of an installation; what is not compiled here is when it is first run.
    environ = {**os.environ, **image.environ({}), "PIP_COMPILE": "0"}
    done = subprocess.run(
        ["sh", "-ec", line], env=environ, cwd=image.place(image.workdir),
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"RUN {line}\n{done.stdout}{done.stderr}"


def _copy(image: Image, words: Sequence[str], source: Path) -> None:
    *names, target = words
    place = Path(image.place(target if target.startswith("/") else f"{image.workdir}/{target}"))
    for name in names:
        found = source / name.lstrip("/")
        if found.is_dir():
            # Links, as nothing changes what a stage has made.
            shutil.copytree(found, place, symlinks=True, dirs_exist_ok=True, copy_function=os.link)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, place)
