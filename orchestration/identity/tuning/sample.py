"""A sample of pairs for somebody to label: drawn in strata, and shown one by one.

Strata are pairs that are joined and pairs that are apart, by their probability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from orchestration.identity.tuning.labels import COLUMNS, Label, append_label
from orchestration.terminal import Console
from orchestration.warehouse import rows

SHOWN = (
    "given_name", "middle_name", "family_name", "organisation_name", "birth_date",
    "birth_date_as_written", "gender", "email", "phone", "login", "loyalty_id", "national_id",
    "passport", "drivers_license", "street", "address_line_2", "postal_code", "city", "state",
    "country_code",
)  # fmt: skip

POPULATION = """
create or replace temp table population as
with customers as (
    select map.record_key, map.profile_id
    from identity.identity_map as map
    semi join identity.match_records as records on records.record_key = map.record_key
),
joined as (
    select a.record_key as record_key_a, b.record_key as record_key_b
    from customers as a
    inner join customers as b on b.profile_id = a.profile_id and b.record_key > a.record_key
),
pairs as (
    select
        coalesce(joined.record_key_a, scored.record_key_a) as record_key_a,
        coalesce(joined.record_key_b, scored.record_key_b) as record_key_b,
        joined.record_key_a is not null as is_joined,
        scored.match_probability
    from joined
    full join identity.scored_pairs as scored
        on scored.record_key_a = joined.record_key_a and scored.record_key_b = joined.record_key_b
)
select
    record_key_a, record_key_b,
    case when is_joined then 'joined' else 'apart' end || case
        when match_probability is null then ' not scored'
        when match_probability < 0.7 then ' below 0.7'
        when match_probability < 0.8 then ' 0.7 to 0.8'
        when match_probability < 0.9 then ' 0.8 to 0.9'
        when match_probability < 0.95 then ' 0.9 to 0.95'
        when match_probability < 0.99 then ' 0.95 to 0.99'
        else ' from 0.99'
    end as stratum
from pairs
"""
DRAW = """
with ranked as (
    select *, md5(concat_ws('|', $seed, record_key_a, record_key_b)) as dice,
        count(*) over (partition by stratum) as stratum_pairs
    from population
)
select record_key_a as record_a, record_key_b as record_b, stratum, stratum_pairs
from ranked
order by row_number() over (partition by stratum order by dice, record_key_a, record_key_b),
    dice, record_key_a, record_key_b
limit $number
"""
"""As many of each stratum, while it has pairs. A larger sample goes on where a smaller one ended,
and whoever stops half-way has labelled some of each stratum."""


def draw(
    con: duckdb.DuckDBPyConnection, number: int, seed: int, labels: Sequence[Label]
) -> list[dict[str, Any]]:
    """Pairs of a stratified sample that have no label yet, with the fields of both records.

    Parameters:
        con: see `connect_identity`.
        number: size of the sample, labelled ones included.
        seed: another one draws other pairs.
        labels: what is labelled already.

    Raises:
        UserError: the labels are not from this sample, or were drawn from other pairs than today's.
    """
    con.execute(POPULATION)
    drawn = rows(con, DRAW, {"seed": str(seed), "number": number})
    sizes = {
        row["stratum"]: row["stratum_pairs"]
        for row in rows(
            con, "select stratum, count(*) as stratum_pairs from population group by all"
        )
    }
    for label in labels:
        if label.stratum is None:
            raise label.row.refuse(
                "the pair was chosen and not drawn, so a sample can't be added to it",
                "Give the sample a file of its own.",
            )
        if sizes.get(label.stratum) != label.stratum_pairs:
            raise label.row.refuse(
                f"the stratum {label.stratum} had {label.stratum_pairs} pairs when it was drawn "
                f"from and has {sizes.get(label.stratum, 0)} since the last run",
                "Leave --sample out to read the answers, or begin a new file.",
            )
    labelled = {label.records for label in labels}
    asked = [row for row in drawn if (row["record_a"], row["record_b"]) not in labelled]
    fields = _fields(con, [row[side] for row in asked for side in COLUMNS[:2]])
    return [
        {**row, "fields": (fields.get(row["record_a"], {}), fields.get(row["record_b"], {}))}
        for row in asked
    ]


def _fields(
    con: duckdb.DuckDBPyConnection, records: Sequence[str]
) -> Mapping[str, Mapping[str, Any]]:
    found = rows(
        con,
        f"select record_key, {', '.join(SHOWN)} from conformed.customer_records "
        "where record_key in (select unnest(?::varchar[]))",
        [records],
    )
    return {row["record_key"]: row for row in found}


def ask_for_labels(
    path: Path, pairs: Sequence[Mapping[str, Any]], ask: Callable[[str], str], console: Console
) -> int:
    """Show pairs one by one and add each answer to the file at once.

    The probability is not shown: whoever answers should look at the records alone.

    Parameters:
        path: the file of labels; it is made where there is none.
        pairs: as `draw` gives them.
        ask: shows a question and gives the answer.
        console: where pairs are shown.

    Returns:
        The number of answers that were written.
    """
    written = 0
    for number, pair in enumerate(pairs, start=1):
        _show_pair(console, f"Pair {number} of {len(pairs)}", pair)
        answer = ""
        while answer not in ("y", "yes", "n", "no", "s", "skip", "q", "quit"):
            answer = ask("One person's? y, n, skip or quit").strip().lower()
        if answer[0] == "q":
            break
        if answer[0] != "s":
            is_match = "true" if answer[0] == "y" else "false"
            append_label(path, [pair["record_a"], pair["record_b"], is_match, pair["stratum"],
                           pair["stratum_pairs"]])  # fmt: skip
            written += 1
    return written


def _show_pair(console: Console, title: str, pair: Mapping[str, Any]) -> None:
    a, b = pair["fields"]
    table = Table(title=title, title_justify="left")
    for name in ("", pair["record_a"], pair["record_b"]):
        table.add_column(name, overflow="fold")
    for name in SHOWN:
        values = [side.get(name) for side in (a, b)]
        if any(value is not None for value in values):
            table.add_row(name.replace("_", " "), *("" if v is None else str(v) for v in values))
    console.print(table)
