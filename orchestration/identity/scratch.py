"""The identity layer built somewhere else: over events that never happened, by another policy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.errors import UserError
from orchestration.policy import check_policy
from orchestration.progress import reporter
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import connect_writer

IGNORED = shutil.ignore_patterns("target", "logs", "__pycache__")
WITHOUT_YAML = shutil.ignore_patterns("*.yml", "__pycache__")
SUFFIX = "_preview"
ENVIRONMENT = ("C360_DATA_DIR", "C360_SCHEMA_SUFFIX", "C360_SUFFIXED_SCHEMAS")


def copy_project(project_dir: Path, target: Path, policy: Path | None) -> Path:
    """A copy of the dbt project, with policy files of another folder in place of its own.

    Parameters:
        project_dir: the dbt project.
        target: the folder to make.
        policy: a folder with CSV files named as those of seeds/policy; None for none.

    Raises:
        UserError: the folder or a file in it is none that the policy has, or says what can't be
            followed.
    """
    shutil.copytree(project_dir, target, ignore=IGNORED)
    replace_policy(target, policy)
    return target


def copy_identity_layer(
    project_dir: Path, target: Path, policy: Path | None, observations: Path
) -> Path:
    """A dbt project of the identity layer alone, over observations in a Parquet file.

    The layer's own models, macros and seeds, unchanged. What it reads from the conformed layer is
    empty but for identity_observations.

    Parameters:
        project_dir: the dbt project.
        target: the folder to make.
        policy: see `copy_project`.
        observations: Parquet with columns of conformed.identity_observations.
    """
    shutil.copytree(project_dir / "macros", target / "macros", ignore=IGNORED)
    # Without tests and comments, which would take most of the time and change no row.
    for folder in ("models/identity", "seeds/policy"):
        shutil.copytree(project_dir / folder, target / folder, ignore=WITHOUT_YAML)
    for path in sorted((project_dir / "seeds" / "policy").glob("*.yml")):
        seeds = yaml.safe_load(path.read_text())["seeds"]
        bare = [{"name": seed["name"], "config": seed["config"]} for seed in seeds]
        text = yaml.safe_dump({"version": 2, "seeds": bare})
        (target / "seeds" / "policy" / path.name).write_text(text)
    shutil.copy(project_dir / "dbt_project.yml", target)
    replace_policy(target, policy)
    conformed = target / "models" / "conformed"
    conformed.mkdir()
    for path in sorted((project_dir / "models" / "conformed").glob("*.yml")):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            (conformed / f"{model['name']}.sql").write_text(_stand_in(model, observations))
    return target


def _stand_in(model: dict[str, Any], observations: Path) -> str:
    filled = model["name"] == "identity_observations"
    columns = ",\n    ".join(
        f"cast({c['name'] if filled else 'null'} as {c['data_type']}) as {c['name']}"
        for c in model["columns"]
    )
    source = f"from read_parquet('{observations}')" if filled else "where false"
    config = "{{ config(materialized='view', contract={'enforced': false}) }}"
    return f"{config}\n\nselect\n    {columns}\n{source}\n"


def replace_policy(project_dir: Path, policy: Path | None) -> None:
    """Put the CSV files of a folder in place of the project's and check the policy they make."""
    if policy is not None:
        if not policy.is_dir():
            raise UserError(f"{policy} is not a folder. Give one with identity_namespaces.csv.", 2)
        own = project_dir / "seeds" / "policy"
        files = sorted(policy.glob("*.csv"))
        strangers = [path.name for path in files if not (own / path.name).exists()]
        if strangers or not files:
            what = f"{strangers[0]} in {policy} is" if strangers else f"{policy} has"
            raise UserError(
                f"{what} no policy file. They are named as in seeds/policy, for example "
                "identity_namespaces.csv.",
                2,
            )
        for path in files:
            shutil.copy(path, own / path.name)
    check_policy(project_dir)


def build(settings: Settings, step: str, arguments: Sequence[str]) -> None:
    """Run `dbt build` without tests and say how far it is.

    Parameters:
        settings: where; see `elsewhere`.
        step: what it is called while it runs.
        arguments: selection.

    Raises:
        UserError: a model could not be built.
    """
    reporter().begin(step)
    manifest = load_manifest(settings)
    total = sum(n["resource_type"] in ("model", "seed") for n in manifest["nodes"].values())
    failed = []
    without = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    for result in run_dbt(settings, ["build", *arguments, *without]):
        reporter().advance(step, result.unique_id.split(".")[2], total)
        if result.is_failure:
            failed.append(result)
    if failed:
        name = failed[0].unique_id.split(".")[2]
        raise UserError(f"The {step} can't be built: {name}: {failed[0].message[:300]}")
    reporter().end(step, "built")


@contextmanager
def elsewhere(
    schema_suffix: str = "", schemas: Sequence[str] = ("policy", "identity")
) -> Iterator[None]:
    """Leave the environment and dbt's connections as they were found.

    Parameters:
        schema_suffix: what some schemas get added to their names meanwhile.
        schemas: which schemas.
    """
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    if schema_suffix:
        os.environ["C360_SCHEMA_SUFFIX"] = schema_suffix
        os.environ["C360_SUFFIXED_SCHEMAS"] = " ".join(schemas)
    try:
        yield
    finally:
        close_connections()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@dataclass(frozen=True)
class PreviewSettings(Settings):
    """The same data folder, with a place of its own for what dbt writes."""

    @property
    def dbt_target_dir(self) -> Path:
        """dbt's files of the preview; those of the runs stay as they are."""
        return self.data_dir / "preview" / "dbt_target"


@contextmanager
def previewed(
    settings: Settings, policy: Path | None, schemas: Sequence[str], selection: Sequence[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """What the policy as it is now would make of the last run's rows, built beside them.

    It stands in schemas of its own, named with SUFFIX, and is removed again at the end. The caller
    holds the writer lock.

    Parameters:
        settings: paths.
        policy: see `copy_project`.
        schemas: those that are made a second time.
        selection: dbt's options that say which nodes.

    Yields:
        A connection to the warehouse, which has both.

    Raises:
        UserError: the policy can't be followed.
    """
    folder = settings.data_dir / "preview"
    shutil.rmtree(folder / "project", ignore_errors=True)
    project = copy_project(settings.dbt_project_dir, folder / "project", policy)
    preview = PreviewSettings(settings.data_dir, settings.landing_dir, project)
    try:
        with elsewhere(SUFFIX, schemas):
            _drop_preview(settings, schemas)
            build(preview, "preview", selection)
        reporter().begin("compare")
        with connect_writer(settings) as con:
            yield con
    finally:
        _drop_preview(settings, schemas)


def _drop_preview(settings: Settings, schemas: Sequence[str]) -> None:
    with connect_writer(settings) as con:
        for schema in schemas:
            con.execute(f"drop schema if exists {schema}{SUFFIX} cascade")
