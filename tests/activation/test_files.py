"""Files as a destination: whole segments and changes, complete or not there, again the same."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

from orchestration.activation import settling_files
from orchestration.activation.targets import files as files_written
from orchestration.activation.targets.folder import Folder
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.activation.lab import FILES, Killed, Lab, Member, people, project_in


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    data = tmp_path / "data"
    return Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)


def files(lab: Lab) -> list[Path]:
    """The files that have a manifest, in the order of their runs."""
    folder = lab.settings.data_dir / "outbox" / "agency"
    found = sorted(folder.glob("*.manifest.json"), key=lambda path: path.stat().st_mtime_ns)
    manifests = [json.loads(path.read_text()) for path in found]
    return [folder / file["file"] for manifest in manifests for file in manifest["files"]]


def rows(path: Path) -> list[dict[str, str]]:
    """What a CSV file holds."""
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_snapshot_has_the_segment_and_its_manifest_vouches_for_it(lab: Lab) -> None:
    lab.define(mode="snapshot", destination=FILES)
    blocked = Member("p9", "no@example.com", "A", blocked="denied")
    invalid = Member("p8", None, "A", invalid="email: not_an_email")

    ended = lab.run([*people(20), blocked, invalid])

    [path] = files(lab)
    assert [row["profile_id"] for row in rows(path)] == [m.key for m in people(20)]
    manifest = json.loads(path.with_name(path.stem + ".manifest.json").read_text())
    assert manifest["files"][0]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (manifest["rows"], manifest["columns"]) == (20, ["profile_id", "email", "name"])
    assert manifest["formats"] == {"email": "plain.email@1"}
    assert (ended.plan.counts["blocked"], ended.plan.counts["invalid"]) == (1, 1)
    assert path.stat().st_mode & 0o077 == 0
    assert not list((lab.settings.data_dir).glob("activation_transit*"))


def test_without_news_no_file_is_written_and_who_left_makes_one(lab: Lab) -> None:
    lab.define(mode="snapshot", destination=FILES)
    lab.run(people(20))
    assert lab.run(people(20)).calls == 0

    lab.run(people(19))
    assert len(rows(files(lab)[-1])) == 19

    lab.run([*people(18), Member("p00018", "x", "A", invalid="email: not_an_email")])
    assert len(rows(files(lab)[-1])) == 18
    assert (
        lab.run([*people(18), Member("p00018", "x", "A", invalid="email: not_an_email")]).calls == 0
    )


def test_changes_say_what_to_do_and_add_up_to_the_segment(lab: Lab) -> None:
    lab.define(mode="audience", destination=FILES, more="guard: {max_delete_share: 1}\n")
    stages = [
        people(6),
        people(5, 1, "B"),
        [Member("p00001", "new@example.com", "B"), *people(2, 2)],
    ]
    held: set[tuple[str, str]] = set()
    for members in stages:
        lab.run(members)
        for operation in ("add", "remove"):
            for row in rows(files(lab)[-1]):
                if row["operation"] == operation:
                    values = {(n, row[n]) for n in ("email", "name") if row[n]}
                    held = held | values if operation == "add" else held - values
        assert held == {entry for m in members for entry in m.values.items()}


@pytest.mark.parametrize("moment", ["before_rename", "before_manifest", "after_manifest"])
def test_a_killed_run_leaves_no_half_file_and_none_twice(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    lab.define(mode="mirror", destination=FILES)
    target, name = {
        "before_rename": (files_written, "synced_hash"),
        "before_manifest": (Folder, "place"),
        "after_manifest": (settling_files, "settle_file"),
    }[moment]
    place = Folder.place

    def killed(*given: object) -> None:
        if moment == "before_manifest" and not str(given[2]).endswith("manifest.json"):
            return place(*given)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(target, name, killed)
        with pytest.raises(Killed):
            lab.run(people(20))
    assert len(files(lab)) == (moment == "after_manifest")

    ended = lab.run(people(20))

    assert len(files(lab)) == 1
    assert ended.calls == (moment != "after_manifest")
    folder = lab.settings.data_dir / "outbox" / "agency"
    assert sorted(p.suffix for p in folder.iterdir()) == [".csv", ".json"]
    assert lab.ledger("select count(*) from sync_standing where is_acked") == [(20,)]


def test_s38_formulas_are_guarded_where_asked_and_null_is_not_empty(lab: Lab) -> None:
    lab.define(mode="snapshot", destination=FILES)
    members = [Member("p1", "a@example.com", "=cmd()"), Member("p2", "b@example.com", None),
               Member("p3", "c@example.com", "")]  # fmt: skip
    lab.run(members)
    assert files(lab)[-1].read_text().splitlines()[1:] == [
        '"p1","a@example.com","=cmd()"', '"p2","b@example.com",', '"p3","c@example.com",""',
    ]  # fmt: skip

    lab.define(mode="snapshot", destination=FILES + "formula_guard: true\n")
    lab.run([*members, Member("p4", "d@example.com", "D")])

    assert "'=cmd()" in files(lab)[-1].read_text()
    manifest = files(lab)[-1].with_name(files(lab)[-1].stem + ".manifest.json")
    assert json.loads(manifest.read_text())["formula_guard"] is True


def test_the_same_run_again_gives_the_same_bytes(lab: Lab) -> None:
    lab.define(mode="snapshot", destination=FILES)
    contents = set()
    for order in (1, -1):
        lab.run(people(300)[::order])
        contents.add(files(lab)[-1].read_bytes())
        (lab.settings.data_dir / "activation.duckdb").unlink()
    assert len(contents) == 1


def test_columns_are_called_in_files_what_their_receiver_calls_them(lab: Lab) -> None:
    headers = "headers: {email: Email, name: First Name}\n"
    lab.define("snapshot", destination=FILES + headers)
    lab.run(people(2))
    [file] = (lab.settings.data_dir / "outbox" / "agency").glob("*.csv")
    assert file.read_text().splitlines()[0] == '"profile_id","Email","First Name"'
    [manifest] = (lab.settings.data_dir / "outbox" / "agency").glob("*.json")
    assert json.loads(manifest.read_text())["columns"] == ["profile_id", "Email", "First Name"]
    lab.define("snapshot", destination=FILES + headers.replace("First Name", "EMAIL"))
    with pytest.raises(UserError, match="two columns have the same header"):
        lab.run(people(2))
