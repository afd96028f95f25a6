"""The second step of a refresh: pairs of the records that are described otherwise than before."""

from __future__ import annotations

import time

from orchestration.identity.match_models import current_model, rules_in
from orchestration.identity.refresh.reach import (
    RESCORED,
    among,
    difference,
)
from orchestration.identity.refresh.workshop import Workshop


def refresh_pairs(work: Workshop) -> None:
    """What records are compared by, and the pairs of those records that differ from before.

    Leaves rescored_records, pairs_before and rule_pairs_before.
    """
    # Others are compared by the values they showed before, unless a verdict on one has changed.
    told = "record_key, namespace, identity_value, refusal_reason"
    work.keep(
        "described_anew",
        f"select record_key from {difference(told, 'comparison_before', 'comparison_now')} "
        "union select record_key from changed_records",
    )
    described = among("record_key", "described_anew")
    records = work.relations["match_records"]
    work.keep("records_before", f"select * from {records} where {described}")
    now = work.refresh(
        "match_records", {"customer_records": described, "comparison_values": described}, described
    )
    work.keep(
        "rescored_records",
        f"select distinct record_key from {difference('*', 'records_before', now)}",
    )
    work.keep("pairs_before", f"select * from {work.relations['scored_pairs']} where {RESCORED}")
    started = time.monotonic()
    if work.count("rescored_records"):
        _score_again(work)
    work.seconds["scored_pairs"] = time.monotonic() - started
    work.keep("rule_pairs_before", f"select * from {work.relations['rule_pairs']}")
    # What a rule says of a pair may depend on a third record, so rules look at everybody again.
    if work.count(work.relations["record_match_rules"]):
        work.rebuild("rule_pairs")


def _score_again(work: Workshop) -> None:
    """Put the pairs of rescored_records in place of those that are there.

    The model's blocking rules are asked for pairs of a rescored record and any other, and only the
    records of these pairs are handed to Splink.

    Parameters:
        work: the models, with rescored_records in place.
    """
    from orchestration.identity.scoring import score
    from orchestration.identity.splink_session import WORK, workplace

    model = current_model(work.con)
    if model is None:
        return
    records = work.relations["match_records"]
    described = work.part("match_records", among("record_key", "described_anew"))
    anew = work.keep(
        "records_anew",
        f"select * from {described} where record_key in (select record_key from rescored_records)",
    )
    pairs = " union ".join(
        "select least(l.record_key, r.record_key) as join_key_l, "
        "greatest(l.record_key, r.record_key) as join_key_r, '0' as match_key "
        f"from {anew} as l inner join {records} as r "
        f"on l.record_key <> r.record_key and {rule['blocking_rule']}"
        for rule in model.settings["blocking_rules_to_generate_predictions"]
    )
    with workplace(work.con) as splink:
        work.con.execute(f"create table {WORK}.main.blocked_pairs as {pairs}")
        work.con.execute(
            f"create table {WORK}.main.blocked_records as select * from {records} "
            f"where record_key in (select join_key_l from {WORK}.main.blocked_pairs union all "
            f"select join_key_r from {WORK}.main.blocked_pairs)"
        )
        score(
            splink, "blocked_records", "scored", model.settings, model.household_share,
            model.frequencies.format(catalog=records.split(".")[0]), model.model_version,
            rules_in(work.con, work.relations["match_rules"]), "blocked_pairs",
        )  # fmt: skip
        work.keep("pairs_now", f"select * from {WORK}.main.scored")
    work.replace("scored_pairs", "pairs_now", RESCORED)
