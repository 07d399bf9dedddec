"""How does a test get a PgBouncer in transaction mode before its database?"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import sqlalchemy as sa

from tests.support.waiting import await_port, free_port

# Debian's package puts it where not every PATH leads.
PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def transaction_pooler(url: str, *, sessions: int = 3, at_port: int | None = None) -> Iterator[str]:
    """The URL of this database by way of a pooler that gives each transaction any of its few sessions.

    At its end all connections through it are cut. at_port: where it listens; None: anywhere.
    """
    if PROGRAM is None:
        raise FileNotFoundError("no pgbouncer: install Debian's pgbouncer")
    server, port = sa.make_url(url), at_port or free_port()
    home = Path(mkdtemp(prefix="pgbouncer-"))
    (home / "users").write_text('"postgres" ""\n')
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "trust",
        "auth_file": home / "users",
        "pool_mode": "transaction",
        "default_pool_size": sessions,
        "max_client_conn": 200,
        "server_round_robin": 1,
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    databases = f"[databases]\n* = host={server.host} port={server.port or 5432}\n"
    (home / "ini").write_text(databases + "[pgbouncer]\n" + "\n".join(lines) + "\n")
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:  # it refuses to run as root
        account = pwd.getpwnam(user)
        for path in (home, home / "users", home / "ini"):
            os.chown(path, account.pw_uid, account.pw_gid)
    process = subprocess.Popen(
        [PROGRAM, str(home / "ini")],
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_port(port, process)
        pooled = server.set(host="127.0.0.1", port=port, username="postgres", password=None)
        yield pooled.render_as_string(hide_password=False)
    finally:
        process.kill()  # told to stop, newer ones wait for their clients
        process.wait(10)
        shutil.rmtree(home, ignore_errors=True)
