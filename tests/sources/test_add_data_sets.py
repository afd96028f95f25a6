"""`c360 source add` with nothing but its defaults on real data sets: the totals of their READMEs.

Each test adds the files as a newcomer would and runs the generated staging SQL over all rows.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import require_shared
from tests.sources.added import add


def test_persons_of_febrl_senzing_and_pseudopeople(tmp_path: Path):
    febrl = add(tmp_path, "febrl", require_shared("febrl") / "dataset3.csv")
    assert febrl.feeds() == {"dataset3": "customer_records"}
    assert febrl.reasons("dataset3") == {None: 5000}
    columns = "source_record_id, given_name, street, city, postal_code, cast(birth_date as varchar)"
    assert febrl.rows("dataset3", columns, "source_record_id = 'rec-1496-org'") == [
        ("rec-1496-org", "mitchell", "7 wallaby place", "cleveland", "2119", "1956-04-09")
    ]
    columns = "middle_name, gender, national_id, address_line_2, state"
    assert febrl.rows("dataset3", columns, "source_record_id = 'rec-1496-org'") == [
        (None, None, "1804974", "delmar", "sa")
    ]
    senzing = require_shared("senzing_truthset")
    for name, count in (("customers", 120), ("reference", 22), ("watchlist", 17)):
        added = add(tmp_path, f"senzing_{name}", senzing / f"{name}.csv")
        assert added.feeds() == {name: "customer_records"}
        assert added.reasons(name) == {None: count}
    # 12/11/1978, 9/14/93 and 1993-09-14 stand in one column: all are read, month first.
    born = senzing_born(tmp_path, senzing)
    assert born == [("1001", "Smith", "1978-12-11"), ("1022", "Antoun", "1980-01-07")]
    people = add(tmp_path, "pseudopeople", require_shared("pseudopeople") / "observed")
    assert people.feeds() == {"census": "customer_records", "ssa": "customer_records"}
    assert people.meta("census")["path"].endswith("/census*.csv")
    assert people.reasons("census") == {None: 10_231}
    assert people.reasons("ssa") == {None: 20_229}
    assert people.rows("census", "count(birth_date) > 9800 and count(street) > 10000") == [(True,)]
    assert "a guess" not in people.shown


def senzing_born(root: Path, folder: Path) -> list[tuple]:
    added = add(root, "senzing_again", folder / "customers.csv")
    return added.rows(
        "customers",
        "source_record_id, family_name, cast(birth_date as varchar)",
        "source_record_id in ('1001', '1022')",
    )


def test_shop_and_loyalty_programme_that_do_not_share_names(tmp_path: Path):
    folder = require_shared("composite_cdnow_febrl")
    added = add(
        tmp_path, "composite", folder,
        tables=["shop_customers", "shop_orders", "loyalty_members", "store_receipts"],
        currency="usd",
    )  # fmt: skip
    assert added.feeds() == {
        "shop_customers": "customer_records",
        "loyalty_members": "customer_records",
        "shop_orders_orders": "orders",
        "shop_orders_order_lines": "order_lines",
        "store_receipts_orders": "orders",
        "store_receipts_order_lines": "order_lines",
    }
    assert added.reasons("shop_customers") == {None: 3657}
    assert added.reasons("loyalty_members") == {None: 3700}
    total = Decimal(0)
    for model, count in (("shop_orders", 4158), ("store_receipts", 2761)):
        assert added.reasons(f"{model}_orders") == {None: count}
        (amount, currency), *_ = added.rows(
            f"{model}_order_lines", "sum(line_amount), min(currency)"
        )
        assert currency == "USD"
        total += amount
    assert total == Decimal("244091.94")
    orders = added.rows("shop_orders_orders", "source_record_id", "order_id = 'W00000'")
    assert orders == [("S02797",)]


def test_cdnow_without_header_and_with_two_ids(tmp_path: Path):
    added = add(
        tmp_path, "cdnow", require_shared("cdnow") / "CDNOW_sample.txt",
        renames={"column_2": "customer_id"},
    )  # fmt: skip
    assert added.meta("cdnow_sample")["options"] == {"delimiter": "whitespace", "header": False}
    assert added.reasons("cdnow_sample_orders") == {None: 6919}
    assert added.reasons("cdnow_sample_customer_records") == {None: 2357, "folded_row": 6919 - 2357}
    assert added.rows(
        "cdnow_sample_orders",
        "count(distinct source_record_id), max(source_record_id), cast(min(ordered_at) as varchar)",
    ) == [(2357, "2357", "1997-01-01 00:00:00")]
    assert added.rows("cdnow_sample_order_lines", "sum(line_amount)") == [(Decimal("244091.94"),)]


@pytest.mark.slow
def test_invoice_lines_of_online_retail_feed_four_entities(tmp_path: Path):
    added = add(tmp_path, "retail", require_shared("online_retail") / "online_retail.parquet")
    assert set(added.feeds().values()) == {"customer_records", "orders", "order_lines", "products"}
    # A quarter of the rows names no customer: the threshold is raised, and it says so.
    assert 0.25 < added.meta("online_retail")["quarantine_threshold"] < 0.3
    assert "135,080 of 541,909 rows would be quarantined" in added.shown
    reasons = added.reasons("online_retail_order_lines")
    assert reasons == {None: 406_829, "missing_reference": 135_080}
    orders = added.reasons("online_retail_orders")
    assert (orders["missing_reference"], orders[None]) == (135_080, 22_190)
    assert added.reasons("online_retail_customer_records")[None] == 4372
    assert added.rows("online_retail_products", "count(*)") == [(4070,)]
    sold = "sum(line_amount) filter (where not is_return)"
    lines = f"sum(line_amount), {sold}, count(distinct line_number) > 1"
    assert added.rows("online_retail_order_lines", lines) == [
        (Decimal("8300065.81"), Decimal("8911407.90"), True)
    ]
    # What was ordered before returns is the same seen from the orders, and no order is negative.
    assert added.rows("online_retail_orders", "sum(gross_amount), min(gross_amount) >= 0") == [
        (Decimal("8911407.90"), True)
    ]
    keys = "count(*), count(distinct (order_id, line_number))"
    assert added.rows("online_retail_order_lines", keys, "true") == [(541_909, 541_909)]


@pytest.mark.slow
def test_grocery_campaign_and_coupon_tables_of_complete_journey(tmp_path: Path):
    added = add(tmp_path, "journey", require_shared("completejourney") / "csv")
    assert added.feeds() == {
        "campaign_descriptions": "campaigns",
        "coupon_redemptions": "events",
        "demographics": "customer_records",
        "products": "products",
        "transactions_sample_orders": "orders",
        "transactions_sample_order_lines": "order_lines",
    }
    declared = {t["name"] for t in added.source["tables"]}
    assert {"campaigns", "coupons", "promotions_sample"} <= declared
    assert added.reasons("transactions_sample_order_lines") == {None: 75_000}
    orders = added.reasons("transactions_sample_orders")
    assert orders == {None: 47_243, "folded_row": 75_000 - 47_243}
    assert added.reasons("products") == {None: 92_331}
    assert added.reasons("demographics") == {None: 801}
    assert added.reasons("coupon_redemptions") == {None: 2102}
    assert added.rows(
        "coupon_redemptions", "event_type, count(distinct source_record_id)", "true group by 1"
    ) == [("coupon_redemption", 410)]
    assert added.reasons("campaign_descriptions") == {None: 27}


def test_hillstrom_has_no_key_and_snowplow_has_cookies(tmp_path: Path):
    hillstrom = add(tmp_path, "hillstrom", require_shared("hillstrom") / "hillstrom.csv")
    assert hillstrom.feeds() == {"hillstrom": "customer_records"}
    assert hillstrom.reasons("hillstrom") == {None: 64_000}
    assert hillstrom.rows("hillstrom", "count(distinct source_record_id)") == [(64_000,)]
    # "Rural" is no postal code, whatever the column is called.
    assert hillstrom.rows("hillstrom", "count(postal_code)") == [(0,)]
    events = add(tmp_path, "snowplow", require_shared("snowplow_web") / "source")
    assert events.feeds() == {"snowplow_web_events": "events"}
    reasons = events.reasons("snowplow_web_events")
    assert sum(reasons.values()) == 160
    assert reasons[None] + reasons.get("missing_reference", 0) == 157
    # 42 cookies, and one event without a cookie, whose visitor is the user who had signed in.
    assert events.rows(
        "snowplow_web_events", "count(distinct source_record_id), count(distinct login)", "true"
    ) == [(43, 25)]
    agents = events.rows("snowplow_web_events", "count(distinct user_agent)", "true")
    assert agents == [(11,)]
    assert events.rows("snowplow_web_events", "url_path", "url_path like '%?%'") == []
