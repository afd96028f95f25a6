"""A proposal kept as a file that people review: what was said of a source, applied again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import UserError

SAID = (
    "tables", "maps", "renames", "formats", "types", "attributes", "namespaces", "currency",
    "set_aside",
)  # fmt: skip
"""What `source add` is told beside name and place, as add_source calls it."""


def save(path: Path, said: Mapping[str, Any], feeds: Mapping[str, Mapping[str, str]]) -> None:
    """Write what was said, and what it made of the source.

    Parameters:
        path: the file; one that is there is replaced.
        said: the options of SAID.
        feeds: the proposal, per model: column and the expression that fills it.
    """
    kept: dict[str, Any] = {k: said[k] for k in SAID if said.get(k)}
    if "formats" in kept:
        kept["formats"] = [list(pair) for pair in kept["formats"]]
    for name in ("tables", "maps"):
        if name in kept:
            kept[name] = (
                list(kept[name]) if name == "tables" else {k: [*v] for k, v in kept[name].items()}
            )
    text = yaml.safe_dump(
        {"said": kept, "feeds": {k: dict(v) for k, v in feeds.items()}},
        sort_keys=False, allow_unicode=True, width=100,
    )  # fmt: skip
    path.write_text(
        "# A proposal of c360 source add. --from applies `said` again, and refuses where the\n"
        f"# data would be read otherwise than `feeds` says.\n{text}",
        encoding="utf-8",
    )


def read(path: Path) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """What a kept file says: the options, and the feeds.

    Raises:
        UserError: the file can't be read, or says what no option does.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise UserError(
            f"{path} can't be read as a kept proposal. Write it with --save.", 2
        ) from None
    said = content.get("said", {}) if isinstance(content, dict) else None
    feeds = content.get("feeds", {}) if isinstance(content, dict) else None
    if not isinstance(said, dict) or not isinstance(feeds, dict) or {*said} - {*SAID}:
        raise UserError(
            f"{path} is no kept proposal. It has `said` ({', '.join(SAID)}) and `feeds`.", 2
        )
    if "formats" in said:
        said["formats"] = [tuple(pair) for pair in said["formats"]]
    return said, feeds


def refuse_other_reading(
    kept: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]
) -> None:
    """Refuse data that would be read otherwise than it was when the proposal was kept.

    Raises:
        UserError: a model or the expression of a column differs.
    """
    differ = sorted({*kept} ^ {*now})
    for model in sorted({*kept} & {*now}):
        names = sorted({*kept[model]} | {*now[model]})
        differ += [f"{model}.{n}" for n in names if kept[model].get(n) != now[model].get(n)]
    if differ:
        raise UserError(
            "The data would be read otherwise than the kept proposal says: "
            f"{', '.join(differ[:6])}. Nothing was written. Look at it with --dry-run and keep it "
            "afresh with --save, or correct the file.",
            2,
        )
