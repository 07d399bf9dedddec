"""How are our own errors shown at a terminal? In one line, with exit code 1."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click

from adapter.errors import AdapterError
from adapter.text.plain import plain

F = TypeVar("F", bound=Callable[..., Any])


def report_errors(command: F) -> F:
    """Decorate a command: print an AdapterError in one line, without a traceback, and exit with 1."""

    @wraps(command)
    def reporting(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except AdapterError as error:
            click.echo(f"adapter: {plain(str(error))}", err=True)
            sys.exit(1)

    return cast(F, reporting)
