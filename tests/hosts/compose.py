"""What compose.yaml says of each service, with its variables put in, as docker compose reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.hosts.machine import ROOT

_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\})")


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services by name. variables: those of .env and of the shell."""

    def put_in(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        return variables.get(found["name"]) or found["default"] or ""

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return _VARIABLE.sub(put_in, value)
        if isinstance(value, list):
            return [filled(each) for each in value]
        if isinstance(value, dict):
            return {name: filled(each) for name, each in value.items()}
        return value

    read = yaml.safe_load((ROOT / "compose.yaml").read_text())
    found: dict[str, dict[str, Any]] = filled(read["services"])
    return found


def in_order(services: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names of services, each after those that it depends on."""
    names: list[str] = []

    def add(name: str) -> None:
        for needed in services[name].get("depends_on", {}):
            add(needed)
        if name not in names:
            names.append(name)

    for name in services:
        add(name)
    return names
