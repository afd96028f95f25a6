"""An SFTP server as a destination of files.

A file is uploaded under a hidden name and renamed when its bytes are there, so nobody sees half a
file under its own name. The server has to show the host key that its file pins; before that no
secret is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import asyncssh

from orchestration.activation.destinations.stores import KeyFile, SftpDestination
from orchestration.activation.targets.credentials import secret_of
from orchestration.activation.targets.network import NotSentError, connected
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.activation.targets.retrying import LostError, tried
from orchestration.errors import UserError

CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
"""First; whatever else the library knows after them. They are twice as fast as its first choice."""
BLOCK_BYTES = 256 * 1024
MOST_REQUESTS = 32
LOST = (asyncssh.DisconnectError, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, OSError)
MEANINGS = {
    asyncssh.SFTPNoSuchFile: "has no folder as its file names it",
    asyncssh.SFTPNoSuchPath: "has no folder as its file names it",
    asyncssh.SFTPPermissionDenied: "lets the user not do this in the folder",
    asyncssh.SFTPNoSpaceOnFilesystem: "has no room left",
    asyncssh.SFTPQuotaExceeded: "has no room left for the user",
}
Found = TypeVar("Found")


class Sftp:
    """A folder of an SFTP server.

    Parameters:
        destination: its file.

    Raises:
        UserError: its secret is not there.
    """

    def __init__(self, destination: SftpDestination) -> None:
        logging.getLogger("asyncssh").setLevel(logging.WARNING)
        self._destination = destination
        self._password = secret_of(destination.secret) if destination.secret else None
        self._key = _private_key(destination.private_key) if destination.private_key else None
        self._runner = asyncio.Runner()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None

    def holds(self, name: str) -> bool:
        """Whether a file of that name is complete there. What was to get the name gets it no more:
        a request to rename it may still be under way on a connection that was lost.
        """
        return self._asked(lambda client: self._holds(client, name))

    def place(self, file: Path, name: str) -> None:
        """Upload a file under a hidden name, and rename it when its bytes are there."""
        self._asked(lambda client: self._place(client, file, name))

    def sweep(self, run_id: str) -> None:
        """Remove what a killed run left."""
        self._asked(lambda client: self._sweep(client, run_id))

    def close(self) -> None:
        """End the connection."""
        self._drop()
        self._runner.close()

    async def _holds(self, client: asyncssh.SFTPClient, name: str) -> bool:
        async with asyncio.timeout(self._destination.timeout_seconds):
            await _remove(client, self._path(_hidden(name)))
            return bool(await client.isfile(self._path(name)))

    async def _place(self, client: asyncssh.SFTPClient, file: Path, name: str) -> None:
        hidden, final = self._path(_hidden(name)), self._path(name)
        await self._upload(client, file, hidden)
        async with asyncio.timeout(self._destination.timeout_seconds):
            if (await client.stat(hidden)).size != file.stat().st_size:
                raise LostError("it kept fewer bytes than it took")
            async with client.open(hidden, "rb+") as handle:
                with suppress(asyncssh.SFTPOpUnsupported):
                    await handle.fsync()
            try:
                await client.posix_rename(hidden, final)
            except asyncssh.SFTPOpUnsupported:
                await _rename_in_two_steps(client, hidden, final, self._path(f".{name}.old"))

    async def _upload(self, client: asyncssh.SFTPClient, file: Path, path: str) -> None:
        """Upload, for as long as bytes go on arriving."""
        seen, arrived = -1, 0

        def progress(_source: bytes, _target: bytes, done: int, _all: int) -> None:
            nonlocal arrived
            arrived = done

        upload = asyncio.ensure_future(
            client.put(
                str(file), path, block_size=BLOCK_BYTES, max_requests=MOST_REQUESTS,
                progress_handler=progress,
            )
        )  # fmt: skip
        while not upload.done():
            await asyncio.wait([upload], timeout=self._destination.timeout_seconds)
            if not upload.done() and arrived == seen:
                upload.cancel()
                await asyncio.wait([upload])
                raise LostError("it takes no more bytes")
            seen = arrived
        await upload

    async def _sweep(self, client: asyncssh.SFTPClient, run_id: str) -> None:
        async with asyncio.timeout(10 * self._destination.timeout_seconds):
            for name in await client.listdir(self._destination.folder):
                if run_id in name:
                    await _remove(client, self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._destination.folder.rstrip('/') or '/'}/{name}"

    def _asked(self, action: Callable[[asyncssh.SFTPClient], Awaitable[Found]]) -> Found:
        """What the server answers, on a new connection when the first one is lost."""
        return tried(self._destination.host, lambda: self._run(action))

    def _run(self, action: Callable[[asyncssh.SFTPClient], Awaitable[Found]]) -> Found:
        host = self._destination.host
        try:
            if self._client is None:
                self._connect()
            assert self._client is not None
            return self._runner.run(_awaited(action(self._client)))
        except asyncssh.HostKeyNotVerifiable:
            raise StopSyncError(
                f"{host} shows another host key than its file pins, so no secret was sent. If the "
                "server was changed, ask its owner for the new key",
                [],
            ) from None
        except asyncssh.KeyExchangeFailed:
            raise StopSyncError(
                f"{host} has no cipher or key exchange that is known here, so no secret was sent. "
                "Its owner can say which it has",
                [],
            ) from None
        except asyncssh.PermissionDenied:
            self._drop()
            raise StopSyncError(f"{host} refuses the user or the secret", []) from None
        except LOST as error:
            self._drop()
            raise LostError(f"the connection was lost: {type(error).__name__}") from None
        except NotSentError as error:
            raise LostError(str(error)) from None
        except asyncssh.SFTPError as error:
            meaning = MEANINGS.get(type(error), f"refuses a file (code {error.code})")
            raise StopSyncError(f"{host} {meaning}", []) from None
        except asyncssh.Error as error:
            self._drop()
            raise LostError(type(error).__name__) from None

    def _connect(self) -> None:
        to = self._destination
        raw = connected(to.host, to.port, to.timeout_seconds, to.private)
        self._runner.run(self._log_in(raw))

    async def _log_in(self, raw: object) -> None:
        to = self._destination
        pinned = asyncssh.import_public_key(to.host_key)
        kinds = [kind.decode() for kind in pinned.sig_algorithms]
        self._connection = await asyncssh.connect(
            sock=raw, username=to.user, password=self._password,
            known_hosts=([pinned], [], []),
            # The pinned kind first. Every other is known, too: without one in common the server
            # hangs up, which can't be told from a lost connection. Another key is told.
            server_host_key_algs=",".join([*kinds, "*"]),
            # Nothing of whoever runs this: no key, agent or configuration of theirs.
            client_keys=[self._key] if self._key else None, agent_path=None, config=None,
            x509_trusted_certs=None, gss_host=None, compression_algs=["none"],
            encryption_algs=CIPHERS, login_timeout=to.timeout_seconds,
            keepalive_interval=to.timeout_seconds / 3,
        )  # fmt: skip
        async with asyncio.timeout(to.timeout_seconds):
            self._client = await self._connection.start_sftp_client()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.abort()
        self._connection = self._client = None


async def _awaited(action: Awaitable[Found]) -> Found:
    return await action


async def _remove(client: asyncssh.SFTPClient, path: str) -> None:
    try:
        await client.remove(path)
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return


async def _rename_in_two_steps(
    client: asyncssh.SFTPClient, hidden: str, final: str, aside: str
) -> None:
    """Without a rename that replaces: an older file of the name goes aside, then the new one gets
    it. Who looks sees the old one, none or the new one.
    """
    if await client.exists(final):
        await _remove(client, aside)
        await client.rename(final, aside)
    await client.rename(hidden, final)
    await _remove(client, aside)


def _hidden(name: str) -> str:
    return f".{name}.part"


def _private_key(place: KeyFile) -> asyncssh.SSHKey:
    try:
        return asyncssh.read_private_key(place.file)
    except OSError:
        raise UserError(f"The file {place.file} of the private key can't be read.", 2) from None
    except asyncssh.KeyImportError:
        raise UserError(
            f"The file {place.file} holds no private key, or one with a passphrase. Name one "
            "without, which only its owner can read.",
            2,
        ) from None
