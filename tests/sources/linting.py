"""dbt, sqlfluff and yamllint over generated files, as `make check` calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT_ROOT, Settings


def parse(settings: Settings) -> Any:
    """dbt's manifest of a project."""
    target = settings.data_dir / "dbt_target"
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")), "parse", "--no-version-check",
            "--project-dir", str(settings.dbt_project_dir), "--profiles-dir", str(PROJECT_ROOT),
            "--target-path", str(target), "--log-path", str(settings.data_dir / "logs"),
        ],
        env={"C360_DATA_DIR": str(settings.data_dir), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((target / "manifest.json").read_text())


def lint(folder: Path) -> str:
    """What sqlfluff and yamllint say about the new folders of staging; nothing is good."""
    known = {p.name for p in (PROJECT_ROOT / "dbt_project/models/staging").iterdir()}
    new = [str(p) for p in sorted(folder.iterdir()) if p.is_dir() and p.name not in known]
    tools = Path(sys.executable)
    said = ""
    for command in (
        [str(tools.with_name("sqlfluff")), "lint", "--disable-progress-bar", "--config",
         str(PROJECT_ROOT / "pyproject.toml"), *new],
        [str(tools.with_name("yamllint")), "--strict", *new],
    ):  # fmt: skip
        done = subprocess.run(
            command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
        )
        said += done.stdout + done.stderr if done.returncode else ""
    return said
