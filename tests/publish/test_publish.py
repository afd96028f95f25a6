"""Only what passed every gate is published, whole; whatever goes wrong leaves the file alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.proof import read_proof, seal, withdraw_proof
from orchestration.publish import publish
from orchestration.settings import Settings

GATES = {"staging": "2026-01-01T04:00:00+00:00"}


def build(settings: Settings, rows: int, sealed: bool = True) -> None:
    path = settings.insights_build_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as insights (storage_version 'v1.0.0')")
        con.execute(f"create table insights.fact_profile as select range as n from range({rows})")
    if sealed:
        seal(settings, f"run-of-{rows}", ["fact_profile"], GATES)


def rows_seen(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as con:
        row = con.execute("select count(*) from insights.fact_profile").fetchone()
    assert row
    return int(row[0])


def test_published_file_is_read_as_insights_and_read_only(settings: Settings) -> None:
    build(settings, 7)
    published = publish(settings)
    assert published.tables == {"fact_profile": 7}
    assert rows_seen(settings.published_path) == 7
    assert settings.published_path.stat().st_mode & 0o777 == 0o440


def test_open_reader_keeps_its_version_and_next_reader_sees_the_new(settings: Settings) -> None:
    build(settings, 7)
    publish(settings)
    reader = duckdb.connect(str(settings.published_path), read_only=True)
    build(settings, 9)
    publish(settings)
    assert reader.execute("select count(*) from insights.fact_profile").fetchone() == (7,)
    reader.close()
    assert rows_seen(settings.published_path) == 9


def write_beside(settings: Settings) -> None:
    """Another program has the build open and has not checkpointed."""
    log = settings.insights_build_path.with_name(settings.insights_build_path.name + ".wal")
    log.write_bytes(b"half a transaction")


def change_a_row(settings: Settings) -> None:
    with duckdb.connect(str(settings.insights_build_path)) as con:
        con.execute("update fact_profile set n = -1 where n = 3")


def flip_a_byte(settings: Settings) -> None:
    content = bytearray(settings.insights_build_path.read_bytes())
    content[len(content) // 2] ^= 1
    settings.insights_build_path.write_bytes(content)


def cut_the_proof(settings: Settings) -> None:
    settings.proof_path.write_text(settings.proof_path.read_text()[:40])


def take_another_proof(settings: Settings) -> None:
    kept = settings.proof_path.read_text()
    build(settings, 8)
    settings.proof_path.write_text(kept)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (lambda s: build(s, 9, sealed=False), "not what passed the gates"),
        (withdraw_proof, "no proof"),
        (cut_the_proof, "no proof"),
        (take_another_proof, "not what passed the gates"),
        (change_a_row, "not what passed the gates"),
        (flip_a_byte, "not what passed the gates"),
        (write_beside, "not what passed the gates"),
        (lambda s: s.insights_build_path.write_bytes(b"x" * 1000), "not what passed the gates"),
        (lambda s: s.insights_build_path.unlink(), "does not exist"),
    ],
    ids=[
        "built again",
        "proof withdrawn",
        "proof cut",
        "proof of another build",
        "row changed",
        "byte changed",
        "log beside",
        "no database",
        "no build",
    ],
)
def test_what_has_not_passed_is_refused_in_a_sentence(
    settings: Settings, happens: Callable[[Settings], object], says: str
) -> None:
    build(settings, 7)
    publish(settings)
    happens(settings)
    with pytest.raises(UserError, match=says) as refused:
        publish(settings)
    assert "c360 run" in str(refused.value)
    assert rows_seen(settings.published_path) == 7


def test_seal_refuses_half_a_model_and_drops_what_no_model_makes(settings: Settings) -> None:
    build(settings, 7, sealed=False)
    with pytest.raises(UserError, match="lacks fact_segment"):
        seal(settings, "r", ["fact_profile", "fact_segment"], GATES)
    assert not settings.proof_path.exists()
    with duckdb.connect(str(settings.insights_build_path)) as con:
        con.execute("create table fact_of_a_removed_model as select 1 as n")
    assert seal(settings, "r", ["fact_profile"], GATES).tables == {"fact_profile": 7}
    assert publish(settings).tables == {"fact_profile": 7}


def test_the_proof_travels_with_the_file(settings: Settings) -> None:
    build(settings, 7)
    publish(settings)
    proof = read_proof(settings.published_proof_path)
    assert proof and proof.run_id == "run-of-7" and proof.gates == GATES
    assert proof.file_bytes == settings.published_path.stat().st_size
    published = publish(settings)
    assert published.run_id == "run-of-7", "publishing twice is no other version"


def test_leftovers_of_a_killed_run_are_cleared(settings: Settings) -> None:
    build(settings, 7)
    publish(settings)
    leftover = settings.published_path.parent / ".insights.duckdb.12345"
    leftover.write_bytes(b"half a copy")
    stray_log = settings.published_path.with_name("insights.duckdb.wal")
    stray_log.write_bytes(b"a writing reader's log")
    build(settings, 8)
    publish(settings)
    assert not leftover.exists() and not stray_log.exists()
    assert rows_seen(settings.published_path) == 8
