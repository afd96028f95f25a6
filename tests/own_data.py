"""What docs/own-data.md tells a user to do, done in a copy of the dbt project."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import yaml

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

EXAMPLE = PROJECT_ROOT / "examples" / "composite_cdnow_febrl"
PAGE = PROJECT_ROOT / "docs" / "own-data.md"


def blocks(language: str) -> list[str]:
    """The page's fenced blocks in one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), flags=re.S | re.M)


def project_copy(target: Path) -> Path:
    """A copy of the dbt project without what dbt leaves behind."""
    target.mkdir(parents=True)
    kept = [str(p) for p in DBT_PROJECT_DIR.iterdir() if p.name not in ("target", "logs")]
    # A thousand small files, which the system's own tool copies sooner.
    subprocess.run(["cp", "-a", *kept, str(target)], check=True)
    return target


def add_example(project: Path) -> None:
    """Copy the example's staging folders into a project."""
    shutil.copytree(EXAMPLE / "models", project / "models", dirs_exist_ok=True)


def connect_sources(project: Path) -> None:
    """Type into dbt_project.yml what the page says, read from the page."""
    addition = next(block for block in blocks("yaml") if "entity_sources" in block)
    path = project / "dbt_project.yml"
    content = yaml.safe_load(path.read_text())
    for entity, models in yaml.safe_load(addition)["vars"]["entity_sources"].items():
        content["vars"]["entity_sources"][entity] += models
    path.write_text(yaml.safe_dump(content, sort_keys=False))
