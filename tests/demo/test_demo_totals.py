"""totals.json is the exact truth: an independent recount of the files finds the same."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from tests.demo.demo_files import Company


def test_every_table_holds_the_rows_the_totals_state(company: Company) -> None:
    assert company.totals["tables"].keys() == company.tables.keys()
    for name, table in company.tables.items():
        assert company.totals["tables"][name] == {
            "rows_written": table.rows_written,
            "good_rows": len(table.rows),
            "duplicate_rows": table.duplicates,
            "late_rows": table.late,
            "bad_rows": dict(table.bad),
        }, name


def test_orders_and_revenue(company: Company) -> None:
    orders, lines = company.rows("web_shop/orders"), company.rows("web_shop/order_lines")
    completed = {row["order_id"]: Decimal(row["total_amount"]) for row in orders
                 if row["status"] == "completed"}  # fmt: skip
    sold = [row for row in lines if row["is_return"] == "false"]
    returns = [row for row in lines if row["is_return"] == "true"]
    gross = sum(completed.values())
    returned = -sum(Decimal(row["line_amount"]) for row in returns)
    assert company.totals["accepted_orders"] == len({row["order_id"] for row in orders})
    assert company.totals["completed_orders"] == len(completed)
    assert company.totals["cancelled_orders"] == len(orders) - len(completed)
    assert company.totals["order_lines"] == len(sold)
    assert company.totals["return_lines"] == len(returns)
    assert Decimal(str(company.totals["gross_revenue"])) == gross
    assert Decimal(str(company.totals["returned_revenue"])) == returned
    assert Decimal(str(company.totals["net_revenue"])) == gross - returned
    assert gross == sum(Decimal(row["line_amount"]) for row in sold if row["order_id"] in completed)


def test_points(company: Company) -> None:
    ledger = company.rows("loyalty/points_ledger")
    by_type: Counter[str] = Counter()
    for row in ledger:
        by_type[row["entry_type"]] += row["points"]
    assert company.totals["points_by_type"] == by_type
    assert company.totals["points_total"] == sum(by_type.values())
    assert company.totals["ledger_entries"] == len({row["entry_id"] for row in ledger})


def test_people_records_and_events(company: Company) -> None:
    bots = {row["source_record_id"] for row in company.records if not row["person_id"]}
    events = company.rows("web_tracking/events")
    bot_events = [row for row in events if row["cookie_id"] in bots]
    assert company.totals["people"] == len(company.people) == company.parameters["customers"]
    assert company.totals["buyers"] == sum(row["is_buyer"] == "true" for row in company.people)
    for name, system in (
        ("customers", "web_shop"), ("members", "loyalty"), ("contacts", "email_marketing")
    ):  # fmt: skip
        assert company.totals[name] == len(company.owners(system))
    assert company.totals["bot_cookies"] == len(bots)
    assert company.totals["bot_events"] == len(bot_events)
    assert company.totals["events_without_bots"] == len(events) - len(bot_events)
    assert company.totals["message_events"] == len(company.rows("email_marketing/message_events"))
    assert company.totals["consents"] == len(company.rows("email_marketing/consents"))


def test_truth_of_people_equals_their_orders(company: Company) -> None:
    owners = company.owners("web_shop")
    counts: Counter[str] = Counter()
    amounts: dict[str, Decimal] = {}
    first: dict[str, str] = {}
    for row in company.rows("web_shop/orders"):
        if row["status"] == "completed":
            person = owners[row["customer_id"]]
            counts[person] += 1
            amounts[person] = amounts.get(person, Decimal(0)) + Decimal(row["total_amount"])
            first[person] = min(first.get(person, row["ordered_at"]), row["ordered_at"])
    for stated in company.people:
        key = stated["person_id"]
        assert int(stated["order_count"]) == counts[key]
        assert Decimal(stated["gross_amount"]) == amounts.get(key, 0)
        assert stated["first_purchase_at"] == first.get(key, "")
        assert (stated["is_buyer"] == "true") == (key in first)
        assert (stated["purchase_rate_per_week"] != "") == (key in first)
