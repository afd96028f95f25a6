"""Records for tests of probabilistic links, through the model's own SQL and without dbt."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from orchestration.identity.curve import precision_curve
from orchestration.identity.match_models import MatchModel, policy_in
from orchestration.identity.scoring import score
from orchestration.identity.splink_session import workplace
from orchestration.identity.training import Trained, frequencies_sql, train
from orchestration.policy.match_settings import MatchSettings, accepted_from
from orchestration.settings import DBT_PROJECT_DIR
from tests.identity.rendered import model_sql

RECORDS = "memory.identity.match_records"
TEXTS = (
    "given_name", "middle_name", "family_name", "gender", "email", "phone", "loyalty_id",
    "national_id", "organisation_name", "birth_date_as_written", "street", "address_line_2",
    "postal_code", "city", "state", "country_code", "attributes",
)  # fmt: skip
REFUSED = ("refused_on_sight", "refused_as_outdated")
RELATIONS = ("customer_records", "comparison_values", "identity_observations", "normalised_values")
MODELS = ("record_names", "shared_value_pairs", "people_at_shared_values", "match_records")
SEEDS = (
    "given_name_variants", "given_name_genders", "blocked_identity_values", "name_titles",
    "name_roles", "organisation_noise_words", "match_settings", "match_comparisons",
    "match_degrees", "blocking_rules", "identity_namespaces", "postal_places",
)  # fmt: skip
IDENTIFIERS = ("email", "phone", "loyalty_id", "national_id")


def warehouse(people: str, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A database in memory with match_records.

    Parameters:
        people: SQL that yields record_key, person (the truth), birth_date and any of `TEXTS`.
        threads: of the engine.
    """
    con = duckdb.connect()
    con.execute(f"set threads = {threads}")
    con.execute("set preserve_insertion_order = false")
    con.execute("create schema identity")
    con.execute(f"create table given as {people}")
    columns = [row[0] for row in con.execute("describe given").fetchall()]
    for name in TEXTS:
        if name not in columns:
            con.execute(f"alter table given add column {name} string")
    if "source_system" not in columns:
        con.execute("alter table given add column source_system string default 'test'")
    if "source_table" not in columns:
        con.execute("alter table given add column source_table string")
    con.execute("create table customer_records as select * from given")
    for seed in SEEDS:
        con.execute(
            f"create table {seed} as from read_csv('{DBT_PROJECT_DIR}/seeds/policy/{seed}.csv', "
            "all_varchar = true, header = true, quote = '\"')"
        )
    con.execute("alter table name_titles alter may_be_name type boolean")
    con.execute("alter table match_settings alter value type double")
    for column, kind in (("splits_by_person", "boolean"), ("max_records_per_value", "bigint")):
        con.execute(f"alter table identity_namespaces alter {column} type {kind}")
    con.execute("create table identity_observations (record_key string, given_name string)")
    con.execute("create table record_units (record_key string, business_unit_id string)")
    relations = {name: name for name in (*RELATIONS, *REFUSED, *SEEDS, "record_units")}
    for model in MODELS:
        if model == "shared_value_pairs":
            _normalised_values(con)
        if model == "match_records":
            _comparison_values(con)
        con.execute(f"create table identity.{model} as {model_sql(model, relations)}")
        relations[model] = f"identity.{model}"
    return con


def _normalised_values(con: duckdb.DuckDBPyConnection) -> None:
    """The identifiers of the records, none of which is refused on sight."""
    con.execute(
        "create table normalised_values as "
        "select told.*, names.given_name as written_given_name, names.formal_given_name, "
        "names.second_given_name, names.family_name, names.generation, names.gender, "
        "coalesce(nullif(concat_ws(' ', names.given_name, second_given_name, names.family_name, "
        "generation, birth_date, names.gender), ''), '-') as person_description from ("
        + " union all ".join(
            f"select record_key, '{name}' as namespace, lower({name}) as normalised_value, "
            f"lower({name}) as identity_value, birth_date from given where {name} is not null"
            for name in IDENTIFIERS
        )
        + ") as told inner join identity.record_names as names using (record_key)"
    )
    for refused in REFUSED:
        con.execute(
            f"create table {refused} (record_key string, namespace string, identity_value string)"
        )


