"""What is counted about the structure of the project: macros, rooms, pages, compiled SQL."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.structure.imports import closing, imports_in

PACKAGE = PROJECT_ROOT / "orchestration"
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)\s*\(")
ENGINES = ("duckdb__", "default__", "spark__")
CALLED_BY_DBT = {
    "generate_schema_name", "get_incremental_reached_sql", "py_write_table", "should_full_refresh",
}  # fmt: skip
"""Macros whose names dbt knows; the project itself never calls them."""
WORDS_OF_A_PAGE = 2_000
WRITTEN_TWICE = 2.0
"""A model that compiles to more than so many times what stands in git hides its SQL."""


def public_macros() -> dict[str, Path]:
    """Macros that a model may call, and the file of each; without those of one engine."""
    return {
        name: path
        for path in sorted((DBT_PROJECT_DIR / "macros").rglob("*.sql"))
        for name in MACRO.findall(path.read_text())
        if not name.startswith(("_", *ENGINES))
    }


def macros_called_once() -> list[str]:
    """Public macros with one place, or none, that calls them."""
    roots = [DBT_PROJECT_DIR, PACKAGE, PROJECT_ROOT / "sql_templates", PROJECT_ROOT / "examples"]
    called: Counter[str] = Counter()
    for text in _texts(roots, (".sql", ".yml", ".jinja", ".py")):
        # A definition is no call.
        called.update(re.findall(r"\b(\w+)\s*\(", MACRO.sub("", text)))
        # A hook or a strategy of dbt is named in a text.
        called.update(re.findall(r"adapter\.dispatch\(\s*['\"](\w+)", text))
    return sorted(n for n in public_macros() if n not in CALLED_BY_DBT and called[n] <= 1)


def imports_that_close_a_cycle() -> list[str]:
    """Imports by which a package imports itself by way of others."""
    return closing(imports_in(PROJECT_ROOT))


def largest_package() -> tuple[str, float]:
    """The package with most lines, and its share of all lines of `orchestration`, in per cent."""
    lines: Counter[str] = Counter()
    for path in PACKAGE.rglob("*.py"):
        first = path.relative_to(PACKAGE).parts[0]
        lines[first.removesuffix(".py")] += len(path.read_text().splitlines())
    [(name, most)] = lines.most_common(1)
    return name, round(100 * most / lines.total(), 1)


def long_pages() -> dict[str, int]:
    """Pages with more words than a newcomer reads at once, and their words."""
    pages = [*PROJECT_ROOT.glob("*.md"), *(PROJECT_ROOT / "docs").rglob("*.md")]
    pages += (PROJECT_ROOT / "benchmarks").glob("*.md")
    words = {str(p.relative_to(PROJECT_ROOT)): len(p.read_text().split()) for p in pages}
    return {page: count for page, count in sorted(words.items()) if count > WORDS_OF_A_PAGE}


def files_per_column() -> float:
    """Models of staging and conformed in which a column of customer records stands, on average."""
    contract = DBT_PROJECT_DIR / "models" / "conformed" / "customer_records.yml"
    columns = re.findall(r"^      - name: (\w+)$", contract.read_text(), flags=re.M)
    texts = list(
        _texts(
            [DBT_PROJECT_DIR / "models" / layer for layer in ("staging", "conformed")], (".sql",)
        )
    )
    found = [sum(bool(re.search(rf"\b{c}\b", text)) for text in texts) for c in columns]
    return round(sum(found) / len(found), 1)


def models_that_grow(compiled: Path) -> dict[str, float]:
    """Models that compile to more than twice their lines, and how many times as many.

    Parameters:
        compiled: dbt's folder of compiled models, e.g. target/compiled/customer_360/models.
    """
    grown: dict[str, float] = {}
    for path in sorted((DBT_PROJECT_DIR / "models").rglob("*.sql")):
        made = compiled / path.relative_to(DBT_PROJECT_DIR / "models")
        if made.exists():
            times = _lines_of_sql(made) / _lines_of_sql(path)
            grown |= {path.stem: round(times, 1)} if times > WRITTEN_TWICE else {}
    return grown


def counts() -> Mapping[str, float]:
    """Every count that needs no compiled model, by the name under which limits.yml limits it."""
    return {
        "public_macros": len(public_macros()),
        "macros_called_once": len(macros_called_once()),
        "imports_that_close_a_cycle": len(imports_that_close_a_cycle()),
        "largest_package_percent": largest_package()[1],
        "pages_over_2000_words": len(long_pages()),
        "files_per_column_of_customer_records": files_per_column(),
    }


def _lines_of_sql(path: Path) -> int:
    text = re.sub(r"{#.*?#}|/\*.*?\*/", "", path.read_text(), flags=re.S)
    lines = (line.strip() for line in text.splitlines())
    return sum(bool(line) and not line.startswith("--") for line in lines)


def _texts(roots: list[Path], suffixes: tuple[str, ...]) -> Iterator[str]:
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.suffix not in suffixes or "target" in path.parts:
                continue
            # What Python writes into a model stands in its texts.
            yield "\n".join(_constants(path)) if path.suffix == ".py" else path.read_text()


def _constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
