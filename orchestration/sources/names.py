"""What a column's or table's name says, in four languages, and names that are safe to generate."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path

import duckdb

ACTIVITIES = ("support_contacts", "interactions", "message_events")
"""Entities whose tables have words of their own for their columns."""
WORDS = Path(__file__).with_name("words.csv")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe"})
# Words that no column may have as a name without quotes: those of SQL dialects that the engine lets
# pass, and the columns that ingest and staging add. The engine's own words are asked of it.
OTHER_RESERVED = frozenset({
    "between", "current_date", "exists", "first", "full", "grant", "is", "left", "like", "natural",
    "over", "right", "set", "user", "values", "source_file", "source_row", "is_deleted", "fault",
    "fault_column", "reject_reason", "reject_column", "source_system",
})  # fmt: skip
# Words that say little at the end of a longer name: unit_number is no id of the row.
VAGUE = frozenset({"id", "name", "status", "date", "amount"})
# Meanings whose words may also begin a name, as in postcode_billing or "unsubscribed from all
# e-mails": their values have a shape to tell by, and they link nobody by themselves.
BEGINNING = frozenset({"postal_code", "opt_out"})
# Words that turn a consent into its contrary, wherever in the name they stand.
DENYING = frozenset(
    ["no", "not", "never", "without", "stop", "kein", "keine", "keinen", "nicht", "ohne", "nie",
     "geen", "niet", "zonder", "pas", "non", "sans", "jamais", "sin", "nunca", "senza", "mai",
     "niente", "nessun", "nessuna", "sem", "nao", "ingen", "brak"]
)  # fmt: skip


@cache
def reserved() -> frozenset[str]:
    """Names that a source, table or column must not have."""
    with duckdb.connect(":memory:") as con:
        rows = con.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    return OTHER_RESERVED | {str(row[0]) for row in rows}


@dataclass(frozen=True)
class NameMatch:
    """What a name means.

    Attributes:
        means: a semantic type, or an entity for a table's name.
        confidence: 0 to 1.
        reason: in a few words.
    """

    means: str
    confidence: float
    reason: str


def tokens(name: str) -> list[str]:
    """A name as lower-case words without accents: `KundenNr.` is kunden, nr."""
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"IDs\b", "Ids", text)
    text = re.sub(r"([a-z0-9à-ÿ])([A-ZÀ-Þ])", r"\1 \2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    text = text.lower().replace("n°", "numero ").translate(SPELLED_OUT)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"['’]", " ", text)
    return re.findall(r"[a-z0-9]+", text)


def snake_case(name: str, fallback: str = "column") -> str:
    """A name as a safe identifier: lower case, digits and underscores, no word of SQL.

    Parameters:
        name: any text, such as a header cell.
        fallback: what to use when nothing of the name is left.
    """
    made = "_".join(tokens(name))[:40].strip("_") or fallback
    if not made[0].isalpha():
        made = f"{fallback}_{made}"
    return f"{made}_" if made in reserved() else made


def unique_names(names: list[str], fallback: str = "column") -> list[str]:
    """Safe identifiers for a list of names, numbered where two would be alike."""
    made: dict[str, None] = {}
    next_number: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        base = snake_case(name, fallback) if tokens(name) else f"{fallback}_{position}"
        candidate, number = base, next_number.get(base, 2)
        while candidate in made:
            candidate, number = f"{base.rstrip('_')}_{number}", number + 1
        made[candidate] = None
        next_number[base] = number
    return list(made)


@cache
def words(kind: str) -> dict[str, tuple[str, ...]]:
    """Normalised names of one kind (column, table, prefix) and what each may mean."""
    found: dict[str, tuple[str, ...]] = {}
    with WORDS.open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["kind"] != kind:
                continue
            for name in row["names"].split(";"):
                joined = "".join(tokens(name))
                means = found.get(joined, ())
                if row["means"] not in means:
                    found[joined] = (*means, row["means"])
    return found


def channel_of(name: str) -> str | None:
    """The way of reaching people that a name speaks of, such as sms; None where it names none."""
    parts, known = tokens(name), words("channel")
    runs = (
        "".join(parts[start:end])
        for start in range(len(parts)) for end in range(len(parts), start, -1)
    )  # fmt: skip
    return next((known[run][0] for run in runs if run in known), None)


@cache
def known_meanings() -> tuple[str, ...]:
    """All that a column may mean, in order of name."""
    kinds = ("column", *ACTIVITIES)
    return tuple(sorted({m for kind in kinds for found in words(kind).values() for m in found}))


def meanings(name: str, kind: str = "column") -> list[NameMatch]:
    """What a name may mean, the likeliest first.

    Parameters:
        name: header of a column, or the name of a table.
        kind: column or table; an entity of ACTIVITIES for a column of such a table.
    """
    parts = tokens(name)
    found = _meanings(parts, kind)
    if found and found[0].means == "consent_status" and _denies(parts):
        # Who has unsubscribed from the newsletter has not consented to it.
        return [NameMatch("opt_out", found[0].confidence, "name, of who has said no")]
    return found


def _denies(parts: list[str]) -> bool:
    """Whether a name that speaks of consent speaks of who has refused it."""
    known = words("column")
    runs = (
        "".join(parts[start:end])
        for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)
    )  # fmt: skip
    return bool(DENYING & {*parts}) or any("opt_out" in known.get(run, ()) for run in runs)


def _meanings(parts: list[str], kind: str) -> list[NameMatch]:
    known = words(kind)
    if not parts:
        return []
    whole = "".join(parts)
    if whole in known:
        return [NameMatch(m, 0.95, "name") for m in known[whole]]
    stripped = _without_prefix(parts) if kind == "column" else parts
    if stripped != parts and (rest := "".join(stripped)) in known and known[rest] != ("id",):
        return [NameMatch(m, 0.85, "name") for m in known[rest] if m != "id"]
    if kind == "column" and len(parts) in (2, 3):
        # artikel omschrijving, omschrijving artikel
        for turned in permutations(parts):
            if (other := "".join(turned)) in known:
                return [NameMatch(m, 0.75, "name, words turned") for m in known[other]]
    for cut in range(1, len(parts)):
        tail = "".join(parts[cut:])
        if tail in known and (kind == "table" or not VAGUE & {*known[tail]}):
            return [NameMatch(m, 0.65, f"name ends with {tail}") for m in known[tail]]
    # German and Dutch write compounds in one word: Rechnungsplz, Kundentelefon.
    ends = [w for w in known if len(w) >= 5 and whole.endswith(w) and not VAGUE & {*known[w]}]
    if ends:
        longest = max(ends, key=len)
        return [NameMatch(m, 0.55, f"name ends with {longest}") for m in known[longest]]
    if kind == "table":
        starts = [p for p in parts if p in known]
        return [NameMatch(m, 0.5, "name") for p in starts[:1] for m in known[p]]
    for cut in range(len(parts) - 1, 0, -1):
        head = "".join(parts[:cut])
        if len(head) > 2 and BEGINNING & {*known.get(head, ())}:
            return [NameMatch(m, 0.5, f"name begins with {head}") for m in known[head]]
    return []


def _without_prefix(parts: list[str]) -> list[str]:
    prefixes = words("prefix")
    left = list(parts)
    while len(left) > 1 and left[0] in prefixes:
        left = left[1:]
    return left
