"""A PostgreSQL server elsewhere: who it is, and where."""

from __future__ import annotations

import socket
import threading

import pytest

from orchestration.activation.targets.protocol import StopSyncError
from tests.activation.postgresql_lab import rows, single
from tests.postgresql import Server


def test_a_server_elsewhere_must_prove_who_it_is_and_is_public(
    there: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "s3cret'word")
    with socket.create_server(("127.0.0.1", 0)) as plain:
        port = plain.getsockname()[1]
        found = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        more = {"host": "db.example.com", "port": port, "secret": {"env": "DB_PASSWORD"}}
        with pytest.raises(StopSyncError, match="private network"):
            single(there, **more).send("add", rows("Ann"), "k")

        def refuse_tls() -> None:
            for _ in range(3):
                connection, _ = plain.accept()
                connection.recv(8)
                connection.sendall(b"N")
                connection.close()

        threading.Thread(target=refuse_tls, daemon=True).start()
        with pytest.raises(StopSyncError, match="does not support SSL") as stopped:
            single(there, private=True, **more).send("add", rows("Ann"), "k")
        assert "s3cret" not in str(stopped.value)
