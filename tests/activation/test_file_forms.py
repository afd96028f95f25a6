"""Files in the forms that receivers ask for: compressed, in parts, by a name, encrypted."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from pysequoia import Tsk, decrypt

from orchestration.activation.definitions import read_destination
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.activation.consumer import hearsay, manifests, parsed, state_of, verified
from tests.activation.lab import FILES, Lab, Member, people, project_in


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    data = tmp_path / "data"
    return Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)


def folder_of(lab: Lab) -> Path:
    """Where the files are put."""
    return lab.settings.data_dir / "outbox" / "agency"


def define(lab: Lab, more: str, mode: str = "snapshot", kind: str = "csv") -> None:
    """The sync into files with further words."""
    files = FILES.replace("format: csv", f"format: {kind}")
    lab.define(mode=mode, destination=files + more)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_parts_hold_every_row_once_in_the_order_of_keys_and_again_the_same_bytes(
    lab: Lab, kind: str
) -> None:
    define(lab, "compression: gzip\nsplit_rows: 7\n", kind=kind)
    told = []
    for order in (1, -1):
        lab.run(people(20)[::order])
        told.append(json.loads(manifests(folder_of(lab))[-1].read_text())["files"])
        rows = verified(manifests(folder_of(lab))[-1])
        assert [row["profile_id"] for row in rows] == [m.key for m in people(20)]
        (lab.settings.data_dir / "activation.duckdb").unlink()
    assert [entry["rows"] for entry in told[0]] == [7, 7, 6]
    assert [e["sha256"] for e in told[0]] == [e["sha256"] for e in told[1]]
    assert not hearsay(folder_of(lab))
    assert not list(lab.settings.data_dir.glob("activation_transit*"))


def test_changes_of_an_audience_in_parts_apply_in_order(lab: Lab) -> None:
    more = "guard: {max_delete_share: 1}\n"
    files = FILES + "split_rows: 4\n"
    lab.define(mode="audience", more=more, destination=files)
    lab.run(people(9))
    lab.run([Member("p00000", "new@example.com", "A"), *people(8, 1)])
    rows = verified(manifests(folder_of(lab))[-1])
    assert [(r["operation"], r["email"]) for r in rows if r["profile_id"] == "p00000"] == [
        ("add", "new@example.com"), ("remove", "p0@example.com"),
    ]  # fmt: skip


def test_names_follow_their_template(lab: Lab) -> None:
    define(lab, 'name: "ACME_{date}.{run}_{part}"\n')
    lab.run(people(3))
    [(run,)] = lab.ledger("select run_id from sync_run")
    names = {path.name for path in folder_of(lab).iterdir()}
    assert names == {f"ACME_{run[:8]}.{run}_0001.csv", f"s-{run}.manifest.json"}
    assert len(state_of(folder_of(lab), "snapshot")) == 3


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('name: "{sync}-{date}"\n', "name needs {run}"),
        ('name: "../{run}"\n', "name has letters"),
        ('name: "{run}/{part}"\n', "name has letters"),
        ('name: "{run}-{secret}"\n', "name has letters"),
        ('name: ".{run}"\n', "name has letters"),
        ('name: "{sync}-{run}"\nsplit_rows: 5\n', "name needs {part}"),
        ("split_rows: 0\n", "split_rows"),
        ("encrypt_for: hello\n", "encrypt_for is none"),
        ("encrypt_for: -----BEGIN PGP PUBLIC KEY BLOCK-----\n", "encrypt_for can't be read"),
    ],
)
def test_a_wrong_field_is_told_with_file_and_line(lab: Lab, more: str, told: str) -> None:
    define(lab, more)
    with pytest.raises(UserError, match=told) as error:
        read_destination(lab.settings, "receiver")
    assert "destinations/receiver.yml line" in str(error.value)


def test_parquet_is_compressed_by_itself(lab: Lab) -> None:
    define(lab, "compression: gzip\n", kind="parquet")
    with pytest.raises(UserError, match="leave compression out"):
        read_destination(lab.settings, "receiver")


def block(text: str) -> str:
    """A text as a file of a destination has it."""
    return "encrypt_for: |\n" + "".join(f"  {line}\n" for line in text.splitlines())


def test_only_the_receiver_can_read_what_is_encrypted(lab: Lab) -> None:
    owner = Tsk.generate("Agency <agency@example.com>")
    define(lab, block(str(owner.extract_certificate())) + "compression: gzip\nsplit_rows: 2\n")
    lab.run(people(3))

    [manifest] = manifests(folder_of(lab))
    told = json.loads(manifest.read_text())
    assert told["encrypted_for"] == owner.extract_certificate().fingerprint
    rows = []
    for entry in told["files"]:
        content = manifest.with_name(entry["file"]).read_bytes()
        assert entry["file"].endswith(".csv.gz.pgp") and b"example.com" not in content
        plain = decrypt(decryptor=owner.decryptor(), bytes=content).bytes or b""
        rows += parsed(bytes(plain), told)
    assert [row["email"] for row in rows] == [m.email for m in people(3)]
    assert not hearsay(folder_of(lab))
    assert not list(lab.settings.data_dir.glob("activation_transit*"))


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("gpg"), reason="another reader of OpenPGP: gpg")
def test_gnupg_reads_what_is_encrypted(lab: Lab, tmp_path: Path) -> None:
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-gen-key", "agency@example.com"], check=True, capture_output=True)
    key = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout
    define(lab, block(key.decode()))
    lab.run(people(3))
    [file] = folder_of(lab).glob("*.pgp")
    read = subprocess.run([*gpg, "--decrypt", str(file)], check=True, capture_output=True).stdout
    assert read.decode().count("@example.com") == 3


def test_a_key_that_can_not_be_used_is_refused_and_nothing_is_sent(lab: Lab) -> None:
    expired = Tsk.generate("Agency <agency@example.com>", validity_seconds=1)
    owner = Tsk.generate("Agency <agency@example.com>")
    time.sleep(1.1)
    for key, told in (
        (str(expired.extract_certificate()), "is expired or revoked"),
        (str(owner).replace("PRIVATE", "PUBLIC"), "holds a private key"),
    ):
        define(lab, block(key))
        with pytest.raises(UserError, match=f"encrypt_for {told}"):
            lab.run(people(3))
    assert not folder_of(lab).exists()