def _comparison_values(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create table comparison_values as select values.*, "
        "case when people.namespace is not null and person_mark is null then 'shared_value' end "
        "as refusal_reason, case when people.namespace is not null "
        "then coalesce(person_mark, record_key) end as person_mark "
        "from normalised_values as values left join identity.people_at_shared_values as people "
        "using (namespace, normalised_value, person_description)"
    )


@dataclass
class Matched:
    """A database after training and scoring."""

    con: duckdb.DuckDBPyConnection
    trained: Trained
    accept: float = 1.0

    def people_found(self) -> dict[str, int]:
        """A number per record: components over equal identifiers and accepted pairs.

        Pairs that a surer match outdoes are left out, as in the model's own SQL.
        """
        exact = " union all ".join(
            f"select a.record_key, b.record_key from identity.match_records as a "
            f"inner join identity.match_records as b on a.{name} = b.{name} "
            "and a.record_key < b.record_key"
            for name in ("email", "national_id")
        )
        joined = f"select record_key_a, record_key_b from ({self.joined_sql()}) as joined"
        return components(self.con, f"{exact} union all {joined}")

    def joined_sql(self) -> str:
        """SQL for the accepted pairs, without those that a rival outdoes."""
        outdone = model_sql(
            "outdone_pairs",
            {"record_names": "identity.record_names", "match_settings": "match_settings",
             "match_records": "identity.match_records", "scored_pairs": "scored"},
        )  # fmt: skip
        return (
            "select record_key_a, record_key_b, match_probability from scored "
            "where decision = 'accept' and (record_key_a, record_key_b) not in "
            f"(select (record_key_a, record_key_b) from ({outdone}))"
        )

    def joined_pairs(self) -> tuple[int, float, float]:
        """How many pairs are joined, their mean probability, the share that is one person's."""
        [row] = self.con.execute(
            "select count(*), coalesce(avg(match_probability), 1), "
            "coalesce(avg(cast(a.person = b.person as double)), 1) "
            f"from ({self.joined_sql()}) as joined "
            "inner join given as a on a.record_key = record_key_a "
            "inner join given as b on b.record_key = record_key_b"
        ).fetchall()
        return row

    def calibration(self) -> tuple[float, float]:
        """Of the joined pairs the mean probability, and the share that is one person's."""
        _, expected, observed = self.joined_pairs()
        return expected, observed

    def quality(self) -> tuple[float, float, float]:
        """Precision, recall and F1 over pairs of records."""
        truth = dict(self.con.execute("select record_key, person from given").fetchall())
        return pair_quality(self.people_found(), truth)


def matched(con: duckdb.DuckDBPyConnection, rules: MatchSettings | None = None) -> Matched:
    """Train on a database and score its pairs into the table `scored`."""
    rules = rules or MatchSettings()
    policy = policy_in(con, "memory.main")
    trained = train(con, RECORDS, rules, policy)
    if not trained.reason:
        model = MatchModel("m1", trained.settings, trained.household_share)
        curve = precision_curve(
            con, RECORDS, trained.settings, trained.household_share,
            frequencies_sql(RECORDS, policy), policy,
        )  # fmt: skip
        accept = accepted_from(curve, rules, round(trained.matches))
        rules = replace(rules, accept_probability=accept)
        scored_with(con, model, rules)
        return Matched(con, trained, rules.accept_probability)
    return Matched(con, trained)


def scored_with(con: duckdb.DuckDBPyConnection, model: MatchModel, rules: MatchSettings) -> None:
    """Score a database's pairs into the table `scored`, with the frequencies of its own records."""
    policy = policy_in(con, "memory.main")
    with workplace(con) as work:
        score(
            work, RECORDS, "scored", model.settings, model.household_share,
            frequencies_sql(RECORDS, policy), model.model_version, rules, policy,
        )  # fmt: skip
        con.execute("create or replace table memory.main.scored as from match_work.main.scored")


