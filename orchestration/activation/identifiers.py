"""Identifiers in the form that a platform matches: normalised, then hashed, as SQL.

A platform finds a person again only where both sides spell and hash an identifier alike. How each
platform wants each field is a row of `identifier_formats.csv`: the steps in their order and the
output. A format has a version, which stays with what was sent: what left under an old version is
removed in the form in which it left.

Sources of the formats: the platforms' pages on customer match as of autumn 2026.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestration.activation.telephones import phone, phone_refusals
from orchestration.errors import UserError
from orchestration.ingest.sql import literal, quoted
from orchestration.segments.catalogue import nearest

FORMATS = Path(__file__).with_name("identifier_formats.csv")
BLANKS = r"[\s\pZ]"
CALLING_CODES = "policy.calling_codes"
"""The relation with a row per country: country_code, calling_code, prefixes, lengths, pattern."""

# A step is an expression over {v}, a text that is trimmed and in NFC, and {country}, two letters.
CHANGES: Mapping[str, str] = {
    "lower": "lower({v})",
    "upper": "upper({v})",
    "no_space": f"regexp_replace({{v}}, '{BLANKS}', '', 'g')",
    "no_punctuation": r"trim(regexp_replace({v}, '[\pP\pS]', '', 'g'))",
    "letters_only": r"regexp_replace({v}, '[^\pL\pM]', '', 'g')",
    "no_accents": "strip_accents({v})",
    "no_at": "ltrim({v}, '@')",
    "no_dash": "replace({v}, '-', '')",
    "first_five_in_us": "case when {country} = 'US' then left({v}, 5) else {v} end",
    "gmail": r"case when regexp_full_match({v}, '[^@]*@(gmail|googlemail)\.com') "
    "then replace(split_part(split_part({v}, '@', 1), '+', 1), '.', '') || '@' "
    "|| split_part({v}, '@', -1) else {v} end",
    "no_plus_suffix": r"regexp_replace({v}, '\+[^@\s\pZ]*@', '@')",
    "plus": "'+' || {v}",
    "gender": "case when lower({v}) in ('f', 'female') then 'f' "
    "when lower({v}) in ('m', 'male') then 'm' end",
    "birth_month": "lpad({v}, 2, '0')",
    "birth_day": "lpad({v}, 2, '0')",
}
"""What each step makes of a value."""
# Looked at before the step's change: (when, reason), the first that holds counts.
REFUSALS: Mapping[str, Sequence[tuple[str, str]]] = {
    "no_inner_space": [(f"regexp_matches({{v}}, '{BLANKS}')", "inner_space")],
    "email": [
        ("{v} like '@%'", "empty_after_normalise"),
        (
            r"not regexp_full_match({v}, '[^@\s\pZ]+@[^@\s\pZ.]+(\.[^@\s\pZ.]+)+')",
            "not_an_email",
        ),
    ],
    "starts_alphanumeric": [("regexp_matches({v}, '^[^a-z0-9@]')", "not_an_email")],
    "country": [(r"not regexp_full_match({v}, '[A-Za-z]{{2}}')", "not_a_country")],
    "two_letters": [(r"not regexp_full_match({v}, '[a-z]{{2}}')", "not_two_letters")],
    "gender": [("lower({v}) not in ('f', 'female', 'm', 'male')", "unknown_gender")],
    "birth_year": [(r"not regexp_full_match({v}, '(19|20)[0-9]{{2}}')", "not_a_year")],
    "birth_month": [("not regexp_full_match({v}, '0?[1-9]|1[0-2]')", "not_a_month")],
    "birth_day": [("not regexp_full_match({v}, '0?[1-9]|[12][0-9]|3[01]')", "not_a_day")],
}
"""What each step refuses, with the reason."""
OUTPUTS: Mapping[str, str] = {
    "sha256_hex": "sha256({v})",
    "sha256_base64": "base64(unhex(sha256({v})))",
    "plain": "{v}",
}
HASHED = r"[0-9a-fA-F]{{64}}|[0-9a-fA-F]{{32}}|[A-Za-z0-9+/]{{43}}="
"""What looks like a hash already; hashing it again would match nobody."""


@dataclass(frozen=True)
class Format:
    """How a platform wants a field.

    Attributes:
        platform, version, field: which.
        steps: names of the steps, in order.
        output: how the normalised value leaves: sha256_hex, sha256_base64 or plain.
    """

    platform: str
    version: str
    field: str
    steps: tuple[str, ...]
    output: str

    @property
    def name(self) -> str:
        """Platform, field and version as files write it: `meta.email@1`."""
        return f"{self.platform}.{self.field}@{self.version}"


@dataclass(frozen=True)
class Identifier:
    """A column that leaves as an identifier.

    Attributes:
        name: the result's column; its reason is `<name>_reason`.
        value: the column of the relation that holds the raw text.
        format: how it leaves.
        country: the column with the country's two letters; null where it is not known.
        is_hashed: the raw text is a hash already, and leaves lower case.
    """

    name: str
    value: str
    format: Format
    country: str | None = None
    is_hashed: bool = False


@cache
def formats() -> Mapping[tuple[str, str, str], Format]:
    """All formats by platform, field and version."""
    with FORMATS.open(newline="", encoding="utf-8") as handle:
        rows = [
            Format(r["platform"], r["version"], r["field"], tuple(r["steps"].split()), r["output"])
            for r in csv.DictReader(handle)
        ]
    return {(r.platform, r.field, r.version): r for r in rows}


def format_of(name: str) -> Format:
    """The format that a file names.

    Parameters:
        name: `platform.field` for the newest version, or `platform.field@version`.

    Raises:
        UserError: there is none; it says the nearest.
    """
    wanted, _, version = name.partition("@")
    platform, _, field = wanted.partition(".")
    found = [f for (p, n, _), f in formats().items() if (p, n) == (platform, field)]
    if version:
        found = [f for f in found if f.version == version]
    if found:
        return max(found, key=lambda f: f.version)
    known = sorted({f"{f.platform}.{f.field}" for f in formats().values()} | {
        f.name for f in formats().values()
    })  # fmt: skip
    raise UserError(f"There is no identifier format '{name}'{nearest(name, known)}.", 2)


def identifiers_sql(
    relation: str,
    keep: Sequence[str],
    identifiers: Sequence[Identifier],
    calling_codes: str = CALLING_CODES,
) -> str:
    """A select with the identifiers in the form in which they leave.

    Parameters:
        relation: what is selected from.
        keep: its columns that the result has as they are.
        identifiers: the columns to normalise.
        calling_codes: the relation with the countries' telephone numbers.

    Returns:
        SQL. Per identifier a column `<name>`, null where the value is refused or missing, and
        `<name>_reason`: missing, already_hashed, not_hashed, empty_after_normalise, no_country or
        a reason of a step; null where the value leaves.
    """
    columns = [quoted(column) for column in keep]
    raw = [
        f"{_trimmed(quoted(i.value))} as v{n}, "
        f"{f'upper({quoted(i.country)})' if i.country else 'cast(null as varchar)'} as c{n}"
        for n, i in enumerate(identifiers)
    ]
    layers = [f"s0 as (select {', '.join([*columns, *raw])} from {relation})"]
    first = [f"v{n}, c{n}, {_first_reason(i, f'v{n}')} as r{n}" for n, i in enumerate(identifiers)]
    layers.append(f"s1 as (select {', '.join([*columns, *first])} from s0)")
    longest = max(len(_steps(i)) for i in identifiers)
    for place in range(longest):
        layers.append(_layer(place, columns, identifiers, calling_codes))
    last = f"s{longest + 1}"
    done = [
        f"case when r{n} is null then {_output(i).format(v=f'v{n}')} end as {quoted(i.name)}, "
        f"r{n} as {quoted(i.name + '_reason')}"
        for n, i in enumerate(identifiers)
    ]
    return f"with {', '.join(layers)} select {', '.join([*columns, *done])} from {last}"


def _trimmed(value: str) -> str:
    """Without blanks around it, in NFC; of ASCII alone that takes no costly functions."""
    return (
        f"case when strlen({value}) = length({value}) then trim({value}, E' \\t\\n\\r\\f') "
        f"else nfc_normalize(trim(regexp_replace({value}, '^{BLANKS}+|{BLANKS}+$', '', 'g'))) end"
    )


def _steps(identifier: Identifier) -> tuple[str, ...]:
    return () if identifier.is_hashed else identifier.format.steps


def _output(identifier: Identifier) -> str:
    if not identifier.is_hashed:
        return OUTPUTS[identifier.format.output]
    return "{v}" if identifier.format.output == "sha256_base64" else "lower({v})"


def _first_reason(identifier: Identifier, value: str) -> str:
    hashed = f"length({value}) in (32, 44, 64) and regexp_full_match({value}, '{HASHED.format()}')"
    hashes = identifier.format.output != "plain"
    reasons = [f"when coalesce({value}, '') = '' then 'missing'"]
    if identifier.is_hashed and hashes:
        reasons.append(f"when not ({hashed}) then 'not_hashed'")
    elif hashes:
        reasons.append(f"when {hashed} then 'already_hashed'")
    return f"case {' '.join(reasons)} end"


def _layer(
    place: int, columns: Sequence[str], identifiers: Sequence[Identifier], calling_codes: str
) -> str:
    """The step at one place of every identifier; those with fewer steps pass through."""
    selected, joins = [f"s.{column}" for column in columns], ""
    for n, identifier in enumerate(identifiers):
        steps = _steps(identifier)
        value, reason = f"s.v{n}", f"s.r{n}"
        if place < len(steps):
            step = steps[place]
            if step == "phone":
                joins += (
                    f" left join {calling_codes} as k{n} on k{n}.country_code = s.c{n} "
                    f"and s.r{n} is null"
                )
                changed, refusals = phone(f"s.v{n}", f"k{n}"), phone_refusals(f"s.v{n}", f"k{n}")
            else:
                changed = CHANGES.get(step, "{v}").format(v=f"s.v{n}", country=f"s.c{n}")
                refusals = [(w.format(v=f"s.v{n}"), r) for w, r in REFUSALS.get(step, ())]
            whens = " ".join(f"when {when} then {literal(why)}" for when, why in refusals)
            empty = f"when coalesce({changed}, '') = '' then 'empty_after_normalise'"
            reason = f"case when {reason} is not null then {reason} {whens} {empty} end"
            value = changed
        selected.append(f"{value} as v{n}, s.c{n}, {reason} as r{n}")
    return f"s{place + 2} as (select {', '.join(selected)} from s{place + 1} as s{joins})"
