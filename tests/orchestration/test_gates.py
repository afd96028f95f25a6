"""Each promise of each gate can be broken, and a broken critical one closes the gate."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.quality import volumes
from orchestration.quality.suites import load_suite
from orchestration.quality.validation import validate
from orchestration.settings import LAYERS
from orchestration.transform.parsing import load_manifest
from tests.conftest import Company

BREAKS: list[tuple[str, str, str]] = [
    ("staging", "something_was_delivered", "delete from operations.source_files"),
    (
        "conformed",
        "few_lines_lack_their_order",
        "update quarantine.set_aside_rows "
        "set reason = 'unknown_order', staging_model = 'stg_web_shop__order_lines'; "
        "update conformed.row_conservation set rows_read = 100",
    ),
    (
        "conformed",
        "sources_are_equally_fresh",
        "update conformed.orders set ordered_at = ordered_at - interval 400 day; "
        "update conformed.refresh_period set as_of_at = as_of_at",
    ),
    (
        "conformed",
        "little_waits_for_the_clock",
        "update quarantine.set_aside_rows set reason = 'after_clock', layer = 'conformed' "
        "where entity = 'events'; update conformed.row_conservation set rows_read = 500",
    ),
    (
        "conformed",
        "not_everybody_is_a_crawler",
        "update conformed.row_conservation set rows_read = 150",
    ),
    ("conformed", "orders_are_worth_something", "update conformed.orders set gross_amount = -1"),
    (
        "identity",
        "no_person_is_implausibly_large",
        "update identity.identity_map set profile_id = 'p_same'",
    ),
    (
        "identity",
        "few_observations_are_refused",
        "insert into identity.refused_links by name "
        "select source_system, source_record_id from conformed.identity_observations",
    ),
    (
        "profile",
        "known_people_can_be_named_or_reached",
        "update profile.profiles set email = null, phone = null, family_name = null",
    ),
    (
        "profile",
        "nothing_happens_after_the_refresh_period",
        "update profile.recorded_activities set occurred_at = timestamp '2101-01-01'",
    ),
    ("value", "known_people_are_ranked", "update value.ranking_places set bucket = null"),
    (
        "value",
        "customers_are_worth_something_together",
        "update value.customer_lifetime_value set historical_clv_amount = -1",
    ),
    (
        "value",
        "only_tested_predictions_are_published",
        "update value.clv_cutoffs set average_bias = 0.9",
    ),
    (
        "value",
        "intervals_hold_what_they_claim",
        "update value.customer_lifetime_value set predicted_upper_amount = -1, "
        "interval_reason = null where predicted_decile = 1",
    ),
    (
        "value",
        "what_is_published_beats_chance",
        "update value.clv_backtest set is_better_than_chance = false where is_champion",
    ),
    (
        "value",
        "a_purchase_model_converges",
        "update value.clv_parameters set status = 'diverged' where model <> 'gamma_gamma'",
    ),
    ("segments", "no_segment_is_empty", "delete from segments.segment_membership"),
    (
        "segments",
        "no_segment_holds_everybody",
        "insert into segments.segment_membership by name "
        "select profile_id, 'top_three_deciles' as segment_name from profile.profiles",
    ),
    (
        "insights",
        "the_model_describes_somebody",
        "update insights.fact_profile set profile_count = 0",
    ),
]


def connect(company: Company) -> duckdb.DuckDBPyConnection:
    con = company.warehouse()
    con.execute(f"attach '{company.settings.insights_build_path}' as insights")
    return con


def state(con: duckdb.DuckDBPyConnection, layer: str) -> dict[str, bool]:
    volumes.record_current(con, layer)
    results = validate(con, layer, load_suite(layer)).results
    assert [r.promise.name for r in results if r.errored] == []
    return {r.promise.name: r.kept for r in results}


def test_all_promises_are_kept_by_the_demo_company(company: Company) -> None:
    with connect(company) as con:
        broken = {layer: [n for n, k in state(con, layer).items() if not k] for layer in LAYERS}
    assert broken == {layer: [] for layer in LAYERS}


@pytest.mark.parametrize(("layer", "promise", "sql"), BREAKS, ids=[b[1] for b in BREAKS])
def test_promise_can_be_broken(company: Company, layer: str, promise: str, sql: str) -> None:
    with connect(company) as con:
        con.execute(sql)
        assert state(con, layer)[promise] is False


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("factor", "promise"), [(3, "collapsed"), (0.001, "exploded")])
def test_drift_against_the_last_good_run_is_noticed(
    company: Company, layer: str, factor: float, promise: str
) -> None:
    """A last good run with three times (a thousandth of) today's rows makes today's suspicious."""
    with connect(company) as con:
        con.execute("update operations.good_volumes set amount = amount * ?", [factor])
        con.execute("insert into operations.good_volumes values (?, 'rows of x', 2)", [layer])
        con.execute("create or replace table operations.kept as from operations.current_volumes")
        result = state(con, layer)
        counted = con.execute(
            "select max(amount) from operations.current_volumes where layer = ?", [layer]
        ).fetchone()
    expected = promise == "collapsed" or (counted is not None and counted[0] > 1000)
    assert result[f"no_table_{promise}"] is not expected


def test_every_promise_has_a_break(company: Company) -> None:
    """A check that nobody made red is not known to work."""
    covered = {(layer, name) for layer, name, _ in BREAKS}
    covered |= {(la, f"no_table_{how}") for la in LAYERS for how in ("collapsed", "exploded")}
    promised = {(layer, p.name) for layer in LAYERS for p in load_suite(layer)}
    assert promised == covered


def test_a_query_that_can_not_run_is_told_apart_from_bad_data(company: Company) -> None:
    with connect(company) as con:
        con.execute("drop table segments.segment_membership")
        results = validate(con, "segments", load_suite("segments")).results
    errored = [r for r in results if r.errored]
    assert errored and not any(r.kept for r in errored)


def test_another_policy_may_empty_what_is_its_judgement(company: Company) -> None:
    """A change of policy is no loss of data; fewer records are."""
    judgements = volumes.judgements_of(load_manifest(company.settings))
    assert {"review_queue", "refused_links"} <= judgements
    assert not {"identity_map", "match_records"} & judgements
    with connect(company) as con:
        for kind, is_kept in (
            ("judgements of review_queue", True),
            ("rows of identity_map", False),
        ):
            con.execute("update operations.good_volumes set amount = 1e6 where measure = ?", [kind])
            volumes.record_current(con, "identity", judgements)
            results = validate(con, "identity", load_suite("identity")).results
            assert {r.promise.name: r.kept for r in results}["no_table_collapsed"] is is_kept
