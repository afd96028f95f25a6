"""The dbt project parsed: once per process, and only when files have changed."""

from __future__ import annotations

import ctypes
import gc
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.errors import UserError
from orchestration.failures import of_the_machine
from orchestration.limits import Limits
from orchestration.segments.declared import keep_listed
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.transform.dbt_lean import be_lean
from orchestration.transform.left_by_parse import remember_times
from orchestration.transform.published_tables import keep_tables_listed

PR_SET_PDEATHSIG = 1
PARSED_BY = ("dbt-core", "dbt-duckdb")
RENDERED_SUFFIXES = (".sql", ".yml", ".yaml", ".py")
WATCHED_SUFFIXES = (*RENDERED_SUFFIXES, ".csv")
# Schemas may be named by a variable of the environment, or whatever else a team has dbt ask for.
ENVIRONMENT_READ = re.compile(r"""env_var\(\s*['"](\w+)['"]""")


def prepare_environment(settings: Settings) -> None:
    """Point profiles.yml to the data folder and switch dbt's telemetry off, for this process."""
    os.environ["C360_DATA_DIR"] = str(settings.data_dir)
    os.environ.update(Limits.from_env().environment())
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"
    settings.insights_build_path.parent.mkdir(parents=True, exist_ok=True)


def base_arguments(settings: Settings) -> list[str]:
    """What every invocation of dbt is told: where things are, and to keep values out of logs."""
    return [
        "--project-dir",
        str(settings.dbt_project_dir),
        "--profiles-dir",
        str(PROJECT_ROOT),
        "--target-path",
        str(settings.dbt_target_dir),
        "--log-path",
        str(settings.log_dir),
        # dbt's file log would quote values of failing rows; ours (logs.py) says what matters.
        "--log-level-file",
        "none",
        "--log-level",
        "none",
        "--no-version-check",
        "--no-use-colors",
    ]


def project_fingerprint(settings: Settings) -> str:
    """A hash over all that a parse depends on: files, versions, variables of the environment.

    Where the data folder is, which only profiles.yml asks for, does not count.

    Raises:
        UserError: a file is not in UTF-8; dbt would not say which.
    """
    rendered = [path for path in _watched(settings) if path.suffix in RENDERED_SUFFIXES]
    asked = {name for path in rendered for name in ENVIRONMENT_READ.findall(_text(path))}
    variables = [f"{name}={os.environ.get(name)}" for name in sorted(asked)]
    parts = (files_fingerprint(settings), *map(version, PARSED_BY), *variables)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def files_fingerprint(settings: Settings) -> str:
    """A hash over the project's files: models, policy, macros and what describes them.

    Where the project stands does not count.
    """
    digest = hashlib.sha256()
    root = settings.dbt_project_dir
    named = [(path.relative_to(root), path) for path in _watched(settings)]
    for name, path in [*named, (Path("profiles.yml"), PROJECT_ROOT / "profiles.yml")]:
        stat = path.stat()
        digest.update(f"{name}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not in UTF-8 (byte {error.start + 1}). Save it as UTF-8."
        ) from error


def _watched(settings: Settings) -> list[Path]:
    root = settings.dbt_project_dir
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix in WATCHED_SUFFIXES and "target" not in path.relative_to(root).parts
    )


@cache
def parse(settings: Settings) -> Any:
    """Parse the project once per process, and only when files have changed.

    Returns:
        dbt's manifest object, to be passed to later invocations.

    Raises:
        UserError: the project does not parse; the message is dbt's own, naming file and line.
    """
    from dbt.cli.main import dbtRunner

    prepare_environment(settings)
    _keep_listed(settings)
    if manifest := _parsed_before(settings):
        return _at_its_place(manifest, settings)
    settings.dbt_target_dir.mkdir(parents=True, exist_ok=True)
    # What changes meanwhile is not what was parsed, and what a killed parse leaves is nothing.
    fingerprint = project_fingerprint(settings)
    marker = settings.dbt_target_dir / "fingerprint"
    marker.unlink(missing_ok=True)
    command = ["parse", *base_arguments(settings)]
    be_lean()
    remember_times()
    with _no_data_folder():
        result = dbtRunner().invoke(command)
        if not result.success:
            # A partial parse may trip over what an upgrade has changed; a whole one decides.
            _left_by_parse(settings).unlink(missing_ok=True)
            result = dbtRunner().invoke(command)
    if not result.success:
        if cause := of_the_machine(str(result.exception)):
            raise UserError(cause)
        raise UserError(
            f"The dbt project in {settings.dbt_project_dir} does not parse.\n{result.exception}"
        )
    marker.write_text(fingerprint)
    return _at_its_place(result.result, settings)


