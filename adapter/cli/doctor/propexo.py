"""Does Propexo take the key, and has every line what the PMS behind its integration needs?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from adapter.bootstrap import Container
from adapter.cli.doctor.finding import Finding, outcome
from adapter.config.settings import Settings
from adapter.domain.lines import Line
from adapter.domain.phone import mask
from adapter.errors import AdapterError, CredentialsRefused, SettingsError
from adapter.targets.propexo.direct import direct_client
from adapter.targets.propexo.directory import Directory
from adapter.targets.propexo.profiles import PROFILES, profile_of
from adapter.targets.propexo.requirements import integration_problem, line_problems


def ask_directly(settings: Settings) -> Directory:
    """Return Propexo's lists, read without counting the requests. The database may be down."""
    return Directory(direct_client(settings))


def check_lines(container: Container, directory: Directory) -> Iterator[Finding]:
    """Check that lines.toml can be read, and that each line has an integration."""
    bare = [line for line in container.lines.in_use if line.integration_id is None]
    for line in bare:
        yield Finding(_title(line), False, integration_problem(None, directory) or "")
    if not bare:
        count = len(container.lines.by_number)
        yield Finding("lines", True, f"{count} listed" if count else "one for every number")


def check_propexo(container: Container, directory: Directory) -> Iterator[Finding]:
    """Check the key, then each integration with its lines."""
    if container.settings.propexo_api_key is None:
        yield Finding("Propexo", False, "not asked: PROPEXO_API_KEY is not set, see above")
        return
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
    for line in _lines(container):
        if line.integration_id is not None:
            by_integration.setdefault(line.integration_id, []).append(line)
    for integration_id, lines in by_integration.items():
        check = partial(_check_integration, directory, integration_id, lines)
        yield from outcome(f"integration {integration_id}", check)


def _lines(container: Container) -> Sequence[Line]:
    """Return the lines; none if lines.toml is wrong, which another check reports."""
    try:
        return container.lines.in_use
    except SettingsError:
        return ()


def _check_integration(
    directory: Directory, integration_id: str, lines: Sequence[Line]
) -> Iterator[Finding]:
    name = f"integration {integration_id}"
    vendor = directory.vendor(integration_id)
    problem = integration_problem(integration_id, directory)
    if problem is None:
        known = (vendor or "").upper() in {key for key, _ in PROFILES}
        note = "" if known else " (not known here: calls are sent in the generic form)"
        yield Finding(name, True, f"active, {vendor or 'vendor not told'}{note}")
    else:
        yield Finding(name, False, problem)
    if directory.integration(integration_id) is None:
        return
    for line in lines:
        problems = line_problems(line, vendor or "?", directory)
        for each in problems:
            yield Finding(_title(line), False, each)
        if not problems:
            yield Finding(_title(line), True, _remark(line, vendor))


def _remark(line: Line, vendor: str | None) -> str:
    """Return that all is well, and whose calls will be held because the PMS takes no events for them."""
    refused = [kind.plural for kind in line.people if profile_of(vendor, kind).unsupported]
    if not refused:
        return f"has what {vendor or 'the generic form'} needs"
    return f"has what {vendor} needs; calls of {', '.join(refused)} are held, it takes none"


def _title(line: Line) -> str:
    """Return the name of the line, or its masked number: people paste the output into tickets."""
    return f"line {line.name or (mask(line.number) if line.number else line.title)}"
