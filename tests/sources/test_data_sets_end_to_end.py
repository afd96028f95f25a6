"""Nine real data sets, added by command and nothing else, through the whole chain to publication.

pytest -m slow tests/sources/test_data_sets_end_to_end.py     (about five minutes)
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from tests.conftest import Company, require_shared
from tests.own_data import project_copy

BORN = ("--type", "date_of_birth=date")
"""Some of its values are no days, and count for none."""
ADDED = [
    ("febrl", "febrl/dataset3.csv", *BORN),
    ("senzing_customers", "senzing_truthset/customers.csv", "--type", "DATE_OF_BIRTH=date"),
    ("senzing_reference", "senzing_truthset/reference.csv"),
    ("senzing_watchlist", "senzing_truthset/watchlist.csv"),
    ("pseudopeople", "pseudopeople/observed", *BORN),
    ("composite_shop", "composite_cdnow_febrl/shop_*.csv"),
    ("composite_loyalty", "composite_cdnow_febrl/loyalty_members.csv", *BORN),
    ("composite_loyalty", "composite_cdnow_febrl/store_receipts.csv"),
    ("cdnow", "cdnow/CDNOW_sample.txt", "--rename", "column_2=customer_id"),
    ("online_retail", "online_retail/online_retail.parquet"),
    ("completejourney", "completejourney/csv"),
    ("hillstrom", "hillstrom/hillstrom.csv"),
    ("snowplow", "snowplow_web/source"),
]
PURCHASES = Decimal("244091.94")
TOTALS = {
    "select source_system, count(*) from conformed.customer_records group by all": {
        "febrl": 5_000,
        "senzing_customers": 120,
        "senzing_reference": 22,
        "senzing_watchlist": 17,
        "pseudopeople": 10_231 + 20_229,
        "composite_shop": 3_657,
        "composite_loyalty": 3_700,
        "cdnow": 2_357,
        "online_retail": 4_372,
        "completejourney": 801,
        "hillstrom": 64_000,
    },
    "select source_system, count(*) from conformed.orders group by all": {
        "composite_shop": 4_158,
        "composite_loyalty": 2_761,
        "cdnow": 6_919,
        "online_retail": 22_190,
        "completejourney": 47_243,
    },
    "select if(source_system like 'composite%', 'composite', source_system), sum(line_amount) "
    "from conformed.order_lines where source_system <> 'completejourney' group by all": {
        "composite": PURCHASES,
        "cdnow": PURCHASES,
        "online_retail": Decimal("8300065.81"),
    },
    "select source_system, count(*) from conformed.products group by all": {
        "online_retail": 4_070,
        "completejourney": 92_331,
    },
    "select source_system, count(*) from conformed.campaigns group by all": {"completejourney": 27},
    # Snowplow's visits begin five years after the other sets' business ends, so they wait for the
    # clock: kept with that reason, and counted here beside what has happened. One of them is a
    # crawler's, which is asked when its day has come.
    "select source_system, count(*) from (select source_system from conformed.events union all "
    "select source_system from quarantine.set_aside_rows where entity = 'events' "
    "and reason = 'after_clock') group by all": {
        "completejourney": 2_102,
        "snowplow": 157,
    },
    "select 'invoices', count(distinct invoice_no) from landing.online_retail__online_retail "
    "union all select 'rows', count(*) from landing.online_retail__online_retail union all "
    "select 'nobody', count(*) from quarantine.online_retail__online_retail_orders": {
        "invoices": 25_900,
        "rows": 541_909,
        "nobody": 135_080,
    },
    "select 'amount', cast(sum(cast(quantity as decimal(18, 2)) * cast(unit_price as "
    "decimal(18, 3))) as decimal(18, 2)) from landing.online_retail__online_retail": {
        "amount": Decimal("9747747.93")
    },
    "select segment, count(*) from landing.hillstrom__hillstrom group by all": {
        "Mens E-Mail": 21_307,
        "Womens E-Mail": 21_387,
        "No E-Mail": 21_306,
    },
    "select 'ids', count(distinct event_id) from landing.snowplow__snowplow_web_events": {
        "ids": 157
    },
    "select 'lost', count(*) from conformed.row_conservation where difference <> 0": {"lost": 0},
}


@pytest.mark.slow
def test_every_data_set_keeps_its_totals_to_the_end(tmp_path: Path) -> None:
    data = require_shared("febrl").parent
    project = project_copy(tmp_path / "project")
    company = Company(Settings(tmp_path / "data", tmp_path / "data" / "landing", project))
    for name, place, *options in ADDED:
        added = company.c360("source", "add", name, str(data / place), "--yes", *options)
        assert added.returncode == 0, (name, added.stderr)
    listed = company.c360("source", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    ran = company.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with company.warehouse() as con:
        for sql, expected in TOTALS.items():
            assert dict(con.execute(sql).fetchall()) == expected, sql
        [(revenue,)] = con.execute("select sum(line_amount) from conformed.order_lines").fetchall()
    published = company.settings.published_path
    with duckdb.connect(str(published), read_only=True) as con:
        [(shown,)] = con.execute("select sum(net_amount) from insights.fact_revenue").fetchall()
    assert shown == revenue
