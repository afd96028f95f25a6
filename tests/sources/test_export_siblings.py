"""Exports of products that no recogniser knows: read right, or asked about; nothing is lost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import UserError
from tests.sources.added import Added, add
from tests.sources.written import of

NAMES = ("Ann", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gil", "Hans")


def export(root: Path, name: str, header: str, row: str, **options: Any) -> Added:
    """A file of eight rows; `{n}` in a row is its number, `{name}` a given name."""
    path = root / f"{name}.csv"
    rows = [row.format(n=n, name=given, two="12"[n == 2], no=int(n == 2))
            for n, given in enumerate(NAMES, 1)]  # fmt: skip
    path.write_text("\n".join([header, *rows]) + "\n")
    return add(root, "s", path, **options)


@pytest.mark.parametrize(
    ("name", "header", "row", "asked"),
    [
        ("wc-orders", "Date,Order #,Status,Customer,Items sold,N. Revenue",
         "2026-03-0{n} 10:00:00,100{n},completed,{name} Lee,1,{n}0.50", "none of N. Revenue"),
        ("items", "Date,Time,Item,Qty,SKU,Gross Sales,Discounts,Net Sales,Transaction ID,"
         "Customer ID", "2026-03-0{n},10:00:00,Bun,1,B{n},${n}.50,$0.00,${n}.50,T{n},C{n}",
         "none of Gross Sales, Net Sales"),
        ("orders", "Order ID,Customer ID,Customer Name,Customer Email,Order Date,Order Status,"
         "Order Total (ex tax)", "{n},{two},{name} Lee,a{n}@x.org,2026-03-0{n},Completed,{n}.50",
         r"none of Order Total \(ex tax\)"),
        ("all-deals", "Record ID,Deal Name,Deal Stage,Amount,Close Date,Associated Contact IDs",
         "90{n},Deal {n},Closed Won,{n}000.50,2026-03-0{n} 10:00,5{two}",
         "the source_record_id of an order"),
        ("abandoned_carts", "cart_id,customer_id,created_at,total",
         "R{n},C{two},2026-04-0{n},{n}.50", "by its name it is none"),
        ("contacts", "id,first_name,last_name,email,updated_at,accepts_sms",
         "C{n},{name},Lee,a{n}@x.org,2026-03-0{n},{no}", "column accepts_sms: it may say who"),
    ],
)  # fmt: skip
def test_what_would_be_lost_or_counted_is_asked_about(
    tmp_path: Path, name: str, header: str, row: str, asked: str
):
    with pytest.raises(UserError, match=asked):
        export(tmp_path, name, header, row)


def test_a_deal_that_was_lost_is_no_revenue_and_one_that_was_deleted_is_none(tmp_path: Path):
    header = "Id,AccountId,Name,StageName,Amount,CreatedDate,IsDeleted"
    path = tmp_path / "opportunities.csv"
    rows = [
        f"006{n},001{n % 3},Deal {n},{('Closed Lost', 'Closed Won')[n % 2]},{n}000.50,"
        f"2026-03-0{n}T10:00:00.000Z,{str(n == 3).lower()}"
        for n in range(1, 9)
    ]  # fmt: skip
    path.write_text("\n".join([header, *rows]) + "\n")
    added = add(tmp_path, "s", path)
    counted = "status, count(*), sum(gross_amount)"
    ordered = added.rows(of(added, "_orders"), counted, "reject_reason is null group by 1")
    assert ordered == [("cancelled", 4, Decimal("20002.00")), ("completed", 3, Decimal("13001.50"))]
    # The key of its own, so that the next export says the same of the same deal.
    assert added.rows(of(added, "_orders"), "order_id")[0] == ("0061",)


def test_a_no_by_each_channel_is_a_denial_of_its_own(tmp_path: Path):
    header = "id,first_name,last_name,email,updated_at,Email Opt Out,Do Not Call"
    row = "C{n},{name},Lee,a{n}@x.org,2026-03-0{n},{no},{no}"
    added = export(tmp_path, "contacts", header, row)
    for model, channel in (("email_consents", "email"), ("phone_consents", "phone")):
        said = added.rows(of(added, model), "consent_id, source_record_id, channel, status")
        assert said == [(f"C2:{channel}", "C2", channel, "denied")]
