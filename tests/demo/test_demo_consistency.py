"""What one file says must agree with the others, once the mess is set aside."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from operator import itemgetter

from tests.demo.demo_files import Company, Row


def grouped(rows: list[Row], key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def test_references_lead_somewhere(company: Company) -> None:
    customers = {row["customer_id"] for row in company.rows("web_shop/customers")}
    logins = {row["login"] for row in company.rows("web_shop/customers")}
    products = {row["product_id"] for row in company.products}
    members = {row["member_no"] for row in company.rows("loyalty/members")}
    contacts = {row["contact_id"] for row in company.rows("email_marketing/contacts")}
    campaigns = {row["campaign_id"] for row in company.campaigns}
    orders = {row["order_id"] for row in company.rows("web_shop/orders")}
    lines, events = company.rows("web_shop/order_lines"), company.rows("web_tracking/events")
    messages = company.rows("email_marketing/message_events")
    ledger = company.rows("loyalty/points_ledger")
    assert customers == company.owners("web_shop").keys() and len(logins) == len(customers)
    assert members == company.owners("loyalty").keys()
    assert contacts == company.owners("email_marketing").keys()
    assert {row["cookie_id"] for row in events} == company.owners("web_tracking").keys()
    assert {row["customer_id"] for row in company.rows("web_shop/orders")} <= customers
    assert {row["order_id"] for row in lines} == orders
    assert {row["product_id"] for row in lines} <= products and len(products) == 400
    assert {row["product_id"] for row in events} - {None} <= products
    assert {row["login"] for row in events} - {None} <= logins
    assert {row["member_no"] for row in ledger} <= members
    assert {row["order_id"] for row in ledger} - {None} <= orders
    assert {row["contact_id"] for row in messages} <= contacts
    assert {row["campaign_id"] for row in messages} <= campaigns and len(campaigns) == 24
    assert {row["contact_id"] for row in company.rows("email_marketing/consents")} == contacts
    assert {row["person_id"] for row in company.records} - {""} == {
        row["person_id"] for row in company.people
    }


def test_stated_loyalty_numbers_belong_to_the_same_person(company: Company) -> None:
    accounts, members = company.owners("web_shop"), company.owners("loyalty")
    stated = [row for row in company.rows("web_shop/customers") if row["loyalty_number"]]
    assert stated
    for row in stated:
        assert members[row["loyalty_number"].strip().upper()] == accounts[row["customer_id"]]


def test_lines_sum_to_their_order_and_returns_stay_below(company: Company) -> None:
    lines = grouped(company.rows("web_shop/order_lines"), "order_id")
    for order in company.rows("web_shop/orders"):
        own = sorted(lines[order["order_id"]], key=lambda row: int(row["line_number"]))
        assert [int(row["line_number"]) for row in own] == list(range(1, len(own) + 1))
        sold = [row for row in own if row["is_return"] == "false"]
        total = sum(Decimal(row["line_amount"]) for row in sold)
        assert total == Decimal(order["total_amount"])
        assert all(row["booked_at"] == order["ordered_at"] for row in sold)
        returned = [row for row in own if row["is_return"] == "true"]
        assert not returned or order["status"] == "completed"
        for row in returned:
            assert row["booked_at"] > order["ordered_at"] and int(row["quantity"]) < 0
            same = [
                line for line in sold
                if line["product_id"] == row["product_id"]
            ]  # fmt: skip
            assert -int(row["quantity"]) <= sum(int(line["quantity"]) for line in same)
            assert -Decimal(row["line_amount"]) <= sum(Decimal(x["line_amount"]) for x in same)


def test_message_funnels(company: Company) -> None:
    messages = grouped(company.rows("email_marketing/message_events"), "message_id")
    late_bounces = 0
    machines: dict[str, list[float]] = {"opened": [], "clicked": []}
    for message_id, events in messages.items():
        kinds = {row["message_event_id"].removeprefix(message_id + "-"): row for row in events}
        told = {k: row for k, row in kinds.items() if len(k) == 2}
        at = {row["event_type"]: row["occurred_at"] for row in told.values()}
        assert len(kinds) == len(events) and len(at) == len(told) and "sent" in at
        late_bounces += {"bounced", "delivered"} <= at.keys()
        for later, earlier in (
            ("bounced", "sent"), ("delivered", "sent"), ("opened", "delivered"),
            ("clicked", "opened"), ("unsubscribed", "opened"),
        ):  # fmt: skip
            assert later not in at or at[earlier] < at[later]
        assert not {"bounced", "opened"} <= at.keys()
        assert at.get("bounced", "9") > at.get("delivered", "")
        assert all(bool(row["url"]) == (row["event_type"] == "clicked") for row in events)
        for row in (row for kind, row in kinds.items() if kind not in told):
            after = datetime.fromisoformat(row["occurred_at"])
            waited = after - datetime.fromisoformat(at["delivered"])
            machines[row["event_type"]].append(waited.total_seconds())
    assert late_bounces > 0
    assert all(times and max(times) <= 5 for times in machines.values())


def test_nothing_is_sent_without_consent(company: Company) -> None:
    consents = grouped(
        [
            row
            for row in company.rows("email_marketing/consents")
            if (row["purpose"], row["channel"]) == ("commercial", "email")
        ],
        "contact_id",
    )
    for row in company.rows("email_marketing/message_events"):
        if row["event_type"] == "sent":
            known = [
                (consent["recorded_at"], consent["status"])
                for consent in consents[row["contact_id"]]
                if consent["recorded_at"] <= row["occurred_at"]
            ]
            assert max(known)[1] == "granted"


def test_keen_buyers_read_more(company: Company) -> None:
    owners = company.owners("email_marketing")
    rates = {
        row["person_id"]: float(row["purchase_rate_per_week"])
        for row in company.people
        if row["is_buyer"] == "true"
    }
    middle = sorted(rates.values())[len(rates) // 2]
    counts = {(half, kind): 0 for half in (True, False) for kind in ("delivered", "opened")}
    for row in company.rows("email_marketing/message_events"):
        rate = rates.get(owners[row["contact_id"]])
        if row["message_event_id"].endswith("-fetched"):
            continue
        if rate is not None and (rate > middle, row["event_type"]) in counts:
            counts[rate > middle, row["event_type"]] += 1
    keen = counts[True, "opened"] / counts[True, "delivered"]
    slow = counts[False, "opened"] / counts[False, "delivered"]
    assert keen > 1.5 * slow


def test_points_never_fall_below_zero_and_tiers_fit(company: Company) -> None:
    ledger = grouped(company.rows("loyalty/points_ledger"), "member_no")
    orders = {row["order_id"]: row for row in company.rows("web_shop/orders")}
    for member in company.rows("loyalty/members"):
        balance = earned = 0
        for row in sorted(ledger[member["member_no"]], key=lambda row: str(row["booked_at"])):
            balance += row["points"]
            assert balance >= 0
            if row["entry_type"] == "earned":
                earned += row["points"]
                if row["order_id"]:
                    assert row["points"] == int(Decimal(orders[row["order_id"]]["total_amount"]))
            if row["entry_type"] == "redeemed":
                assert row["points"] < 0 and row["points"] % 250 == 0
        reached = [tier for tier, points in company.tiers.items() if points <= earned]
        assert member["tier"] == reached[-1]


def test_login_stays_for_the_rest_of_the_visit(company: Company) -> None:
    by_visit: dict[str, list[Row]] = defaultdict(list)
    for row in company.rows("web_tracking/events"):
        by_visit[row["event_id"][:17]].append(row)
    for events in by_visit.values():
        steps = sorted(events, key=itemgetter("event_id"))
        logged_in = [row["login"] is not None for row in steps]
        assert logged_in == sorted(logged_in)
        assert [row["occurred_at"] for row in steps] == sorted(row["occurred_at"] for row in steps)
        if any(logged_in):
            assert steps[logged_in.index(True)]["event_type"] == "login"
            assert len({row["login"] for row in steps if row["login"]}) == 1


def test_bots_are_told_by_pace_and_by_agent(company: Company) -> None:
    bots = {row["source_record_id"] for row in company.records if not row["person_id"]}
    words = re.compile("bot|crawler|spider|python-requests", re.IGNORECASE)
    agents = {row["cookie_id"]: row["user_agent"] for row in company.rows("web_tracking/events")}
    paces = Counter(
        (row["cookie_id"], row["occurred_at"][:16]) for row in company.rows("web_tracking/events")
    )
    assert bots
    assert {cookie for (cookie, _), count in paces.items() if count > 50} == bots
    assert {cookie for cookie, agent in agents.items() if words.search(agent)} == bots
