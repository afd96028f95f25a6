"""Rows of people leave through one door: policies and consent stand before it. A new way is red."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from orchestration.activation.leaving import ADDED, WHOLE
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from orchestration.transform.parsing import load_manifest
from tests.conftest import settings_in
from tests.parsed import parsed

PACKAGE = PROJECT_ROOT / "orchestration"
WRITES = re.compile(
    r"\bcopy\s*\(|\bcopy\s+\w+\s+to\b|\bexport\s+database\b|\bcopy\s+from\s+database\b",
    re.IGNORECASE,
)
"""SQL by which rows leave a database for a file or another database."""
WRITE = {
    "adbc_ingest", "DictWriter", "ParquetWriter", "to_csv", "to_parquet", "write_csv",
    "write_parquet", "write_table", "writer",
}  # fmt: skip
"""Functions of libraries that do the same."""
LEADS_OUT = re.compile(rf"{WRITES.pattern}|\battach\b|\bload\s+\w+|\binstall\s+\w+", re.IGNORECASE)
BOTH_DOORS = "policies and consent"
WRITERS = {
    "activation/sealing.py": BOTH_DOORS,
    "segment_tools/export.py": BOTH_DOORS,
    "activation/consent_again.py": "profile ids, into the folder that goes with the run",
    "activation/targets/files.py": "what a run has sealed and planned",
    "activation/targets/postgresql.py": "a batch of a run",
    "publish/parquet_door.py": "the published model, which has no personal data",
    "publish/postgres_tables.py": "the published model, which has no personal data",
    "questions/run.py": "the published model, which has no personal data",
    "dashboard/exports.py": "the published model, which has no personal data",
    "identity/simulate.py": "what a simulation is given, into a folder to work in",
    "identity/unmerge.py": "keys of two records, into a seed of the project",
    "identity/tuning/labels.py": "keys of two records, into a file of labelled pairs",
}
"""The modules that write rows to files, and what stands before them."""


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def texts(path: Path) -> Iterator[str]:
    """The texts of a module that are no documentation, f-strings with their holes as a word."""
    tree = _parsed(path)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in docs:
            yield str(node.value)


def modules() -> Iterator[tuple[str, Path]]:
    """All modules by their place in the package; the demo company makes its own files."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("demo/"):
            yield name, path


@cache
def calls(path: Path) -> Mapping[str, set[str]]:
    """The names that each function of a module calls."""
    found: dict[str, set[str]] = {}
    for function in ast.walk(_parsed(path)):
        if isinstance(function, ast.FunctionDef):
            found[function.name] = {
                ast.unparse(node.func).rpartition(".")[2]
                for node in ast.walk(function)
                if isinstance(node, ast.Call)
            }
    return found


def callers(name: str) -> set[str]:
    """The functions of the project that call another, as module and name."""
    return {
        f"{module}:{function}"
        for module, path in modules()
        if name in path.read_text()
        for function, called in calls(path).items()
        if name in called
    }


def _writes(path: Path) -> bool:
    if not re.search(r"copy|export database|writ|to_csv|to_parquet|ingest", path.read_text(), re.I):
        return False
    called = set[str]().union(*calls(path).values())
    return bool(called & WRITE) or any(map(WRITES.search, texts(path)))


def test_whoever_writes_rows_to_files_is_known_with_what_stands_before() -> None:
    found = {name for name, path in modules() if _writes(path)}
    assert found == {*WRITERS}


@pytest.mark.parametrize("name", [name for name, door in WRITERS.items() if door == BOTH_DOORS])
def test_both_doors_stand_before_whoever_reads_people(name: str) -> None:
    called = set[str]().union(*calls(PACKAGE / name).values())
    assert "held_back" in called
    assert {"require", "require_allowed"} & called


def test_a_sync_has_one_way_out_and_it_begins_with_sealing() -> None:
    sealing = {name for name in callers("seal") if name.startswith("activation/")}
    assert sealing == {"activation/running.py:plan_sync", "activation/running.py:run_sync"}
    assert not [
        name for name, path in modules()
        if "import seal\n" in path.read_text() and "activation.sealing" in path.read_text()
        and name != "activation/running.py"
    ]  # fmt: skip
    for way in ("send_batches", "send_file"):
        assert callers(way) == {"activation/running.py:run_sync"}
    assert callers("claim") == {"activation/sending.py:_send"}
    assert callers("write_files") == {"activation/placing.py:_place_file"}
    readers = {
        name.partition(":")[0] for name in callers("connect_reader")
        if name.startswith("activation/")
    }  # fmt: skip
    assert readers == {f"activation/{n}.py" for n in ("sealing", "checking", "consent_again")}


def test_each_batch_that_adds_has_consent_asked_before() -> None:
    assert callers("let_through") == {"activation/sending.py:send"}
    assert callers("too_old") == {"activation/placing.py:send_file"}
    for select in (ADDED, WHOLE):
        assert "blocked is null" in select and "invalid is null" in select


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return load_manifest(parsed(settings_in(tmp_path_factory.mktemp("no_way_round"))))


def test_no_model_leads_out_of_the_warehouse(manifest: Mapping[str, Any]) -> None:
    assert led_out(manifest) == []


def led_out(manifest: Mapping[str, Any]) -> list[str]:
    """Models and macros whose SQL writes elsewhere, or that dbt makes as a file."""
    found = []
    for name, node in manifest["nodes"].items():
        hooks = [*node["config"].get("pre-hook", []), *node["config"].get("post-hook", [])]
        told = [node.get("raw_code") or "", *(hook["sql"] for hook in hooks)]
        is_sql = node.get("language") != "python"
        if node["config"].get("materialized") == "external" or (
            is_sql and any(LEADS_OUT.search(_code(text)) for text in told)
        ):
            found.append(name)
    for name, macro in manifest["macros"].items():
        if macro["package_name"] == "customer_360" and LEADS_OUT.search(_code(macro["macro_sql"])):
            found.append(name)
    return found


def _code(text: str) -> str:
    """SQL without comments."""
    return re.sub(r"--[^\n]*|\{#.*?#\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("change", "is_seen"),
    [
        ({"raw_code": "select 1 from x"}, False),
        ({"raw_code": "copy (select * from profile.profiles) to 's3://x'"}, True),
        ({"config": {"materialized": "external"}}, True),
        ({"config": {"materialized": "table", "post-hook": [{"sql": "COPY x TO 'y.csv'"}]}}, True),
        ({"config": {"pre-hook": [{"sql": "attach 'postgres:host=x' as x"}]}}, True),
        ({"raw_code": "-- a copy (of it) to look at\nselect 1"}, False),
    ],
)
def test_a_model_that_leads_out_is_seen(change: dict[str, Any], is_seen: bool) -> None:
    node = {"config": {"materialized": "table"}, "raw_code": "", "language": "sql", **change}
    assert bool(led_out({"nodes": {"model.m": node}, "macros": {}})) is is_seen


def test_core_policies_are_shipped_and_on() -> None:
    from orchestration.usage.policies import ACTIVATION, read_rules

    rules = read_rules(DBT_PROJECT_DIR / ACTIVATION)
    core = {name for name, file in rules.files.items() if file.endswith("/core.yml")}
    assert all(rules.policies[name].enabled for name in core)
    named = {label for name in core for label in rules.policies[name].labels.words()}
    assert {f"C{number}" for number in range(1, 13)} <= named
