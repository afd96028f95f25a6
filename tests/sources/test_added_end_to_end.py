"""What was added by one command each, through a run to publication.

Exports, guests, credit notes, and columns that a team declares: attributes arrive in the profile,
foreign ids join people. The right values are those of the README of shared/data/exports, and of two
of shared/data/cases that show only behind staging. The one correction is a rate for the charges in
pounds, which no file can know.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.policy.declared_columns import check_declared_columns, namespaces_of
from orchestration.transform.parsing import load_manifest
from tests.conftest import Company, require_shared
from tests.sources import declared
from tests.sources.company_of_exports import PLACES, RATE, company_of_exports

GUESTS, BOUGHT, CREDITED = Decimal(205), Decimal(277 + 540), Decimal(160)


@pytest.fixture(scope="module")
def after_run(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company of the exports, the cases and the declared columns, after one run."""
    return company_of_exports(tmp_path_factory.mktemp("exports"))


@pytest.fixture
def warehouse(after_run: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, and of the charges what their file says."""
    con = after_run.warehouse()
    [charges] = require_shared("exports").glob(PLACES["stripe"])
    con.execute(
        "create temp table charges as select *, metadata.order_id as paid_order_id, "
        "cast(amount * 0.01 as decimal(18, 2)) as major, "
        "cast(amount_refunded * 0.01 as decimal(18, 2)) as refunded_major "
        f"from read_ndjson('{charges}', ignore_errors = true) where id is not null"
    )
    yield con
    con.close()


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(f"{sql} order by all").fetchall()


def amounts(*texts: str) -> Decimal:
    return sum(map(Decimal, texts), Decimal(0))


def test_shopify_orders_lines_and_refunds(warehouse: duckdb.DuckDBPyConnection):
    sold = amounts("21246.70", "1319.95", "279.60", "502.20")
    assert rows(
        warehouse,
        "select status, count(*), sum(gross_amount) from conformed.orders "
        "where source_system = 'shopify' group by 1",
    ) == [("cancelled", 3, Decimal("192.60")), ("completed", 197, sold)]
    assert rows(
        warehouse,
        "select is_return, count(*), sum(line_amount) from conformed.order_lines "
        "where source_system = 'shopify' group by 1",
    ) == [(False, 338, Decimal("23541.05")), (True, 13, -amounts("1319.95", "30.00"))]


def test_stripe_charges_are_read_in_full(warehouse: duckdb.DuckDBPyConnection):
    assert rows(
        warehouse,
        "select currency, sum(gross_amount) from staging.stg_stripe__charges_orders "
        "where reject_reason is null and status = 'completed' group by 1",
    ) == [("EUR", Decimal("31080.17")), ("GBP", Decimal("1513.61"))]
    assert rows(
        warehouse,
        "select status, count(*) from staging.stg_stripe__charges_orders "
        "where reject_reason is null group by 1",
    ) == [("cancelled", 35), ("completed", 265)]


def test_a_sale_paid_through_stripe_counts_once(
    warehouse: duckdb.DuckDBPyConnection, after_run: Company
):
    own = "coalesce(paid_order_id, '') not in (select order_id from conformed.orders)"
    assert rows(
        warehouse,
        "select order_id from conformed.orders where source_system = 'stripe'",
    ) == rows(warehouse, f"select id from charges where {own}")
    [(sold, refunded)] = rows(
        warehouse,
        "select sum(round(major * rate, 2)), sum(round(refunded_major * rate, 2)) from ("
        f"select *, if(currency = 'gbp', {RATE}, 1) as rate from charges "
        f"where status = 'succeeded' and {own})",
    )
    gross = (
        amounts(
            "21246.70", "1319.95", "279.60", "502.20", str(sold), *map(str, declared.SPENT.values())
        )
        + BOUGHT
    )
    returned = amounts("1319.95", "30.00", str(refunded)) + CREDITED
    with after_run.published() as published:
        assert rows(
            published,
            "select sum(gross_amount), sum(returned_amount), sum(net_amount), sum(order_count) "
            "from insights.fact_revenue",
        ) == [(gross, returned, gross - returned, 197 + 180 + 9 + 7 + len(declared.PEOPLE))]


def test_denials_and_grants_are_in_consent(
    warehouse: duckdb.DuckDBPyConnection, after_run: Company
):
    assert rows(
        warehouse,
        "select source_system, status, captured_by, count(*) from conformed.consents "
        "where source_system <> 'shopify' group by all",
    ) == [
        ("hubspot", "denied", "preference_centre", 75),
        ("mailchimp", "denied", "bounce", 15),
        ("mailchimp", "denied", "preference_centre", 30),
        ("mailchimp", "granted", "form", 170),
    ]
    # Who has a record that said no, and nothing since, may not be mailed: as many are published.
    of = "source_system, source_record_id"
    last = f"select {of}, arg_max(status, recorded_at) as s from conformed.consents group by all"
    unread = f"select {of}, 'denied' from conformed.unread_consents"
    people = f"select min(s) as status from ({last} union all {unread}) join "
    people += f"identity.identity_map using ({of}) group by profile_id"
    said = rows(warehouse, f"select status, count(*) from ({people}) group by 1")
    with after_run.published() as published:
        counts = "select status, sum(profile_count) from insights.fact_consent group by 1"
        assert rows(published, counts) == said


def test_people_and_guests(warehouse: duckdb.DuckDBPyConnection):
    found = rows(
        warehouse,
        "select source_system, count(*), count(distinct lower(email)) "
        f"from conformed.customer_records where source_system in {tuple(PLACES)} group by 1",
    )
    assert found == [
        # One of HubSpot's is noreply@, which is nobody's.
        ("hubspot", 300, 177), ("mailchimp", 215, 215), ("shopify", 111 + 9, 111),
        ("stripe", 137, 111),
    ]  # fmt: skip
    assert rows(
        warehouse,
        "select count(distinct comparison_value) from identity.comparison_values "
        "where source_system = 'hubspot' and namespace = 'email' and refusal_reason is null",
    ) == [(176,)]
    # A guest has an order, a name and an address, and so is a person.
    assert rows(
        warehouse,
        "select count(*), count(family_name), count(profile_id) from conformed.customer_records "
        "left join identity.identity_map using (source_system, source_record_id) "
        "where source_system = 'shopify' and source_record_id like 'guest %'",
    ) == [(9, 9, 9)]


def test_guests_are_revenue_and_nobody(warehouse: duckdb.DuckDBPyConnection):
    spent = "select sum(line_amount) from profile.purchases where source_system = 'cart'"
    assert rows(warehouse, f"{spent} and profile_id is null") == [(GUESTS,)]
    assert rows(
        warehouse,
        "select source_record_id, frequency, monetary_amount from value.rfm "
        "join identity.identity_map using (profile_id) where source_system = 'cart'",
    ) == [("11", 2, Decimal(22)), ("12", 1, Decimal(30)), ("13", 1, Decimal(20))]
    tables = ("value.customer_attributes", "value.deciles", "value.revenue_by_category")
    for table in tables:
        nobody = f"select count(*) from {table} where profile_id is null"
        assert rows(warehouse, nobody) == [(0,)], table


def test_a_credit_note_is_no_order(warehouse: duckdb.DuckDBPyConnection):
    found = rows(
        warehouse,
        "select as_of_on - recency_days::int, frequency, average_order_amount, rfm_segment "
        "from value.rfm join value.customer_attributes using (profile_id) "
        "join identity.identity_map using (profile_id) cross join conformed.refresh_period "
        "where source_system = 'bureau' and source_record_id = '11'",
    )
    assert found[0][:3] == (date(2026, 1, 5), 1, 200) and found[0][3] != "Champions"
    notes = "from profile.activities where activity_type = 'credit_note_completed'"
    assert rows(warehouse, f"select count(*) {notes} and source_system = 'bureau'") == [(2,)]


def test_every_row_is_accounted_for(after_run: Company):
    with after_run.published() as published:
        assert rows(
            published,
            "select source_system, entity, reason, row_count from insights.fact_set_aside "
            "where reason not in ('folded_row', 'says_nothing') and source_system <> 'stripe'",
        ) == [
            ("shopify", "consents", "duplicate_row", 10),
            ("shopify", "order_lines", "duplicate_row", 15),
        ]
        lost = "rows_read - rows_accepted - rows_quarantined - rows_superseded"
        assert rows(
            published,
            f"select sum(abs({lost})) from insights.fact_row_conservation",
        ) == [(0,)]


def test_ids_of_another_system_make_nobody_twice(warehouse: duckdb.DuckDBPyConnection):
    assert rows(
        warehouse,
        "select count(distinct profile_id) from identity.identity_map "
        "where source_system in ('crm', 'pos')",
    ) == [(len(declared.PEOPLE),)]
    bought = rows(
        warehouse,
        "select given_name, sum(line_amount) from profile.purchases "
        "join profile.profiles using (profile_id) where source_system = 'pos' group by 1",
    )
    assert dict(bought) == {declared.given_name(n): declared.SPENT[n] for n in declared.PEOPLE}


def test_attributes_arrive_typed_and_with_their_source(warehouse: duckdb.DuckDBPyConnection):
    sql = "select email, shoe_size, joined_on from profile.profiles where joined_on is not null"
    assert {mail: (size, day) for mail, size, day in rows(warehouse, sql)} == {
        f"p{n}@x.org": (declared.SIZES[n], declared.JOINED[n]) for n in declared.PEOPLE
    }
    assert rows(
        warehouse,
        "select attribute, source_system, count(*) from profile.provenance "
        "where attribute in ('shoe_size', 'joined_on') group by all",
    ) == [("joined_on", "crm", 200), ("shoe_size", "crm", 180)]
    members = "select count(*) from segments.segment_membership where segment_name = 'large_feet'"
    assert rows(warehouse, members) == [(sum((n or 0) > 44 for n in declared.SIZES.values()),)]


def test_the_profile_can_be_asked_without_what_is_labelled(after_run: Company):
    sql = "select max(shoe_size) as largest from profile.profiles"
    asked = after_run.c360("query", "--layers", "--format", "csv", sql)
    assert asked.stdout.split() == ["largest", "45.500000"], asked.stderr
    sql = "select count(joined_on) as joined from profile.profiles"
    refused = after_run.c360("query", "--layers", sql)
    assert refused.returncode == 2 and "need --personal-data" in " ".join(refused.stderr.split())
    told = after_run.c360("query", "--layers", "--personal-data", "--format", "csv", sql)
    assert told.stdout.split() == ["joined", "200"], told.stderr


def test_what_cannot_be_followed_is_refused_before_anything_is_made(after_run: Company):
    latest = "select max(finished_at) from operations.node_states"
    path = declared.sources_file(after_run)
    before, stat = path.read_text(), path.stat()
    with after_run.warehouse() as con:
        made = rows(con, latest)
    path.write_text(before.replace("type: decimal", "type: colour"))
    try:
        ran = after_run.c360("run")
    finally:
        path.write_text(before)
        # So that nothing has changed since the project was parsed.
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert ran.returncode == 1
    assert "with type colour. Use text, integer" in " ".join((ran.stdout + ran.stderr).split())
    with after_run.warehouse() as con:
        assert rows(con, latest) == made


def test_attributes_go_to_those_who_are_to_have_them(after_run: Company):
    asked = ("query", "--layers", "--personal-data", "--format", "csv")
    with after_run.warehouse() as con:
        subscribed = "from conformed.attribute_subscriptions where attribute = 'club'"
        assert rows(con, f"select consumer {subscribed}") == [("segments",)]
    refused = after_run.c360(*asked, "select club from profile.profiles")
    assert refused.returncode == 2 and "club" in refused.stderr
    seen = after_run.c360(*asked, "select distinct attribute from profile.attribute_values")
    assert "shoe_size" in seen.stdout and "club" not in seen.stdout

    # As a segment would be refused that a run begins with (as above).
    manifest = load_manifest(after_run.settings)
    namespaces = namespaces_of(after_run.settings.dbt_project_dir)
    check_declared_columns(manifest, namespaces)
    [segment] = [n for n in manifest["nodes"].values() if n["name"] == "large_feet"]
    segment["raw_code"] += " and club = 'red'"
    check_declared_columns(manifest, namespaces)
    [crm] = [s for s in manifest["sources"].values() if s["source_name"] == "crm"]
    crm["columns"]["club"]["config"]["meta"]["attribute"]["consumers"] = ["lookup"]
    said = "reads the attribute club, which is for lookup and not for segments"
    with pytest.raises(UserError, match=said):
        check_declared_columns(manifest, namespaces)
