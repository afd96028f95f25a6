"""The segments of a project: a model of `models/segments` each, and what its YAML declares.

dbt can't ask at parse time which files a folder has, so the model that unites the segments lists
them; the list is written here, whenever it is not what the folder says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import UserError
from orchestration.project_files import editing, replace_text

FOLDER = Path("models") / "segments"
LISTED_IN = FOLDER / "membership" / "segment_qualifications.sql"
STATES = ("draft", "active", "inactive")
WORDS = ("id", "title", "purpose", "state", "uses", "keeps_opted_out")
"""What `config.meta.segment` may say."""
NAME = re.compile(r"[a-z][a-z0-9_]{1,62}")
OWNER = r"team:[A-Za-z0-9_.-]+|[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+"
"""The pattern of who answers for a segment, as Dagster takes it."""
NONE_LISTED = """\
    select
        cast(null as string) as profile_id,
        cast(null as string) as segment_name,
        cast(null as string) as reason
    where false
"""
LISTED = """\
    select
        profile_id,
        '{name}' as segment_name,
        {reason}
    from {{{{ ref('{name}') }}}}
"""
LIST = """\
{{#- Written by c360 from the files of models/segments; see docs/segments.md. -#}}
with

qualifications as (
{branches})

select
    profile_id,
    segment_name,
    reason
from qualifications
"""


class UnreadableYamlError(UserError):
    """A YAML of the folder is none, so it can't be told which segments there are."""


@dataclass(frozen=True)
class Segment:
    """A model of `models/segments`.

    Attributes:
        name: of the file, the model and the segment.
        path: its SQL.
        described_in: the YAML that names it; None without one.
        said: what `config.meta.segment` declares; empty without.
        owner: the team that answers for the rule; empty when nobody is named.
        has_reason: whether its YAML lists the column `reason`.
    """

    name: str
    path: Path
    described_in: Path | None
    said: Mapping[str, Any]
    owner: str
    has_reason: bool

    @property
    def state(self) -> str:
        """draft, active or inactive; without a declaration a draft."""
        return str(self.said.get("state") or "active") if self.said else "draft"


def segments_of(dbt_project_dir: Path) -> list[Segment]:
    """The segments of a project, in the order of their names.

    Parameters:
        dbt_project_dir: the dbt project.

    Raises:
        UserError: a file has no name for a segment, or a declaration can't be followed; the message
            names the file.
    """
    folder = dbt_project_dir / FOLDER
    described = {name: (path, model) for path, name, model in _described(folder)}
    found = []
    for path in sorted(folder.glob("*.sql")):
        name = path.stem
        if not NAME.fullmatch(name):
            raise UserError(
                f"{FOLDER / path.name}: the name of a segment has 2 to 63 lower case letters, "
                "digits and underscores, a letter first. Rename the file."
            )
        described_in, model = described.get(name, (None, {}))
        # dbt takes both places.
        config = _mapping(model.get("config"))
        meta = {**_mapping(model.get("meta")), **_mapping(config.get("meta"))}
        said = meta.get("segment") or {}
        if said:
            where = f"{FOLDER / Path(described_in or '').name}: {name}"
            _check(said, where)
            if not re.fullmatch(OWNER, str(meta.get("owner") or "")):
                raise UserError(f"{where}: meta.owner is a team, as team:marketing, or an address.")
        listed = model.get("columns")
        columns = [_mapping(one).get("name") for one in listed] if isinstance(listed, list) else []
        owner = str(meta.get("owner") or "")
        found.append(Segment(name, path, described_in, said, owner, "reason" in columns))
    return found


def keep_listed(dbt_project_dir: Path) -> None:
    """Write the list of active segments where it is not what the folder says.

    Parameters:
        dbt_project_dir: the dbt project.

    Raises:
        UserError: a segment can't be followed, or the list can't be written.
    """
    path = dbt_project_dir / LISTED_IN
    if not path.parent.is_dir():
        return
    try:
        if path.exists() and path.read_text("utf-8") == list_text(dbt_project_dir):
            return
    except UnreadableYamlError:
        return  # what was listed stays, and dbt says what is wrong and where
    try:
        with editing(dbt_project_dir):
            replace_text(path, list_text(dbt_project_dir))
    except OSError as error:
        raise UserError(
            f"{LISTED_IN} does not list the files of {FOLDER}, and can't be written "
            f"({error.strerror}). Run c360 where the project may be written, and keep the file."
        ) from error


def list_text(dbt_project_dir: Path) -> str:
    """The SQL of the model that unites the active segments.

    Parameters:
        dbt_project_dir: the dbt project.
    """
    branches = [
        LISTED.format(
            name=segment.name,
            reason="reason" if segment.has_reason else "cast(null as string) as reason",
        )
        for segment in segments_of(dbt_project_dir)
        if segment.state == "active"
    ]
    return LIST.format(branches="    union all\n".join(branches or [NONE_LISTED]))


def _described(folder: Path) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        try:
            content = yaml.safe_load(path.read_text("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UnreadableYamlError(f"{FOLDER / path.name} can't be read: {error}") from error
        models = content.get("models") if isinstance(content, Mapping) else None
        for model in models if isinstance(models, list) else []:
            if isinstance(model, Mapping):
                yield path, str(model.get("name")), model


def _mapping(said: Any) -> Mapping[str, Any]:
    """What dbt takes for a mapping; of anything else it tells itself."""
    return said if isinstance(said, Mapping) else {}


def _check(said: Any, where: str) -> None:
    if not isinstance(said, Mapping):
        raise UserError(f"{where}: meta.segment is a mapping of {', '.join(WORDS)}.")
    for word in said:
        if word not in WORDS:
            near = get_close_matches(str(word), WORDS, 1)
            raise UserError(
                f"{where}: meta.segment says '{word}', which is none of {', '.join(WORDS)}."
                + (f" Did you mean {near[0]}?" if near else "")
            )
    if not isinstance(said.get("title"), str) or not said["title"].strip():
        raise UserError(f"{where}: meta.segment needs a title, what reports call the segment.")
    if said.get("state") not in (None, *STATES):
        raise UserError(f"{where}: state is {', '.join(STATES)}, and not '{said['state']}'.")
    if not isinstance(said.get("keeps_opted_out", False), bool):
        raise UserError(f"{where}: keeps_opted_out is true or false.")
    uses = said.get("uses") or []
    if not isinstance(uses, list) or not all(isinstance(use, str) for use in uses):
        raise UserError(f"{where}: uses is a list of texts, such as [newsletter].")
    number = said.get("id", 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**31:
        raise UserError(f"{where}: id is a whole number from 0 to 2147483647.")