@contextmanager
def _no_data_folder() -> Iterator[None]:
    """Have dbt parse as if the data folder were nowhere.

    dbt parses everything again when the connection has another path, and the file that it leaves
    would be of use to one data folder only.
    """
    folder = os.environ["C360_DATA_DIR"]
    os.environ["C360_DATA_DIR"] = "data"
    try:
        yield
    finally:
        os.environ["C360_DATA_DIR"] = folder


def _at_its_place(manifest: Any, settings: Settings) -> Any:
    """The manifest with seeds where the project stands now; dbt keeps where they were parsed."""
    for node in manifest.nodes.values():
        if node.resource_type == "seed":
            node.root_path = str(settings.dbt_project_dir)
    return manifest


def _parsed_before(settings: Settings) -> Any:
    """dbt's manifest object as the last parse has left it, None when it would be another one now.

    dbt's partial parse asks every file whether it has changed.
    """
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    left = _left_by_parse(settings)
    if not (_is_parsed(settings) and left.exists()):
        return None
    try:
        manifest = Manifest.from_msgpack(left.read_bytes(), decoder=extended_mashumuro_decoder)
    except Exception:  # dbt, too, begins anew with whatever it can't read
        return None
    manifest.build_flat_graph()
    return manifest


def _keep_listed(settings: Settings) -> None:
    """What dbt can't ask at parse time: which files two folders have."""
    keep_listed(settings.dbt_project_dir)
    keep_tables_listed(settings.dbt_project_dir)


def _left_by_parse(settings: Settings) -> Path:
    return settings.dbt_target_dir / "partial_parse.msgpack"


def parse_ahead(settings: Settings) -> subprocess.Popen[bytes] | None:
    """Have another process parse files that have changed, while this one imports its tools.

    What it leaves, `parse` takes; an error is told there.

    Returns:
        The process to wait for, None when nothing has changed.
    """
    _keep_listed(settings)
    if _is_parsed(settings):
        return None
    places = {
        "C360_DATA_DIR": str(settings.data_dir),
        "C360_DBT_PROJECT_DIR": str(settings.dbt_project_dir),
    }
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        env={**os.environ, **places},
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _is_parsed(settings: Settings) -> bool:
    marker = settings.dbt_target_dir / "fingerprint"
    manifest = settings.dbt_target_dir / "manifest.json"
    if not (manifest.exists() and marker.exists()):
        return False
    return marker.read_text() == project_fingerprint(settings)


def load_manifest(settings: Settings) -> Mapping[str, Any]:
    """dbt's manifest.json of the project as it is now, parsing only when files have changed."""
    _keep_listed(settings)
    if not _is_parsed(settings):
        parse(settings)
    manifest: dict[str, Any] = json.loads((settings.dbt_target_dir / "manifest.json").read_text())
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            node["root_path"] = str(settings.dbt_project_dir)
    attach_singular_tests(manifest)
    return manifest


def attach_singular_tests(manifest: dict[str, Any]) -> None:
    """Give each singular test a model of its own layer, so that Dagster shows it as its check.

    A test under tests/<layer>/ may compare layers. It runs with its layer, so it must not be a
    check of a model of another one, which dagster-dbt would make it when it reads only that one.

    Parameters:
        manifest: dbt's manifest.json, changed in place.
    """
    nodes = manifest["nodes"]
    for node in nodes.values():
        if node["resource_type"] != "test" or node.get("attached_node"):
            continue
        own = [
            nodes[parent]["name"]
            for parent in sorted(node["depends_on"]["nodes"])
            if parent in nodes and nodes[parent]["fqn"][1] == node["fqn"][1]
        ]
        if own:
            meta = node["config"].setdefault("meta", {})
            meta.setdefault("dagster", {}).setdefault("ref", {"name": own[-1]})


def _end_with_parent() -> None:
    """Linux: end when the run that waits for us does, so that nobody writes beside the next one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    _end_with_parent()
    # Nearly all of what a parse makes stays until it ends, so it is seldom looked through.
    gc.set_threshold(100_000)
    parse(Settings.from_env())
