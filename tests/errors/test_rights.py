"""Files with personal data are their owner's; who reads what is published needs no right to write.

A reader is another user: where the tests run as root, the data folder is given to somebody else and
the reader is root without root's rights; elsewhere the owner's bits are made those of the group.
"""

from __future__ import annotations

import grp
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import private_files
from orchestration import run_records as records
from orchestration.errors import UserError
from orchestration.private_files import close_to_others, open_to_readers, write_privately
from tests.conftest import Company, settings_in
from tests.dashboard import published_model
from tests.errors.calls import Result, Server, give_back

STRANGER = 54321
GROUP = grp.getgrgid(os.getgid())
OPENED = ("published", "runs")
ASK = ("query", "select count(*) as n from insights.dim_decile", "--format", "csv")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def privately() -> Iterator[None]:
    """The umask of the product, for one test."""
    before = os.umask(0o022)
    os.umask(before)
    private_files._of_the_user = None
    write_privately()
    yield
    os.umask(before)
    private_files._of_the_user = None


@pytest.fixture
def installation(
    tmp_path: Path, privately: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A data folder with a published file for a group, a warehouse and the record of a run."""
    monkeypatch.setenv(private_files.GROUP, GROUP.gr_name)
    place = Path(os.path.realpath(tmp_path)) / "data"
    settings = settings_in(place)
    published_model.write(settings.published_path)
    settings.warehouse_path.write_text("personal")
    record = records.RunRecord(
        "00000000-0000-0000-0000-000000000001", "refresh", "command line", os.getpid(),
        records.now(), "succeeded", finished_at=records.now(), published=True,
    )  # fmt: skip
    records.write_record(settings, record)
    open_to_readers(place, settings.published_path.parent)
    open_to_readers(place, settings.published_path)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        if os.geteuid() == 0 and "pytest" in str(folder):
            folder.chmod(0o711)
    yield place
    give_back(place)


def as_reader(server: Server, data: Path, *arguments: str, member: bool = True) -> Result:
    """The command line as another user, in the group of the readers or not."""
    if os.geteuid() == 0:
        for path in (data, *data.rglob("*")):
            os.chown(path, STRANGER, -1, follow_symlinks=False)
        group = [GROUP.gr_gid] if member else []
        return server.call(arguments, data, groups=group, group=None if member else STRANGER)
    shift = 3 if member else 6
    for path in (*sorted(data.rglob("*"), reverse=True), data):
        path.chmod((mode_of(path) << shift) & 0o700)
    return server.call(arguments, data)


def test_a_reader_asks_and_looks_without_any_right_to_write(
    installation: Path, server: Server
) -> None:
    answer = as_reader(server, installation, *ASK)
    assert answer.out.split() == ["n", "11"], answer.err
    state = json.loads(as_reader(server, installation, "status", "--json").out)
    assert state["published"]["as_of"] == published_model.AS_OF
    assert [run["state"] for run in state["runs"]] == ["succeeded"]
    assert sorted(path.name for path in installation.iterdir()) == [
        "published", "runs", "warehouse.duckdb",
    ]  # fmt: skip


def test_a_reader_sees_nothing_else(installation: Path, server: Server) -> None:
    for command in (("value", "report"), ("identity", "explain", "a:1", "b:2"), ("run",)):
        refused = as_reader(server, installation, *command)
        assert refused.code == 1 and "permission" in refused.words
        assert "personal" not in refused.out + refused.err


def test_who_is_not_of_the_group_sees_nothing(installation: Path, server: Server) -> None:
    refused = as_reader(server, installation, *ASK, member=False)
    assert refused.code == 1 and "permission" in refused.words and not refused.out


def test_a_run_that_goes_on_is_seen_by_who_may_not_open_its_lock(
    installation: Path, server: Server
) -> None:
    settings, run_id = settings_in(installation), "00000000-0000-0000-0000-000000000002"
    record = records.RunRecord(run_id, "refresh", "schedule", os.getpid(), records.now())
    with records.alive(settings, run_id):
        records.write_record(settings, record)
        state = json.loads(as_reader(server, installation, "status", "--json").out)
    assert state["runs"][0]["state"] == "running"


def test_everything_a_run_has_written_is_its_owners(finished_company: Company) -> None:
    data = finished_company.settings.data_dir
    ours = [path for path in data.rglob("*") if path.relative_to(data).parts[0] not in OPENED]
    assert len(ours) > 50
    open_ones = [str(p) for p in ours if mode_of(p) & 0o077 and p.name != "first_run.txt"]
    assert [path for path in open_ones if not Path(path).is_symlink()] == []


def test_what_a_run_publishes_is_for_a_group_and_for_nobody_to_write(
    finished_company: Company,
) -> None:
    published = finished_company.settings.published_path
    assert mode_of(published) == 0o440 and mode_of(published.parent) & 0o777 == 0o750


@pytest.mark.parametrize(
    ("mode", "file", "folder", "way"),
    [("0400", 0o400, 0o700, 0), ("0440", 0o440, 0o750, 0), ("444", 0o444, 0o755, 0o011)],
)
def test_the_mode_of_what_is_published_is_declared(
    tmp_path: Path, privately: None, monkeypatch: pytest.MonkeyPatch, mode: str, file: int,
    folder: int, way: int,
) -> None:  # fmt: skip
    monkeypatch.setenv(private_files.MODE, mode)
    data = tmp_path / "data"
    (data / "published").mkdir(parents=True)
    path = data / "published" / "x"
    path.write_text("x")
    open_to_readers(data, path)
    open_to_readers(data, path.parent)
    assert mode_of(path) == file and mode_of(path.parent) & 0o777 == folder
    assert mode_of(data) == 0o700 | way


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name in ("warehouse.duckdb", "published", "landing"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o775)
    (tmp_path / "link").symlink_to(tmp_path / "published")
    close_to_others(tmp_path)
    assert mode_of(tmp_path / "warehouse.duckdb") == 0o700
    assert mode_of(tmp_path / "published") == 0o775
    assert mode_of(tmp_path / "landing") == 0o770, "a group may deliver files"
    assert mode_of(tmp_path) == 0o755


def test_files_of_the_project_are_the_teams(tmp_path: Path, privately: None) -> None:
    (tmp_path / "private").write_text("x")
    with private_files.project_files():
        (tmp_path / "shared").write_text("x")
    assert mode_of(tmp_path / "private") == 0o600
    assert mode_of(tmp_path / "shared") & 0o044 == 0o044


def test_a_group_that_one_is_no_member_of_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setenv(private_files.GROUP, GROUP.gr_name)
    monkeypatch.setattr(os, "chown", refused)
    with pytest.raises(UserError, match=f"{private_files.GROUP} names: you are no member"):
        open_to_readers(tmp_path, tmp_path)
