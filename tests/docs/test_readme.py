"""The README's commands exist and do what it says, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company

PAGES = [PROJECT_ROOT / "README.md", PROJECT_ROOT / "CONTRIBUTING.md"]
PAGES += sorted(
    page
    for folder in ("docs", "benchmarks", "examples")
    for page in (PROJECT_ROOT / folder).rglob("*.md")
)


def commands(page: Path) -> list[str]:
    """The lines of a page's bash blocks, without comments."""
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text(), flags=re.S)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT_ROOT / "Makefile").read_text(), flags=re.M))
    used = set()
    for page in PAGES:
        written_as_code = "\n".join(
            [*commands(page), *re.findall(r"`([^`\n]+)`", page.read_text())]
        )
        used |= set(re.findall(r"\bmake ([a-z]+)\b", written_as_code))
    assert {"run", "test", "ui", "dashboard", "check"} <= used
    assert used - targets == set()


def test_every_c360_command_exists() -> None:
    from typer.main import get_command

    from orchestration.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    for page in PAGES:
        used = set(re.findall(r"\bc360 ([a-z]+)\b", page.read_text()))
        assert used <= known, (page, used - known)


def test_make_run_is_demo_and_run() -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "run"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "c360 demo --if-missing" in shown and "c360 run" in shown


def test_readme_commands_work(finished_company: Company) -> None:
    """Those that end by themselves and need no minutes; run and demo made the company itself."""
    ran = []
    for line in commands(PROJECT_ROOT / "README.md"):
        if line.startswith(
            (".venv/bin/c360 query", ".venv/bin/c360 status", ".venv/bin/c360 value")
        ):
            result = finished_company.c360(*shlex.split(line)[1:])
            assert result.returncode == 0, result.stderr
            assert result.stdout
            ran.append(line)
    assert len(ran) >= 3


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(PROJECT_ROOT)) for p in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", page.read_text()):
        found = page.parent / target if target else page
        assert found.exists(), f"{page} links to {target}"
        assert not anchor or anchor in anchors(found), f"{page} links to {target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in a link."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in headings}


def test_pages_that_code_names_are_there() -> None:
    """An error that names a page, a comment, a description of a model.

    Pages of contracts are generated, hence in no fresh clone."""
    named = {
        (str(path.relative_to(PROJECT_ROOT)), page)
        for folder in ("orchestration", "dbt_project", "tests", "benchmarks", "deploy")
        for path in (PROJECT_ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sql", ".yml", ".csv", ".jinja") and "target" not in path.parts
        for page in re.findall(r"\b(?:docs|benchmarks)/(?!contracts/)[\w/-]+\.md", path.read_text())
    }
    assert len(named) > 20
    assert {entry for entry in named if not (PROJECT_ROOT / entry[1]).exists()} == set()


def test_summary_is_worth_reading(finished_company: Company) -> None:
    """The run that made the company ended with what the README promises."""
    text = finished_company.settings.data_dir.joinpath("first_run.txt").read_text()
    for promise in ("Set aside, and why", "people", "decile", "segment", "checks passed"):
        assert promise in text
    assert "Where to look next" in text and "Traceback" not in text
