"""A proposal kept as a file that people review: what was said of a source, applied again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import UserError

SAID = (
    "tables", "maps", "renames", "formats", "types", "attributes", "namespaces", "keyed_by",
    "currency", "set_aside",
)  # fmt: skip
"""What `source add` is told beside name and place, as add_source calls it."""
MAPPINGS = ("maps", "renames", "types", "attributes", "namespaces", "keyed_by")


def save(path: Path, said: Mapping[str, Any], feeds: Mapping[str, Mapping[str, str]]) -> None:
    """Write what was said, and what it made of the source.

    Parameters:
        path: the file; one that is there is replaced.
        said: the options of SAID.
        feeds: the proposal, per model: column and the expression that fills it.

    Raises:
        UserError: the file can't be written.
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
    try:
        path.write_text(
            "# A proposal of c360 source add. --from applies `said` again, and refuses where the\n"
            f"# data would be read otherwise than `feeds` says.\n{text}",
            encoding="utf-8",
        )
    except OSError as error:
        raise UserError(f"{path} can't be written ({error.strerror}). Choose another.", 2) from None


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
    said: dict[str, Any] = content.get("said", {}) if isinstance(content, dict) else {}
    feeds: dict[str, Any] = content.get("feeds", {}) if isinstance(content, dict) else {}
    if not isinstance(content, dict) or not _is_kept(said, feeds):
        raise UserError(
            f"{path} is no kept proposal. It has `said` ({', '.join(SAID)}) and `feeds`.", 2
        )
    if "formats" in said:
        said["formats"] = [tuple(pair) for pair in said["formats"]]
    return said, feeds


def _is_kept(said: Any, feeds: Any) -> bool:
    """Whether a file holds what `save` writes, each in its shape."""
    if not isinstance(said, dict) or not isinstance(feeds, dict) or {*said} - {*SAID}:
        return False
    pairs = said.get("formats", [])
    maps = said.get("maps", {})
    return (
        all(isinstance(model, dict) for model in feeds.values())
        and all(isinstance(said.get(n, {}), dict) for n in MAPPINGS)
        and all(isinstance(listed, list) for listed in maps.values())
        and isinstance(said.get("tables", []), list)
        and isinstance(pairs, list)
        and all(isinstance(pair, list) and [*map(type, pair)] == [str, str] for pair in pairs)
        and isinstance(said.get("currency", ""), str)
        and isinstance(said.get("set_aside", 0.0), int | float)
    )


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
