"""SFTP as a destination, against a real server on this machine."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from orchestration.activation import running
from orchestration.activation.definitions import read_destination
from orchestration.activation.destinations.stores import SftpDestination
from orchestration.activation.targets import retrying, sftp
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.activation.targets.sftp import Sftp
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.activation.consumer import hearsay, manifests, state_of, verified
from tests.activation.lab import Lab, people, project_in
from tests.activation.sftp_server import PASSWORD, Server, serving


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(one_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """The one server, as new and over a folder of this test's."""
    fresh = replace(Server(tmp_path / "served"), port=one_server.port, host_key=one_server.host_key)
    vars(one_server).update(vars(fresh))
    one_server.root.mkdir()
    monkeypatch.setenv("SFTP_PASSWORD", PASSWORD)
    monkeypatch.setattr(retrying, "PAUSE_SECONDS", 0)
    return one_server


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Lab:
    data = tmp_path / "data"
    lab = Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)
    lab.define(mode="snapshot", destination=server.destination())
    return lab


def store(lab: Lab) -> Sftp:
    """What delivers to the destination as its file is now."""
    destination = read_destination(lab.settings, "receiver")
    assert isinstance(destination, SftpDestination)
    return Sftp(destination)


def test_s25_two_runs_within_a_second_are_two_files_named_from_run_and_part(
    lab: Lab, server: Server
) -> None:
    lab.define(mode="snapshot", destination=server.destination(split_rows=3))
    lab.run(people(5))
    lab.run(people(6))

    runs = [run for (run,) in lab.ledger("select run_id from sync_run order by started_at")]
    names = {f"s-{run}-{part:04}.csv" for run in runs for part in (1, 2)}
    assert {p.name for p in server.root.iterdir() if p.suffix == ".csv"} == names
    assert len(manifests(server.root)) == 2 and not hearsay(server.root)


def test_s26_a_connection_lost_at_60_percent_leaves_no_visible_name_and_the_rerun_is_whole(
    lab: Lab, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "MOST_TRIES", 1)
    monkeypatch.setattr(sftp, "BLOCK_BYTES", 16_384)
    members = people(4_000)
    server.cut_after = 90_000  # of some 150,000

    ended = lab.run(members)

    assert ended.state in ("stopped", "unsettled") and "localhost" in ended.message
    assert not server.renamed and not server.visible
    assert {path.name[0] for path in server.root.iterdir()} <= {"."}

    assert lab.run(members).accepted == 4_000
    assert [name.endswith(".manifest.json") for name in server.renamed] == [False, True]
    assert len(state_of(server.root, "snapshot")) == 4_000
    assert not hearsay(server.root)


def test_a_lost_connection_is_tried_again_within_the_run(lab: Lab, server: Server) -> None:
    server.cut_after = 50
    assert lab.run(people(200)).state == "completed"
    assert server.connections == 2
    assert len(state_of(server.root, "snapshot")) == 200 and not hearsay(server.root)


def test_s27_a_finished_run_again_is_the_same_bytes_and_no_second_manifest(
    lab: Lab, server: Server
) -> None:
    lab.run(people(50))
    assert lab.run(people(50)).calls == 0
    [manifest] = manifests(server.root)
    first = json.loads(manifest.read_text())["files"][0]

    (lab.settings.data_dir / "activation.duckdb").unlink()
    lab.run(people(50)[::-1])

    again = json.loads(manifests(server.root)[-1].read_text())["files"][0]
    assert again["file"] != first["file"]
    assert {**again, "file": ""} == {**first, "file": ""}


@pytest.mark.parametrize("has_posix_rename", [True, False])
def test_s28_who_looks_sees_the_old_file_or_the_new_one_and_never_half(
    lab: Lab, server: Server, tmp_path: Path, has_posix_rename: bool
) -> None:
    server.has_posix_rename = has_posix_rename
    old, new = b"old\n" * 9, b"new\n" * 100_000
    (server.root / "a.csv").write_bytes(old)
    (tmp_path / "up").write_bytes(new)
    server.watched = "a.csv"
    folder = store(lab)

    folder.place(tmp_path / "up", "a.csv")
    folder.close()

    assert set(server.versions) <= {old, new, None}
    assert server.versions[-1] == new
    assert (None in server.versions) is not has_posix_rename
    assert [path.name for path in server.root.iterdir()] == ["a.csv"]


