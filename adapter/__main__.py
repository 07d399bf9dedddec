"""`python -m adapter` is the `adapter` command."""

from adapter.cli.commands import cli

cli()
