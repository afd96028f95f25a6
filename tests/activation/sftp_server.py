"""A real SFTP server on this machine, which keeps what it sees and breaks where it is told to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

PASSWORD = "open-sesame-9"


@dataclass
class Server:
    """The server, and what tests set and see.

    Attributes:
        root: what its user sees as the whole disk.
        passwords: that were tried.
        cut_after: bytes of an upload after which the connection is gone, once.
        has_posix_rename: whether it has the extension.
        renamed: final names in the order in which they came to be.
        watched: a name; `versions` has what a consumer found under it after each step.
        visible: names that a consumer has seen.
        pause: seconds that each write and rename takes.
    """

    root: Path
    port: int = 0
    host_key: str = ""
    passwords: list[str] = field(default_factory=list)
    cut_after: int | None = None
    has_posix_rename: bool = True
    renamed: list[str] = field(default_factory=list)
    watched: str = ""
    versions: list[bytes | None] = field(default_factory=list)
    visible: set[str] = field(default_factory=set)
    authorised: str = ""
    pause: float = 0
    connections: int = 0
    connected_at: float = 0

    def look(self) -> None:
        """What a consumer finds now."""
        self.visible |= {path.name for path in self.root.iterdir() if path.name[0] != "."}
        if self.watched:
            path = self.root / self.watched
            self.versions.append(path.read_bytes() if path.exists() else None)

    def destination(self, **more: Any) -> str:
        """A destination's file; a field that is given takes the place of the one here."""
        given = {
            "title": "Partner", "owner": "team:marketing", "kind": "sftp", "host": "localhost",
            "port": self.port, "user": "agency", "host_key": self.host_key,
            "secret": "{env: SFTP_PASSWORD}", "marketing_actions": "[email_targeting]", **more,
        }  # fmt: skip
        return "".join(f"{name}: {value}\n" for name, value in given.items() if value is not None)


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """A server in a thread of its own, over a folder."""
    server, loop = Server(root), asyncio.new_event_loop()
    key = asyncssh.generate_private_key("ssh-ed25519")
    server.host_key = key.export_public_key().decode().strip()
    listener = loop.run_until_complete(_listen(server, key))
    server.port = listener.get_port()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield server
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    listener.close()
    loop.run_until_complete(asyncio.sleep(0))


async def _listen(server: Server, key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    class Door(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            server.connections += 1
            server.connected_at = time.monotonic()

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            server.passwords.append(password)
            return (username, password) == ("agency", PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return bool(server.authorised)

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return key.export_public_key().decode().split()[1] in server.authorised

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
            super().__init__(channel, chroot=str(server.root).encode())
            self._taken = 0

        def write(self, file_obj: object, offset: int, data: bytes) -> Any:
            time.sleep(server.pause)
            self._taken += len(data)
            if server.cut_after is not None and self._taken > server.cut_after:
                server.cut_after = None
                self.connection.abort()
            done = super().write(file_obj, offset, data)
            server.look()
            return done

        def rename(self, oldpath: bytes, newpath: bytes) -> Any:
            super().rename(oldpath, newpath)
            server.look()

        def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
            if not server.has_posix_rename:
                raise asyncssh.SFTPOpUnsupported("no such extension")
            time.sleep(server.pause)
            super().posix_rename(oldpath, newpath)
            server.renamed.append(newpath.decode().rpartition("/")[2])
            server.look()

    return await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[key], server_factory=Door, sftp_factory=Files
    )
