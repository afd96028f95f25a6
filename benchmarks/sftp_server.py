"""An SFTP server for measurements, in a process of its own so that it has its own core."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

PASSWORD = "measured"


@contextmanager
def sftp_server(folder: Path) -> Iterator[str]:
    """A server over a folder, for as long as the block runs.

    Parameters:
        folder: what its user sees as the whole disk; made where there is none.

    Yields:
        The lines of a destination's file that lead there. The password stands in the environment.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["C360_BENCH_SFTP"] = PASSWORD
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sftp_server", str(folder)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        yield (
            f"kind: sftp\nhost: localhost\nport: {told['port']}\nuser: bench\n"
            f"host_key: {told['host_key']}\nsecret: {{env: C360_BENCH_SFTP}}\n"
        )
    finally:
        process.terminate()
        process.wait()


async def _serve(folder: str) -> None:
    class Door(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return password == PASSWORD

    key = asyncssh.generate_private_key("ssh-ed25519")
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[key], server_factory=Door,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=folder.encode()),
    )  # fmt: skip
    host_key = key.export_public_key().decode().strip()
    print(json.dumps({"port": listener.get_port(), "host_key": host_key}), flush=True)
    await listener.wait_closed()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
