"""An object store as a destination, against a server on this machine that speaks S3."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.activation.definitions import read_destination
from orchestration.activation.destinations.stores import ObjectStoreDestination
from orchestration.activation.targets import object_store, retrying
from orchestration.activation.targets.object_store import ObjectStore
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.activation.targets.signing import signed_headers
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.activation.consumer import hearsay, state_of
from tests.activation.lab import Lab, people, project_in
from tests.activation.object_server import ACCESS, SECRET, Server, serving

DESTINATION = """
title: Lake
owner: team:marketing
kind: object_store
address: ADDRESS
bucket: exchange
region: eu-central-1
prefix: crm/out
access_key: {env: STORE_ACCESS}
secret: {env: STORE_SECRET}
marketing_actions: [email_targeting]
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("STORE_ACCESS", ACCESS)
    monkeypatch.setenv("STORE_SECRET", SECRET)
    monkeypatch.setattr(retrying, "PAUSE_SECONDS", 0)
    with serving(tmp_path / "bucket") as found:
        yield found


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Lab:
    data = tmp_path / "data"
    lab = Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)
    define(lab, server)
    return lab


def define(lab: Lab, server: Server, mode: str = "mirror", more: str = "") -> None:
    """The sync to the server."""
    lab.define(mode=mode, destination=DESTINATION.replace("ADDRESS", server.address) + more)


def store(lab: Lab) -> ObjectStore:
    """What delivers to the destination as its file is now."""
    destination = read_destination(lab.settings, "receiver")
    assert isinstance(destination, ObjectStoreDestination)
    return ObjectStore(destination)


