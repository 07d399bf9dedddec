"""What does `adapter setup` do once the files are written: the database, Propexo's webhook, doctor, connect?"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import click

from adapter.bootstrap import Container
from adapter.cli import common
from adapter.cli.doctor import examine
from adapter.cli.numbers import connect_lines
from adapter.cli.setup.asking import Terminal, Unattended
from adapter.cli.setup.files import ENV_MODE, SIGNED_WITH, Files, shown
from adapter.cli.setup.options import Options
from adapter.config.env_file import settings_in
from adapter.config.env_text import with_settings
from adapter.config.file_writes import FileChange, read_file, write_files
from adapter.config.setting_problems import LOCAL
from adapter.config.settings import Settings
from adapter.errors import AdapterError, RemoteError
from adapter.storage.first_use import is_unused
from adapter.targets.catalogue import Catalogue
from adapter.text.plain import plain
from adapter.worker.migrate import migrate_database


@dataclass(frozen=True)
class Afterwards:
    """What is to be done. environ: with the new settings. hook_url: of the webhook that is to be made."""

    files: Files
    environ: Mapping[str, str]
    catalogue: Catalogue
    hook_url: str | None

    def do(self, asker: Unattended, options: Options) -> int:
        """Do it, whatever of it fails. Return the exit code: 1 if something that was asked for is not done."""
        try:
            done = [self._migrate(), self._add_hook()]
            common.say("")
            examine(common.console, self.environ)
            done.append(self._connect(asker, options))
        except (click.Abort, KeyboardInterrupt):
            click.echo("\nadapter: stopped; the files are written", err=True)
            return 1
        self._say_next(is_connected=done[-1])
        return 0 if all(each is not False for each in done) else 1

    @property
    def _settings(self) -> Settings:
        return Settings.from_environ(self.environ)

    def _migrate(self) -> bool | None:
        """Make the tables of a new database. One that has some is left as it is."""
        try:
            if not is_unused(self._settings.database_url):
                return None
        except AdapterError:
            return None  # doctor says what is wrong
        try:
            migrate_database(self._settings)
        except AdapterError as error:
            click.echo(f"adapter: {plain(str(error))}", err=True)
            return False
        return True

    def _add_hook(self) -> bool | None:
        if self.hook_url is None:
            return None
        secret = self.environ[SIGNED_WITH]
        try:
            made = self.catalogue.add_failure_hook(self.hook_url, secret)
        except RemoteError as error:
            doubt = "it is not known whether it was made" if error.in_doubt else "it was not made"
            click.echo(
                f"adapter: Propexo's webhook of failed writes: {doubt} ({plain(str(error))}). Run adapter "
                f"setup again, or make it in Propexo's dashboard: {self.hook_url}, with the secret "
                f"of {SIGNED_WITH}",
                err=True,
            )
            return False
        if made.secret not in (None, secret):
            self._keep_secret(str(made.secret))
        common.say(f"Propexo tells of failed writes at {self.hook_url}")
        return True

    def _keep_secret(self, secret: str) -> None:
        """Propexo signs with another secret than the one it was given: the file is to have that one."""
        path = self.files.env_path
        before = read_file(path) or b""
        after = with_settings(before.decode("utf-8-sig"), {SIGNED_WITH: secret}, {}).encode()
        write_files([FileChange(path=path, before=before, after=after, mode=ENV_MODE)])

    def _connect(self, asker: Unattended, options: Options) -> bool | None:
        container = common.with_told_address(Container(self._settings))
        if options.connect is False or container.settings.public_base_url is None:
            return None
        if options.connect is None and not isinstance(asker, Terminal):
            return None
        address = container.settings.public_base_url
        if options.connect is None and address.startswith(LOCAL):
            common.say(
                f"\nThe numbers are not connected: Twilio cannot reach {address}. Set "
                "PUBLIC_BASE_URL to the https address that leads here"
            )
            return None
        common.say("\nWhere the numbers call back to:")
        try:
            return connect_lines(container, yes=bool(options.connect))
        except click.Abort:
            common.say("\nNot connected.")
            return None
        except AdapterError as error:
            click.echo(f"adapter: {plain(str(error))}", err=True)
            return False

    def _say_next(self, *, is_connected: bool | None) -> None:
        command = f"adapter --env-file {shlex.quote(shown(self.files.env_path))}"
        for name in sorted(self.files.environ.keys() & set(self._written())):
            if self.files.environ[name].strip() and self.files.environ[name] != self.environ[name]:
                common.say(
                    f"{name} stands in this environment too, with another value, which wins: unset it"
                )
        steps = [f"{command} run"]
        container = common.with_told_address(Container(self._settings))
        if container.settings.public_base_url is None:
            steps = [f"set PUBLIC_BASE_URL in {shown(self.files.env_path)}", *steps]
        if not is_connected:
            steps.append(f"{command} connect --all")
        common.say(f"\nNext: {', then '.join(steps)}; then call one of your numbers")
        if "ADMIN_PASSWORD" in self._written():
            common.say(
                f"The pages are at /login; the password is ADMIN_PASSWORD in {shown(self.files.env_path)}"
            )

    def _written(self) -> Mapping[str, str]:
        text = (read_file(self.files.env_path) or b"").decode("utf-8-sig")
        return settings_in(text, str(self.files.env_path))
