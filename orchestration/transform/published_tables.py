"""The tables of the reporting model, listed for dbt's tests that look at all of them.

dbt can't ask at parse time which files a folder has, and a test must name what it looks at; the
list is written here, whenever it is not what the folder says.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.errors import UserError
from orchestration.project_files import editing, replace_text

FOLDER = Path("models") / "insights"
LISTED_IN = Path("macros") / "published_tables.sql"
LIST = """\
{{#- Written by c360 from the files of models/insights; see docs/extending-insights.md. -#}}
{{% macro published_tables() -%}}
    {{{{ return([
{names}    ]) }}}}
{{%- endmacro %}}
"""


def keep_tables_listed(dbt_project_dir: Path) -> None:
    """Write the list of published tables where it is not what the folder says.

    Parameters:
        dbt_project_dir: the dbt project.

    Raises:
        UserError: the list can't be written.
    """
    if not (dbt_project_dir / FOLDER).is_dir():
        return
    path, text = dbt_project_dir / LISTED_IN, list_text(dbt_project_dir)
    if path.exists() and path.read_text("utf-8") == text:
        return
    try:
        with editing(dbt_project_dir):
            replace_text(path, text)
    except OSError as error:
        raise UserError(
            f"{LISTED_IN} does not list the files of {FOLDER}, and can't be written "
            f"({error.strerror}). Run c360 where the project may be written, and keep the file."
        ) from error


def list_text(dbt_project_dir: Path) -> str:
    """The macro that names the tables.

    Parameters:
        dbt_project_dir: the dbt project.
    """
    files = [p for s in (".sql", ".py") for p in (dbt_project_dir / FOLDER).rglob(f"*{s}")]
    names = "".join(f"        '{name}',\n" for name in sorted(path.stem for path in files))
    return LIST.format(names=names)
