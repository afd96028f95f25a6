"""`activation`: a segment of everybody to files and servers, first, without news and with one per
cent of it, beside a bare COPY of the same rows and, over HTTP, requests without a ledger.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.activation_input import SEGMENT, change, warehouse
from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.terminal import Console
from orchestration.transform.parsing import load_manifest

DESTINATION = """
title: {name}
owner: team:data
marketing_actions: [email_targeting]
{lines}
"""
SYNC = """
title: {name}
owner: team:data
destination: {name}
segment: {segment}
mode: {mode}
purpose: commercial
channel: email
columns:
  email: {{from: profile.profiles.email, as: meta.email}}
  given_name: profile.profiles.given_name
"""
FILES = {
    "csv": "kind: file\nfolder: csv\nformat: csv",
    "parquet": "kind: file\nfolder: parquet\nformat: parquet",
}
BARE = (
    "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); "
    "con.execute('set threads = 2'); con.execute(\"copy (select profile_id, "
    "sha256(lower(trim(email))) as email, given_name from profile.profiles order by profile_id) "
    'to \'" + sys.argv[2] + "\' (" + sys.argv[3] + ")")'
)


def run(customers: int, console: Console) -> list[Measurement]:
    """Measure a sync's runs by destination.

    Parameters:
        customers: people, all of them members; nine of ten have said yes.
        console: where progress goes.

    Returns:
        A measurement per run, and rows per second.

    Raises:
        UserError: there is not enough room on the disk, or a run failed.
    """
    folder = RESULTS / f"activation_{customers}"
    path = warehouse(folder, customers, console)
    load_manifest(Settings(folder, folder / "landing", DBT_PROJECT_DIR))
    policies = folder / "activation" / "policies"
    shutil.copytree(DBT_PROJECT_DIR / "activation" / "policies", policies, dirs_exist_ok=True)
    shutil.copy(DBT_PROJECT_DIR / "activation" / "labels.yml", policies.parent)
    results = []
    for name, lines in FILES.items():
        results += _files(folder, path, name, lines, console)
    return results


def _files(folder: Path, path: Path, name: str, lines: str, console: Console) -> list[Measurement]:
    define(folder, name, lines, "mirror" if name == "csv" else "snapshot")
    forget(folder)
    environment, results = environment_for(folder), []
    options = "format csv, header true, force_quote *" if name == "csv" else "format parquet"
    bare = folder / f"bare.{name}"
    console.print(f"{name}: bare COPY")
    results.append(measure(
        f"{name}, bare COPY", [*child("x")[:1], "-c", BARE, str(path), str(bare), options],
        environment,
    ))  # fmt: skip
    bare.unlink()
    change(path, 100, "Ann")
    for what in ("first", "no news", "1 % changed"):
        if what == "1 % changed":
            change(path, 100, "Zoë")
        results.append(measured(folder, name, what, console))
    shutil.rmtree(folder / "outbox")
    return results


def define(folder: Path, name: str, lines: str, mode: str) -> None:
    """Write the files of a destination and of the sync that goes there."""
    for kind, text in (
        ("destinations", DESTINATION.format(name=name, lines=lines)),
        ("syncs", SYNC.format(name=name, segment=SEGMENT, mode=mode)),
    ):
        file = folder / "activation" / kind / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def forget(folder: Path) -> None:
    """Begin without a ledger."""
    (folder / "activation.duckdb").unlink(missing_ok=True)


def measured(folder: Path, name: str, what: str, console: Console) -> Measurement:
    """One run of a sync."""
    console.print(f"{name}: {what}")
    command = child("benchmarks.run_sync", str(folder), name)
    return measure(f"{name}, {what}", command, environment_for(folder))