def components(con: duckdb.DuckDBPyConnection, edges: str) -> dict[str, int]:
    """The component of each record over edges that a query yields."""
    keys = [k for (k,) in con.execute(f"select record_key from {RECORDS} order by 1").fetchall()]
    numbers = {key: i for i, key in enumerate(keys)}
    pairs = [(numbers[a], numbers[b]) for a, b in con.execute(edges).fetchall()]
    ends = np.array(pairs or np.zeros((0, 2)), dtype=int)
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(keys),) * 2)
    labels = connected_components(graph, directed=False)[1]
    return dict(zip(keys, labels.tolist(), strict=True))


def pair_quality(
    found: Mapping[str, object], truth: Mapping[str, object]
) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs of records, of records whose truth is known."""

    def pairs(keys: Iterable[object]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(keys).values())

    known = [key for key in truth if key in found]
    together = pairs(found[key] for key in known)
    belonging = pairs(truth[key] for key in known)
    right = pairs((found[key], truth[key]) for key in known)
    precision, recall = right / max(together, 1), right / max(belonging, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def town(seed: int, households: int = 450) -> list[dict[str, Any]]:
    """A town of families whose records two registers hold, with typing errors.

    Each household shares family name and address. One in eight has a son named after his father,
    one in eight twins. Most people stand in both registers; the second leaves the address out for
    some.
    """
    dice = random.Random(seed)
    syllables = ["ka", "lo", "mi", "ra", "to", "ne", "su", "bel", "dor", "fin", "gus", "hel", "jan"]
    given = sorted({dice.choice(syllables) + dice.choice(syllables) + dice.choice("aensr") for _ in
                    range(140)})  # fmt: skip
    family = sorted({"".join(dice.choices(syllables, k=3)) + dice.choice("rnst") for _ in
                     range(260)})  # fmt: skip
    rows: list[dict[str, Any]] = []
    person = 0
    for house in range(households):
        surname = dice.choice(family)
        street, number = dice.choice(family) + " street", dice.randint(1, 250)
        members = [(dice.choice(given), dice.randint(1940, 1975)) for _ in range(2)]
        born = dice.randint(1985, 2010)
        children = [(dice.choice(given), born + 2 * i, None) for i in range(dice.randint(0, 2))]
        everybody: list[tuple[str, int, str | None]] = []
        everybody += [(name, year, None) for name, year in members]
        everybody += children
        if house % 8 == 0:
            everybody.append((members[0][0], born, None))
        elif house % 8 == 4:
            first, second = dice.sample(given, 2)
            day = f"{born}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
            everybody += [(first, born, day), (second, born, day)]
        for name, year, birthday in everybody:
            person += 1
            date = birthday or f"{year}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
            told = {
                "person": f"p{person}", "given_name": name, "family_name": surname,
                "birth_date": date, "street": f"{number} {street}",
                "postal_code": f"{house // 9:04}", "city": f"town {house // 40}",
            }  # fmt: skip
            registers = ["a", "b"] if dice.random() < 0.8 else [dice.choice("ab")]
            rows += [{"record_key": f"{r}:{person}", **_mistyped(told, dice)} for r in registers]
    return rows


def _mistyped(told: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    row = dict(told)
    for name in ("given_name", "family_name"):
        if dice.random() < 0.1:
            place = dice.randrange(1, len(row[name]))
            row[name] = row[name][:place] + dice.choice("aeioxy") + row[name][place + 1 :]
    if dice.random() < 0.04:
        row["birth_date"] = None
    if dice.random() < 0.15:
        row["street"] = None
    return row


def as_sql(rows: Iterable[Mapping[str, Any]]) -> str:
    """A query that yields the rows; all columns are text but birth_date."""

    def literal(name: str, value: object) -> str:
        if value is None:
            return f"cast(null as {'date' if name == 'birth_date' else 'string'})"
        text = "'" + str(value).replace("'", "''") + "'"
        return f"date {text}" if name == "birth_date" else text

    rows = list(rows)
    names = list(rows[0])
    values = ", ".join(
        "(" + ", ".join(literal(name, row[name]) for name in names) + ")" for row in rows
    )
    return f"select * from (values {values}) as t ({', '.join(names)})"
