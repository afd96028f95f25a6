"""The seed calling_codes, made from the metadata of the library `phonenumbers`.

`python -m tests.identity.calling_codes` writes it again after an update of the library.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from orchestration.settings import DBT_PROJECT_DIR

SEED = DBT_PROJECT_DIR / "seeds" / "policy" / "calling_codes.csv"
COLUMNS = (
    "country_code",
    "calling_code",
    "is_main_country",
    "international_prefix",
    "trunk_prefix",
    "trunk_pattern",
    "trunk_replacement",
    "is_trunk_ambiguous",
    "number_pattern",
    "number_lengths",
    "local_lengths",
    "comment",
)


def starts(pattern: str, length: int) -> set[str]:
    """The texts of at most `length` digits with which a match of the pattern can start."""
    return {text[:length] for text in _starts(sre.parse(pattern), length)}


def _starts(items: Iterable[Any], length: int) -> set[str]:
    found = {""}
    for kind, argument in items:
        if kind is op.LITERAL:
            nexts = {chr(argument)}
        elif kind is op.IN:
            nexts = {d for d in "0123456789" if re.fullmatch(_char_class(argument), d)}
        elif kind is op.BRANCH:
            nexts = set().union(*(_starts(branch, length) for branch in argument[1]))
        elif kind is op.SUBPATTERN:
            nexts = _starts(argument[3], length)
        elif kind is op.MAX_REPEAT:
            least, most, inner = argument
            once = _starts(inner, length)
            counts = range(least, min(most, max(least, length)) + 1)
            nexts = set().union(*(_repeated(once, count, length) for count in counts))
        else:
            raise ValueError(f"{kind} does not occur in number patterns so far")
        found = {(a + b)[:length] if len(a) < length else a for a in found for b in nexts}
    return found


def _repeated(once: set[str], count: int, length: int) -> set[str]:
    found = {""}
    for _ in range(min(count, length)):
        found = {(a + b)[:length] for a in found for b in once}
    return found


def _char_class(argument: Any) -> str:
    parts = []
    for kind, value in argument:
        if kind is op.LITERAL:
            parts.append(chr(value))
        elif kind is op.RANGE:
            parts.append(f"{chr(value[0])}-{chr(value[1])}")
        else:
            parts.append("0-9")
    return f"[{''.join(parts)}]"


def rows() -> list[dict[str, str]]:
    """One row per region of the library, and per calling code of no country (+800 and such)."""
    countries = [
        (region, code, PhoneMetadata.metadata_for_region(region), place == 0)
        for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
        for place, region in enumerate(regions)
        if region != "001"
    ]
    others = [
        (f"+{code}", code, PhoneMetadata.metadata_for_nongeo_region(code), True)
        for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
        if regions == ("001",)
    ]
    return [_row(*country) for country in sorted(countries, key=lambda c: c[0]) + others]


def _row(country: str, code: int, metadata: Any, is_main: bool) -> dict[str, str]:
    desc = metadata.general_desc
    trunk = metadata.national_prefix_for_parsing or ""
    literal = trunk if trunk.isdigit() else ""
    pattern = "" if literal else trunk
    ambiguous = bool(pattern) or bool(
        literal and literal in starts(desc.national_number_pattern, len(literal))
    )
    regions = [r for r in COUNTRY_CODE_TO_REGION_CODE[code] if r != country]
    comment = "Of no country." if country.startswith("+") else ""
    if regions and not comment:
        which = "The main country of" if is_main else f"Its main country is {regions[0]};"
        comment = f"{which} a calling code shared with {' '.join(regions)}."
        if not is_main:
            comment = f"Shares the calling code of {regions[0]}."
    replacement = (metadata.national_prefix_transform_rule or "") if pattern else ""
    return {
        "country_code": country,
        "calling_code": str(code),
        "is_main_country": str(is_main).lower(),
        "international_prefix": _digits(metadata.international_prefix or ""),
        "trunk_prefix": literal,
        "trunk_pattern": _digits(pattern),
        "trunk_replacement": replacement,
        "is_trunk_ambiguous": str(ambiguous).lower(),
        "number_pattern": _digits(desc.national_number_pattern),
        "number_lengths": _lengths(desc.possible_length),
        "local_lengths": _lengths(desc.possible_length_local_only),
        "comment": comment,
    }


def _digits(pattern: str) -> str:
    return re.sub(r"\\d(?!\])", "[0-9]", pattern).replace(r"\d", "0-9")


def _lengths(lengths: Iterable[int]) -> str:
    # Two digits each, so that one is found in the text without a split.
    return " ".join(f"{length:02d}" for length in lengths)


def text() -> str:
    """The seed's file as text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows())
    return out.getvalue()


if __name__ == "__main__":
    SEED.write_text(text())
    print(f"{SEED}: {len(rows())} rows, phonenumbers {phonenumbers.__version__}")
