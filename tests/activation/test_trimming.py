"""A text of ASCII is trimmed on a shorter way, to the same end."""

from __future__ import annotations

import random

import duckdb

from orchestration.activation.identifiers import BLANKS, _trimmed

PIECES = [
    " ", "\t", "\n", "\r", "\f", "\v", "\x1f", "\xa0", "\u2003", "\u3000", "\u200b", "a", "B",
    "e\u0301", "\xe9", "@", "'", "", "  ",
]  # fmt: skip


def test_the_shorter_way_ends_where_the_longer_does() -> None:
    dice = random.Random(25)
    texts = ["".join(dice.choices(PIECES, k=dice.randrange(7))) for _ in range(20_000)]
    longer = f"nfc_normalize(trim(regexp_replace(v, '^{BLANKS}+|{BLANKS}+$', '', 'g')))"
    with duckdb.connect() as con:
        con.execute("create table texts as select unnest(?::varchar[]) as v", [texts])
        differing = con.execute(
            f"select v from texts where {_trimmed('v')} is distinct from {longer} limit 3"
        ).fetchall()
        [(plain, changed)] = con.execute(
            f"select count(*) filter (where strlen(v) = length(v)), "
            f"count(*) filter (where {longer} <> v) from texts"
        ).fetchall()
    assert differing == []
    assert plain > 1_000
    assert changed > 1_000
