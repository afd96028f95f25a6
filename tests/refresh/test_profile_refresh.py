"""Identity, profile and value refreshed, delivery after delivery, against whole builds."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.identity.refreshing import built_elsewhere
from tests.identity.refreshing import differences as differences_of_identity
from tests.profile.merged_by_hand import GROUPS, merged
from tests.refresh import conservation
from tests.refresh.chain import AFTER, Chain
from tests.refresh.deliveries import TODAY
from tests.refresh.lab import LAYERS
from tests.refresh.people import Crowd

DENIED = {(f"w{n}",) for n in range(5)}
"""The statements of the file of denials that goes and comes again."""
OF_IDENTITY = {"identity_map", "profile_identities", "comparison_values"}
"""What profile reads; the others are watched by tests/identity/test_refresh.py."""


def begun(folder: Path, seed: int) -> tuple[Chain, Crowd]:
    """All layers built over a first delivery."""
    chain = Chain(folder / "lab")
    columns = {table.table: table.column_names for table in chain.tables}
    company = Crowd(chain.settings.landing_dir, random.Random(seed), columns)
    company.begin()
    company.deny()
    chain.begin(company, TODAY.date())
    assert chain.differences(AFTER[1:]) == {}
    return chain, company


def changed(chain: Chain, models: set[str], change: str) -> set[str]:
    """Which of the models have a row in their delta that went or came."""
    kept = models - built_after_all(chain)
    deltas = {model: f"from operations.delta_{model} where {change} limit 1" for model in kept}
    return {model for model, rows in deltas.items() if chain.query(rows)}


def built_after_all(chain: Chain) -> set[str]:
    """The models that were to be refreshed and have no delta."""
    found = "select table_name from duckdb_tables() where schema_name = 'operations'"
    return {m for m in chain.refreshed if (f"delta_{m}",) not in chain.query(found)}


def noted(chain: Chain) -> set[tuple[Any, ...]]:
    """The history of attributes, which has to be that of what profiles have said."""
    said = "profile_id, attribute, attribute_value, is_cleared"
    [(wrong,)] = chain.query(
        f"with last as (select {said} from profile.attribute_history where known_to is null), "
        "missing as (from last where attribute_value is not null or is_cleared), "
        f"shown as (select {said} from profile.provenance where place = 1) "
        "select (select count(*) from (from missing except all from shown)) "
        "+ (select count(*) from (from shown except all from missing)) "
        "+ (select count(*) from profile.attribute_history where change_reason <> 'first_value' "
        "and attribute_value is not distinct from previous_value and not is_cleared)"
    )
    assert wrong == 0
    return set(chain.query("from profile.attribute_changes"))


def watched(chain: Chain) -> set[str]:
    """The models with a delta from identity on."""
    return {n for n in chain.refreshed if chain.models[n]["fqn"][1] in AFTER[1:]} | OF_IDENTITY


def table(chain: Chain, name: str) -> list[dict[str, Any]]:
    """The rows of a table by the names of their columns."""
    names = [column for column, *_ in chain.query(f"describe from {name}")]
    return [dict(zip(names, row, strict=True)) for row in chain.query(f"from {name}")]


def assert_nothing_is_lost(chain: Chain) -> None:
    """Everybody holds what is theirs."""
    with duckdb.connect(str(chain.settings.warehouse_path), read_only=True) as con:
        assert conservation.held(con) == conservation.by_hand(con)
        assert conservation.unanswered(con) == []


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> tuple[Chain, Crowd]:
    """Shared by tests that leave it as a run would."""
    return begun(tmp_path_factory.mktemp("profile_refresh"), 7)


def test_random_deliveries_give_what_a_whole_build_gives(
    lab: tuple[Chain, Crowd], tmp_path: Path
) -> None:
    """Records come, change and go, and with them people merge and fall apart."""
    chain, company = lab
    gone, come, history = set(), set(), noted(chain)
    windowed = {n for n, m in chain.models.items() if "built_whole_above" in m["config"]["meta"]}
    months = set(chain.query("select month_start_on from conformed.refresh_period"))
    for step in range(2):
        # Every window of a measure ends elsewhere when a month begins.
        company.news_from += timedelta(days=4 if step else 30)
        company.go_on()
        company.deny() if step else company.withdraw_denials()
        chain.land(company, TODAY.date() + timedelta(days=step))
        if step:
            # The ledger of what the refresh begins with, which it adds to.
            whole = built_elsewhere(chain.settings, tmp_path / "whole")
        chain.follow()
        assert chain.differences((*LAYERS, *AFTER[1:])) == {}, step
        # Nothing is taken out, and what is put in is what differs, as in a build.
        before, history = history, noted(chain)
        assert before < history
        assert_nothing_is_lost(chain)
        # What was denied once stays denied without the file, and is not said twice with it.
        kept = set(chain.query("select distinct consent_id from profile.kept_denials"))
        assert kept & DENIED == (set() if step else DENIED), step
        month = set(chain.query("select month_start_on from conformed.refresh_period"))
        # Then everybody's rows are others, and are made without a look at each of them.
        assert built_after_all(chain) == (set() if month <= months else windowed), step
        months |= month
        gone |= changed(chain, watched(chain), "not is_after")
        come |= changed(chain, watched(chain), "is_after")
    # Few here buy after a message; tests/messages has those.
    assert come | {"message_conversions"} == watched(chain)
    assert gone | {"message_conversions"} == watched(chain) - {"attribute_changes"}
    assert len(months) > 1
    assert differences_of_identity(chain.settings, whole) == {}


def test_nothing_is_lost_or_doubled_whoever_is_who(lab: tuple[Chain, Crowd]) -> None:
    """People merge, part, sign in late and are taken apart again, in random order."""
    chain, done = lab[0], set()
    with duckdb.connect(str(chain.settings.warehouse_path)) as con:
        con.execute("begin")
        assert conservation.held(con) == conservation.by_hand(con)
        totals, before = conservation.totals(con), conservation.held(con)
        assert None not in totals
        for step in conservation.other_people(con, random.Random(5), 12):
            for model in conservation.AFTER_IDENTITY:
                table_name = f"{chain.models[model]['schema']}.{model}"
                con.execute(f"create or replace table {table_name} as {chain.whole[model]}")
            now = conservation.held(con)
            assert now == conservation.by_hand(con), step
            assert conservation.totals(con) == totals, step
            assert conservation.unanswered(con) == [], step
            done |= {step} if now != before else set()
            before = now
        con.execute("rollback")
    assert done == {"merge", "split", "late login", "take back"}


def test_a_refresh_stops_where_a_build_would(lab: tuple[Chain, Crowd], tmp_path: Path) -> None:
    """A second currency is asked about, also when nobody has paid in it yet."""
    other = lab[0].copied(tmp_path / "other")
    with duckdb.connect(str(other.settings.warehouse_path)) as con:
        con.execute(
            "update conformed.order_lines set currency = 'USD' where order_id = ("
            "select min(order_id) from conformed.order_lines inner join conformed.orders "
            "using (source_system, order_id) where status = 'cancelled')"
        )
        con.execute(
            "create or replace table operations.delta_order_lines as "
            "select * exclude (source_file), true as is_after "
            "from conformed.order_lines where currency = 'USD'"
        )
        [(lines,)] = con.execute("select count(*) from operations.delta_order_lines").fetchall()
        assert lines
    with pytest.raises(AssertionError, match="Name the reporting currency"):
        other.build(other.refreshed, layers=AFTER)


def test_every_policy_merges_as_by_hand(lab: tuple[Chain, Crowd]) -> None:
    """All rules, an own order of systems, and records by themselves, after the refreshes."""
    found = table(lab[0], "profile.policy_profiles where record_count > 0")
    fields = [field for fields in GROUPS.values() for field in fields]
    by_id = {(r["policy"], r["merged_id"]): {f: r[f] for f in fields} for r in found}
    seeds = ("merge_policies", "merge_rules", "merge_source_order")
    expected = merged(
        table(lab[0], "profile.ranked_records"), *(table(lab[0], f"policy.{s}") for s in seeds)
    )
    assert by_id == expected
    shown = {policy: [p for (name, _), p in by_id.items() if name == policy] for policy, _ in by_id}
    assert len(shown) == 4
    assert len({len(profiles) for profiles in shown.values()}) == 2


def test_another_default_and_back_gives_the_former_rows(lab: tuple[Chain, Crowd]) -> None:
    made = ("attribute_rules", "attribute_values", "policy_profiles", "profiles", "provenance")
    switch = (
        "update policy.merge_policies set is_default = not is_default "
        "where policy in ('timestamp_ordered', 'source_precedence')"
    )
    with duckdb.connect(str(lab[0].settings.warehouse_path)) as con:
        con.execute("begin")
        before = {m: con.execute(f"from profile.{m} order by all").fetchall() for m in made}
        names = "profile_id, given_name, email, phone, city"
        theirs = f"select {names} from profile.policy_profiles where policy = 'source_precedence'"
        expected = con.execute(f"{theirs} order by all").fetchall()
        after = []
        for _ in range(2):
            con.execute(switch)
            for model in made:
                con.execute(f"create or replace table profile.{model} as {lab[0].whole[model]}")
            after.append(
                {m: con.execute(f"from profile.{m} order by all").fetchall() for m in made}
            )
            if len(after) == 1:
                shown = con.execute(
                    f"select {names} from profile.profiles where is_known order by all"
                ).fetchall()
        con.execute("rollback")
    assert shown == expected
    assert after[0]["profiles"] != before["profiles"]
    assert after[0]["provenance"] != before["provenance"]
    assert after[1] == before


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_long_sequences_with_decisions_and_days_without_news(tmp_path: Path, seed: int) -> None:
    """People are merged and parted by decision, and the decisions are taken back."""
    chain, company = begun(tmp_path, seed)
    for step in range(8):
        if step % 4 == 3:
            records = [
                key
                for (key,) in chain.query("select record_key from conformed.customer_records")
                if " " not in key
            ]
            pairs = [company.dice.sample(sorted(records), 2) for _ in range(6)]
            kinds = ("always_link", "never_link")
            chain.decide(*(f"{kinds[n % 2]} {a} {b}" for n, (a, b) in enumerate(pairs)))
        elif step == 6:
            chain.decide()
        if step != 1:
            company.news_from += timedelta(days=4)
            company.go_on()
        chain.land(company, TODAY.date() + timedelta(days=step // 2))
        before = noted(chain)
        chain.follow()
        assert before <= noted(chain)
        assert chain.differences(AFTER) == {}, step
        assert_nothing_is_lost(chain)
        if step == 1:
            assert changed(chain, watched(chain), "true") == set()