def test_s29_another_host_key_is_refused_before_a_password_leaves(
    lab: Lab, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    lab.define(mode="snapshot", destination=server.destination(host_key=other))

    ended = lab.run(people(3))

    assert (ended.state, server.passwords, list(server.root.iterdir())) == ("unsettled", [], [])
    assert "another host key" in ended.message
    with pytest.raises(UserError, match="another host key"):
        lab.run(people(3))
    assert PASSWORD not in ended.message + caplog.text and server.passwords == []

    # When the file has the right key again, what was left is settled and the run goes on.
    lab.define(mode="snapshot", destination=server.destination())
    assert lab.run(people(3)).state == "completed"


def test_another_kind_of_host_key_is_refused_before_a_password_leaves(
    lab: Lab, server: Server
) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    lab.define(mode="snapshot", destination=server.destination(host_key=other.strip()))
    assert "another host key" in lab.run(people(3)).message
    assert server.passwords == []


def test_a_wrong_password_and_a_missing_folder_are_told_without_either(
    lab: Lab, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as wrong:
        wrong.setenv("SFTP_PASSWORD", "not-this-one")
        ended = lab.run(people(3))
    assert ended.message == "localhost refuses the user or the secret"
    lab.define(mode="snapshot", destination=server.destination(folder="/no/such"))
    with pytest.raises(UserError, match="has no folder as its file names it"):
        lab.run(people(3))


def test_a_private_key_logs_in_and_one_with_a_passphrase_is_refused(
    lab: Lab, server: Server, tmp_path: Path
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server.authorised = key.export_public_key().decode()
    path = tmp_path / "id"
    key.write_private_key(path)
    place = {"secret": None, "private_key": f"{{file: {path}}}"}
    lab.define(mode="snapshot", destination=server.destination(**place))
    assert lab.run(people(3)).state == "completed"
    assert server.passwords == []

    key.write_private_key(path, "pkcs8-pem", passphrase="x")
    with pytest.raises(UserError, match="passphrase"):
        lab.run(people(4))


def test_private_networks_are_refused_as_for_http(
    lab: Lab, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.define(mode="snapshot", destination=server.destination(host="files.example.com"))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 22))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(StopSyncError, match="private network"):
        store(lab).holds("a")


def test_a_server_that_goes_silent_is_given_up(
    lab: Lab, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "MOST_TRIES", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        lab.define(mode="snapshot", destination=server.destination(port=port, timeout_seconds=0.3))
        with pytest.raises(StopSyncError, match="does not answer"):
            store(lab).holds("a")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("host_key", "SHA256:abc", "host_key is no public key"),
        ("folder", "/in/../etc", "folder is a path"),
        ("secret", None, "name the place of a password"),
        ("secret", "hunter2", "secret"),
        ("name", '"{sync}/{run}"', "name has letters"),
        ("name", '"{sync}-{date}"', "name needs {run}"),
        ("host", '"a b"', "host"),
    ],
)
def test_a_wrong_field_is_told_with_file_and_line(
    lab: Lab, server: Server, field: str, value: object, told: str
) -> None:
    lab.define(mode="snapshot", destination=server.destination(**{field: value}))
    with pytest.raises(UserError) as error:
        running.plan_sync(lab.settings, "s")
    assert told in str(error.value) and "destinations/receiver.yml line" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_changes_over_sftp_add_up_to_the_segment(lab: Lab, server: Server) -> None:
    lab.define(mode="mirror", destination=server.destination(compression="gzip"))
    lab.run(people(60))
    lab.run(people(60, 3, "B"))
    assert set(state_of(server.root, "mirror")) == {m.key for m in people(60, 3)}
    assert len(verified(manifests(server.root)[-1])) == 63
