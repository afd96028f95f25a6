"""`activation`: a segment of everybody to files and servers, first, without news and with one per
cent of it, beside a bare COPY of the same rows from the same warehouse.

The servers are processes of their own on this machine; over HTTP a receiver says yes to everything.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.activation_input import SEGMENT, change, warehouse
from benchmarks.activation_servers import http_receiver, postgresql_table
from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from benchmarks.sftp_server import sftp_server
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
MODES = {"csv": "mirror", "parquet": "snapshot", "sftp": "mirror", "http": "mirror",
         "postgresql": "mirror"}  # fmt: skip
BARE = (
    "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); "
    "con.execute('set threads = 2'); con.execute(\"copy (select profile_id, "
    "sha256(lower(trim(email))) as email, given_name from profile.profiles order by profile_id) "
    'to \'" + sys.argv[2] + "\' (" + sys.argv[3] + ")")'
)
BARE_FORMATS = {"csv": "format csv, header true, force_quote *", "parquet": "format parquet"}
MOST_OVER_A_NETWORK = 1_000_000
"""Above it only files are measured."""


def run(customers: int, console: Console) -> list[Measurement]:
    """Measure a sync's runs by destination.

    Parameters:
        customers: people, all of them members; nine of ten have said yes.
        console: where progress goes.

    Returns:
        A measurement per run, with rows accepted and the seconds within the process.

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
    for name, options in BARE_FORMATS.items():
        bare, command = folder / f"bare.{name}", [sys.executable, "-c", BARE, str(path)]
        results.append(
            measure(f"{name}, bare COPY", [*command, str(bare), options], environment_for(folder))
        )
        bare.unlink()
    served = folder / "served"
    ends: dict[str, Callable[[], AbstractContextManager[str]]] = {
        name: partial(_folder, name) for name in BARE_FORMATS
    }
    if customers <= MOST_OVER_A_NETWORK:
        ends |= {
            "sftp": partial(sftp_server, served),
            "http": http_receiver,
            "postgresql": postgresql_table,
        }
    for name, end in ends.items():
        with end() as lines:
            results += _runs(folder, path, name, lines, console)
        shutil.rmtree(served, ignore_errors=True)
        shutil.rmtree(folder / "outbox", ignore_errors=True)
    return results


@contextmanager
def _folder(name: str) -> Iterator[str]:
    yield f"kind: file\nfolder: {name}\nformat: {name}"


def _runs(folder: Path, path: Path, name: str, lines: str, console: Console) -> list[Measurement]:
    """The runs to one destination, over a ledger of its own."""
    for kind, text in (
        ("destinations", DESTINATION.format(name=name, lines=lines)),
        ("syncs", SYNC.format(name=name, segment=SEGMENT, mode=MODES[name])),
    ):
        file = folder / "activation" / kind / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "activation.duckdb").unlink(missing_ok=True)
    change(path, 100, "Ann")
    results = []
    for what in ("first", "no news", "1 % changed"):
        if what == "1 % changed":
            change(path, 100, "Zoë")
        console.print(f"{name}: {what}")
        command = child("benchmarks.run_sync", str(folder), name)
        results.append(measure(f"{name}, {what}", command, environment_for(folder)))
    return results
