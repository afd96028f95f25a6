"""Rows of the seed given_name_variants that come from the list of the library `nicknames`.

`python -m tests.identity.given_names` writes them again after an update of the library. The rows
that were written by hand stand first and are left as they are.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import defaultdict
from importlib.metadata import version
from importlib.resources import files

from orchestration.settings import DBT_PROJECT_DIR

SEED = DBT_PROJECT_DIR / "seeds" / "policy" / "given_name_variants.csv"
COLUMNS = ("variant", "given_name", "comment")
COMMENT = "English; from the list nicknames."


def by_hand() -> list[dict[str, str]]:
    """The rows of the seed that don't come from the library."""
    with SEED.open(newline="", encoding="utf-8") as handle:
        return [row for row in csv.DictReader(handle) if row["comment"] != COMMENT]


def from_library() -> list[dict[str, str]]:
    """A row per short form that the library knows of one name, and that no row by hand decides.

    A short form of several names, such as Al, says nothing of which: such a row would be a guess.
    """
    listed = csv.DictReader(
        io.StringIO((files("nicknames") / "names.csv").read_text(encoding="utf-8"))
    )
    names_of: dict[str, set[str]] = defaultdict(set)
    for row in listed:
        if row["name1"].isalpha() and row["name2"].isalpha():
            names_of[row["name2"]].add(row["name1"])
    decided = {_plain(row["variant"]): _plain(row["given_name"]) for row in by_hand()}
    formal = set(decided.values())
    only = {
        variant: min(names)
        for variant, names in names_of.items()
        if len(names) == 1 and variant not in decided and variant not in formal
    }
    found = {variant: _end_of(variant, {**only, **decided}) for variant in only}
    return [
        {"variant": variant.title(), "given_name": name.title(), "comment": COMMENT}
        for variant, name in sorted(found.items())
        if name != variant
    ]


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()


def _end_of(name: str, names: dict[str, str]) -> str:
    """The name at the end of a chain of variants; of a circle of names, the first one."""
    passed = [name]
    while (following := names.get(passed[-1])) is not None:
        if following in passed:
            return min(passed[passed.index(following) :])
        passed.append(following)
    return passed[-1]


def text() -> str:
    """The seed's file as text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(by_hand())
    writer.writerows(from_library())
    return out.getvalue()


if __name__ == "__main__":
    SEED.write_text(text(), encoding="utf-8")
    print(f"{SEED}: {len(from_library())} rows from nicknames {version('nicknames')}")