KEYS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
BUCKET = "examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "more", "signature"),
    [
        ("GET", "/test.txt", {}, b"", {"range": "bytes=0-9"},
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("PUT", "/test$file.text", {}, b"Welcome to Amazon S3.",
         {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        ("GET", "/", {"lifecycle": ""}, b"", {},
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET", "/", {"prefix": "J", "max-keys": "2"}, b"", {},
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)  # fmt: skip
def test_signatures_are_those_of_the_examples_that_aws_publishes(
    method: str, path: str, query: dict[str, str], body: bytes, more: dict[str, str], signature: str
) -> None:
    headers = signed_headers(
        method, BUCKET, path, query, "us-east-1", *KEYS, hashlib.sha256(body).hexdigest(),
        datetime(2013, 5, 24, tzinfo=UTC), more,
    )  # fmt: skip
    assert headers["authorization"].endswith(f"Signature={signature}")


def test_a_signature_is_the_one_that_another_client_made() -> None:
    """Of object_store 0.14 (Rust), caught on its way to a server on this machine."""
    headers = signed_headers(
        "PUT", "127.0.0.1:44519", "/bucket/pre/fix/a.csv", {}, "eu-central-1", "AK", "SK",
        hashlib.sha256(b"hello").hexdigest(), datetime(2026, 11, 30, 19, 18, 34, tzinfo=UTC),
    )  # fmt: skip
    assert headers["authorization"].endswith(
        "Signature=575cf19a85eb0a024c51da34b488f8e75a6acb70590907a2d247c3222da4f802"
    )


def test_changes_add_up_to_the_segment_and_the_manifest_comes_last(
    lab: Lab, server: Server
) -> None:
    define(lab, server, more="split_rows: 25\ncompression: gzip\n")
    lab.run(people(60))
    lab.run(people(60, 3, "B"))

    folder = server.path("crm/out")
    assert set(state_of(folder, "mirror")) == {m.key for m in people(60, 3)}
    assert [n.endswith(".manifest.json") for n in server.puts] == [False] * 3 + [True] + [
        False
    ] * 3 + [True]
    assert not hearsay(folder)
    assert lab.run(people(60, 3, "B")).calls == 0


@pytest.mark.parametrize("fault", ["cut", "lost", "late", 503])
def test_what_gets_no_answer_is_sent_again_under_the_same_name(
    lab: Lab, server: Server, tmp_path: Path, fault: str | int
) -> None:
    (tmp_path / "up").write_bytes(b"row\n" * 100_000)
    server.faults = [fault]
    folder = store(lab)
    assert not folder.holds("a b~(1).csv")
    folder.place(tmp_path / "up", "a b~(1).csv")
    assert folder.holds("a b~(1).csv")
    folder.close()
    [found] = server.path("crm/out").iterdir()
    assert found.read_bytes() == (tmp_path / "up").read_bytes()


def test_a_file_that_may_be_stored_yet_is_settled_by_the_next_run(lab: Lab, server: Server) -> None:
    server.faults = ["", "late", "late", "late"]
    ended = lab.run(people(5))
    assert (ended.state, "may be storing" in ended.message) == ("unsettled", True)
    assert len(hearsay(server.path("crm/out"))) == 1

    assert lab.run(people(5)).state == "completed"
    assert len(state_of(server.path("crm/out"), "mirror")) == 5
    assert not hearsay(server.path("crm/out"))


def test_leavings_of_a_killed_run_are_found_on_every_page_and_nothing_else_is(
    lab: Lab, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    define(lab, server, more="split_rows: 1\n")
    lab.run(people(3))
    others = server.path("crm/out/notes.txt")
    others.write_text("of somebody else")
    monkeypatch.setattr(retrying, "MOST_TRIES", 1)
    server.faults = [*[""] * 4, 403]

    ended = lab.run(people(8))

    assert (
        ended.message
        == f"{server.address[7:]} answers 403: the secrets are wrong or may not do this"
    )
    assert ended.state == "stopped"
    assert hearsay(server.path("crm/out")) == {"notes.txt"}
    assert set(state_of(server.path("crm/out"), "mirror")) == {m.key for m in people(3)}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (307, "sends on to another address or region, which is not followed"),
        (404, "no such bucket"),
    ],
)
def test_refusals_are_told_and_redirects_are_not_followed(
    lab: Lab, server: Server, status: int, told: str
) -> None:
    server.faults = [status]
    ended = lab.run(people(3))
    assert told in ended.message and not server.puts
    assert SECRET not in ended.message and ACCESS not in ended.message


def test_a_wrong_secret_and_a_missing_one_are_told(
    lab: Lab, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_SECRET", "another")
    ended = lab.run(people(3))
    assert "answers 403: the secrets are wrong" in ended.message and "another" not in ended.message
    monkeypatch.delenv("STORE_SECRET")
    with pytest.raises(UserError, match="STORE_SECRET holds no secret"):
        lab.run(people(3))


def test_private_networks_are_refused(
    lab: Lab, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = DESTINATION.replace("ADDRESS", "https://store.example.com")
    lab.define(mode="mirror", destination=text)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(StopSyncError, match="private network"):
        store(lab).holds("a")


def test_what_is_too_large_for_one_object_is_told_before_anything_is_sent(
    lab: Lab, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "MOST_BYTES", 100)
    assert "Set split_rows" in lab.run(people(20)).message
    assert not [r for r in server.requests if r.startswith("PUT")]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("address", "http://store.example.com", "begins with https://"),
        ("address", "https://store.example.com/bucket", "nothing behind it"),
        ("prefix", "../other", "prefix"),
        ("bucket", "a/b", "bucket"),
    ],
)
def test_a_wrong_field_is_told_with_file_and_line(
    lab: Lab, server: Server, field: str, value: str, told: str
) -> None:
    text = DESTINATION.replace("ADDRESS", server.address)
    lab.define(destination=re.sub(rf"^{field}: .*$", f"{field}: {value}", text, flags=re.M))
    with pytest.raises(UserError, match=told) as error:
        read_destination(lab.settings, "receiver")
    assert "destinations/receiver.yml line" in str(error.value)
