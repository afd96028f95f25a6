"""`c360 source remove`: takes back what `source add` wrote, and what was edited in it since."""

from __future__ import annotations

from pathlib import Path

from orchestration.errors import UserError
from orchestration.project_files import editing, project_yaml, write_all, yaml_text
from orchestration.settings import Settings
from orchestration.sources.entities import WITHOUT_SOURCE


def files_of_source(project_dir: Path, name: str) -> list[Path]:
    """The files of a source below `models/staging`, in order of name.

    Parameters:
        project_dir: the dbt project.
        name: the source's name.

    Raises:
        UserError: there is no such source.
    """
    folder = project_dir / "models" / "staging" / name
    found = [*folder.glob(f"_{name}__*.yml"), *folder.glob(f"stg_{name}__*")]
    if not found or folder.parent != project_dir / "models" / "staging":
        raise UserError(f"There is no source {name[:60]} below {folder.parent}.", 2)
    return sorted(found)


def remove_source(settings: Settings, name: str) -> list[Path]:
    """Remove a source's declaration, its staging models and their place in the project.

    What was loaded of it leaves the tables with the next run. One that was killed is done again.

    Parameters:
        settings: paths; the dbt project is written to.
        name: the source's name.

    Returns:
        The files that were removed.

    Raises:
        UserError: there is no such source, or it is the only one of an entity.
    """
    project = settings.dbt_project_dir / "dbt_project.yml"
    with editing(settings.dbt_project_dir):
        files = files_of_source(settings.dbt_project_dir, name)
        write_all(settings.dbt_project_dir, {project: _without(project, name)})
        for path in files:
            path.unlink()
        if not any(files[0].parent.iterdir()):
            files[0].parent.rmdir()
    return files


def _without(project: Path, name: str) -> str:
    yaml = project_yaml()
    content = yaml.load(project.read_text(encoding="utf-8"))
    fed = content["vars"]["entity_sources"]
    ours = f"stg_{name}__"
    alone = [e for e, models in fed.items() if models and all(m.startswith(ours) for m in models)]
    for entity in WITHOUT_SOURCE & {*alone}:
        del fed[entity]
    if alone := [e for e in alone if e not in WITHOUT_SOURCE]:
        raise UserError(
            f"{name} is the only source of {', '.join(alone)}, and the models over them need one. "
            "Add another source of these first.",
            2,
        )
    for models in fed.values():
        for position in reversed(range(len(models))):
            if not models[position].startswith(ours):
                continue
            # What stands behind the last item belongs behind the one that is last then.
            trailing = models.ca.items.pop(position, None)
            del models[position]
            if trailing and position and position == len(models):
                models.ca.items[position - 1] = trailing
    return yaml_text(yaml, content)
