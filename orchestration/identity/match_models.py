"""Trained parameters, kept by version in the warehouse: `operations.match_models`.

A row without version is the last attempt that found too little to learn from, with the reason.

A version is named after its content, so the same data train the same version again. The latest one
trained for what the policy compares is used until another is trained.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from orchestration.identity.curve import precision_curve
from orchestration.identity.model_settings import as_json
from orchestration.identity.training import Trained, frequencies_sql, train
from orchestration.policy.match_policy import SEEDS, MatchPolicy, match_policy
from orchestration.policy.match_settings import CurvePoint, MatchSettings, match_settings

MODELS = "operations.match_models"
FREQUENCIES = "operations.match_term_frequencies"
GROWTH = 1.1
"""Where there was too little to learn from, it is tried again with a tenth more records."""


@dataclass(frozen=True)
class MatchModel:
    """Parameters in use.

    Attributes:
        model_version: their name.
        settings: Splink's settings with m, u and blocking rules.
        household_share: of all pairs, those of two members of a household.
        record_count: how many records there were to learn from.
        match_count: how many pairs of them were about one person's.
        curve: what is to be expected from each threshold on, as it was learned.
    """

    model_version: str
    settings: dict[str, Any]
    household_share: float
    record_count: int = 0
    match_count: int = 0
    curve: tuple[CurvePoint, ...] = ()

    @property
    def frequencies(self) -> str:
        """SQL for how frequent values were when the model was trained."""
        return (
            f"select column_name, value, frequency from {{catalog}}.{FREQUENCIES} "
            f"where model_version = '{self.model_version}'"
        )


def make_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of versions where there are none."""
    con.execute("create schema if not exists operations")
    con.execute(
        f"create table if not exists {MODELS} (model_version string, trained_at timestamp, "
        "record_count bigint, compared_pair_count bigint, expected_match_count bigint, "
        "household_share double, settings string, reason string)"
    )
    con.execute(f"alter table {MODELS} add column if not exists curve string")
    con.execute(f"alter table {MODELS} add column if not exists policy_id string")
    con.execute(f"alter table {MODELS} add column if not exists blocking string")
    # Names of persons stand in it, so it stays in the warehouse.
    con.execute(
        f"create table if not exists {FREQUENCIES} (model_version string, column_name string, "
        "value string, frequency double)"
    )


def current_model(con: duckdb.DuckDBPyConnection, policy: MatchPolicy) -> MatchModel | None:
    """The latest model trained for what a policy compares, None before its first training."""
    make_tables(con)
    return latest_model(con, policy)


def latest_model(con: duckdb.DuckDBPyConnection, policy: MatchPolicy) -> MatchModel | None:
    """As `current_model`, for a connection that only reads; the tables of versions are there."""
    rows = con.execute(
        f"select model_version, settings, household_share, record_count, "
        f"expected_match_count, curve from {MODELS} "
        "where model_version is not null and policy_id = ? "
        "order by trained_at desc, model_version limit 1",
        [policy.policy_id],
    ).fetchall()
    if not rows:
        return None
    [(version, settings, share, count, matches, curve)] = rows
    return MatchModel(
        version,
        json.loads(settings),
        float(share),
        int(count),
        int(matches),
        tuple(CurvePoint(*point) for point in json.loads(curve or "[]")),
    )


def is_worth_another_try(
    con: duckdb.DuckDBPyConnection, policy: MatchPolicy, record_count: int
) -> bool:
    """Whether nothing has been learned yet and there is notably more to learn from than last time.

    Parameters:
        con: a connection.
        policy: what is compared.
        record_count: customer records there are now.
    """
    if current_model(con, policy) is not None:
        return False
    [(last,)] = con.execute(
        f"select coalesce(max(record_count), 0) from {MODELS} "
        "where model_version is null and policy_id = ?",
        [policy.policy_id],
    ).fetchall()
    return record_count > int(last) * GROWTH


def rules_in(con: duckdb.DuckDBPyConnection, relation: str) -> MatchSettings:
    """The thresholds as they are loaded.

    Parameters:
        con: a connection.
        relation: the seed match_settings.
    """
    rows = con.execute(f"select rule, value from {relation} order by rule").fetchall()
    return match_settings({"rule": rule, "value": value} for rule, value in rows)


def policy_in(con: duckdb.DuckDBPyConnection, schema: str) -> MatchPolicy:
    """What is compared, as it is loaded.

    Parameters:
        con: a connection.
        schema: where the seeds are.
    """
    return match_policy({seed: _texts(con, f"{schema}.{seed}") for seed in SEEDS})


def _texts(con: duckdb.DuckDBPyConnection, relation: str) -> list[dict[str, str]]:
    found = con.execute(f"select coalesce(cast(columns(*) as string), '') from {relation}")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def train_model(
    con: duckdb.DuckDBPyConnection, records: str, rules: MatchSettings, policy: MatchPolicy
) -> tuple[MatchModel | None, Trained]:
    """Train and keep a new version, which is used from then on.

    Parameters:
        con: a writing connection.
        records: the relation match_records, with its catalog.
        rules: thresholds.
        policy: what is compared.

    Returns:
        The model and what training came to. Where there is too little to learn from, the model is
        None and only the reason is kept: an earlier version stays in use.
    """
    make_tables(con)
    trained = train(con, records, rules, policy)
    now = datetime.now(UTC).replace(tzinfo=None)
    con.execute(
        f"delete from {MODELS} where model_version is null and policy_id = ?", [policy.policy_id]
    )
    if trained.reason:
        con.execute(
            f"insert into {MODELS} (trained_at, record_count, reason, policy_id) "
            "values (?, ?, ?, ?)",
            [now, trained.record_count, trained.reason, policy.policy_id],
        )
        return None, trained
    settings = as_json(trained.settings)
    con.execute(
        "create or replace temp table trained_frequencies as " + frequencies_sql(records, policy)
    )
    [(digest,)] = con.execute(
        "select md5(string_agg(column_name || value || cast(frequency as string), ',' "
        "order by column_name, value)) from trained_frequencies"
    ).fetchall()
    content = f"{settings}|{trained.household_share!r}|{digest}"
    version = "m" + hashlib.sha256(content.encode()).hexdigest()[:12]
    con.execute(f"delete from {MODELS} where model_version = ?", [version])
    con.execute(f"delete from {FREQUENCIES} where model_version = ?", [version])
    con.execute(
        f"insert into {FREQUENCIES} select '{version}', column_name, value, frequency "
        "from trained_frequencies order by column_name, value"
    )
    curve = precision_curve(
        con, records, trained.settings, trained.household_share,
        f"select * exclude (model_version) from {records.split('.')[0]}.{FREQUENCIES} "
        f"where model_version = '{version}'",
        policy,
    )  # fmt: skip
    con.execute(
        f"insert into {MODELS} (model_version, trained_at, record_count, compared_pair_count, "
        "expected_match_count, household_share, settings, curve, blocking, policy_id) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            version, now, trained.record_count, trained.pairs,
            round(trained.matches), trained.household_share, settings, json.dumps(curve),
            json.dumps(trained.blocking_report),
            policy.policy_id,
        ],
    )  # fmt: skip
    con.execute("drop table trained_frequencies")
    model = MatchModel(
        version, trained.settings, trained.household_share, trained.record_count,
        round(trained.matches), curve,
    )  # fmt: skip
    return model, trained
