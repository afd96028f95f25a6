"""People by words: any of them, the best first."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import literal
from orchestration.lookup.person import international
from orchestration.macros import rendered
from orchestration.warehouse import rows

LAST = "\U0010ffff"
MOST_WORDS = 12
"""A longer text is a mistake; each word is a look into the table."""

COMMON_SHARE, COMMON_COUNT = 0.1, 10_000
"""A word in more places than a tenth of the people, and in so many at least, is common."""
INTERNATIONAL = re.compile(r"\s*(\+|00)[\d\s()./-]{6,}")

# What is asked may be the beginning of a word; the whole word counts twice.
FOUND = """
select profile_id, {word} as word,
    max(case when term = {word} then 2 else 1 end * weight) as score
from profile.search_terms
inner join policy.search_columns using (attribute)
where term >= {word} and term < {end}{elsewhere}
group by profile_id
"""
EXACT = """
with found as (
    select profile_id
    from profile.alternate_keys
    where key_kind <> 'source_record' and key_value in ($written, $lower, $international)
    union
    select profile_id from profile.alternate_keys
    where key_kind = 'source_record' and namespace = $system and key_value = $record
    union
    select profile_id from profile.profiles where profile_id = $written
)
select profile_id, given_name, family_name, organisation_name, email, phone, postal_code, city,
    null::bigint as word_count, null::bigint as score
from found
inner join profile.profiles using (profile_id)
order by profile_id
limit $limit
"""
BEST = """
with found as ({found}),
best as (
    select profile_id, count(*) as word_count, sum(score)::bigint as score
    from found
    group by profile_id
    order by word_count desc, score desc, profile_id
    limit $limit
)
select best.profile_id, given_name, family_name, organisation_name, email, phone, postal_code, city,
    word_count, score
from best
inner join profile.profiles using (profile_id)
order by word_count desc, score desc, profile_id
"""


@dataclass(frozen=True)
class Found:
    """Who was found.

    Attributes:
        people: rows of profile_id, name, address, `word_count` (how many of the words were found)
            and `score` (the sum of the weights in search_columns, twice for a whole word), the best
            first; of equals the smaller id.
        left_out: words that were not looked for.
    """

    people: list[dict[str, Any]]
    left_out: list[str]


def with_exactly(con: duckdb.DuckDBPyConnection, text: str, limit: int) -> list[dict[str, Any]]:
    """People whose id, former id, record or identity of any namespace the whole text is.

    Parameters:
        con: a connection to the layers.
        text: as a system wrote it or in its one spelling; a record as system:id.
        limit: most people.

    Returns:
        Rows as `search` has them, without counts, by id.
    """
    system, _, record = text.strip().partition(":")
    values = {"written": text.strip(), "lower": text.strip().lower()}
    values |= {"international": international(text), "system": system, "record": record}
    return rows(con, EXACT, {**values, "limit": limit})


def search(
    con: duckdb.DuckDBPyConnection,
    project_dir: Path,
    text: str,
    limit: int,
    without: Collection[str] = (),
) -> Found:
    """People in whose texts any of the words stands, or begins a word.

    Where a common word is asked for beside others it is left out, as the com of an e-mail address:
    it would find nearly everybody, and take most of a second among a million people.

    Parameters:
        con: a connection to the layers.
        project_dir: of the dbt project, whose rule for words is used.
        text: words between blanks and hyphens.
        limit: most people.
        without: attributes that are not looked in.

    Raises:
        UserError: there is no word in the text, or too many.
    """
    asked = words_of(con, project_dir, text)
    if not asked:
        raise UserError("There is no word to look for. Give a name, a place, an address.", 2)
    if len(asked) > MOST_WORDS:
        raise UserError(
            f"These are {len(asked)} words, more than the {MOST_WORDS} that are looked for at a "
            "time. Give fewer.",
            2,
        )
    common = _common(con, asked)
    left_out = common if len(common) < len(asked) else []
    asked = [word for word in asked if word not in left_out]
    elsewhere = f" and attribute not in ({', '.join(map(literal, without))})" if without else ""
    found = "union all".join(
        FOUND.format(word=f"$word{n}", end=f"$end{n}", elsewhere=elsewhere)
        for n in range(len(asked))
    )
    values: dict[str, Any] = {"limit": limit}
    for number, word in enumerate(asked):
        values |= {f"word{number}": word, f"end{number}": word + LAST}
    return Found(rows(con, BEST.format(found=found), values), left_out)


def _common(con: duckdb.DuckDBPyConnection, words: list[str]) -> list[str]:
    """Those of the words that are common."""
    [(people,)] = con.execute("select count(*) from profile.profiles").fetchall()
    most = max(COMMON_COUNT, int(people * COMMON_SHARE))
    # Counted no further than it has to be known.
    counted = (
        "select count(*) from (select 1 from profile.search_terms "
        "where term >= $word and term < $end limit $most)"
    )
    return [
        word
        for word in words
        if con.execute(counted, {"word": word, "end": word + LAST, "most": most + 1}).fetchall()
        == [(most + 1,)]
    ]


def words_of(con: duckdb.DuckDBPyConnection, project_dir: Path, text: str) -> list[str]:
    """The words of a text as `profile.search_terms` writes them, each once, in order.

    A telephone number with its country is one word, however it is grouped.
    """
    if INTERNATIONAL.fullmatch(text):
        return [re.sub(r"\D", "", text).removeprefix("00")]
    found = con.execute(f"select {_rule_for_words(project_dir)}", {"text": text}).fetchone()
    return list(dict.fromkeys(str(found[0]).split())) if found and found[0] else []


def warm_up(project_dir: Path) -> None:
    """Read the project's rule for words ahead of the first search, which takes a third of a second.

    Parameters:
        project_dir: of the dbt project.
    """
    _rule_for_words(project_dir)


def _rule_for_words(project_dir: Path) -> str:
    """As SQL of $text."""
    return rendered(project_dir, "{{ plain_words('$text') }}", {})
