"""A disk that fills up while a run writes: nothing half-made is published, the next run goes on."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import run_records as records
from orchestration.proof import hash_of, read_proof
from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company, copied, settings_in
from tests.end_to_end.contents import contents


@pytest.fixture
def small_disk(finished_company: Company, tmp_path: Path) -> Iterator[Company]:
    """The finished company on a disk of 600 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600m", "none", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        copied(finished_company.settings.data_dir, disk / "data")
        yield Company(settings_in(disk / "data"))
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["ingest", "conformed", "identity", "insights"])
def test_a_disk_that_fills_up_during_a_run(small_disk: Company, step: str) -> None:
    before = contents(small_disk)
    settings = small_disk.settings
    run = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "run", "--rebuild"],
        env=small_disk.environment,
        cwd=PROJECT_ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    ends_at = time.monotonic() + 300
    while records.read_records(settings, 1)[0].step != step and time.monotonic() < ends_at:
        time.sleep(0.02)
    fill = settings.data_dir / "landing" / "filler"
    with contextlib.suppress(OSError), fill.open("wb", buffering=0) as handle:
        while handle.write(bytes(64 * 1024)):
            pass
    output, _ = run.communicate(timeout=300)
    said = " ".join(output.split())
    assert run.returncode == 1, output
    assert "Traceback" not in said and "fault of" not in said
    assert any(word in said for word in ("space", "full", "room")), output
    proof = read_proof(settings.published_proof_path)
    assert proof and hash_of(settings.published_path) == proof.sha256
    [record] = records.read_records(settings, 1)
    assert not record.success and not record.published, record
    fill.unlink()
    again = small_disk.c360("run")
    assert again.returncode == 0, again.stdout + again.stderr
    assert contents(small_disk) == before
