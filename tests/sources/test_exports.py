"""Exports of well-known products, added by one command: the right values of their README.

The files and values are those of shared/data/exports.
"""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR
from orchestration.sources.drafts import Column, Table
from orchestration.sources.entities import read_entities
from orchestration.sources.names import snake_case
from orchestration.sources.recognisers import Recogniser, propose_recognised, recognisers
from tests.conftest import require_shared
from tests.sources.added import Added, add


@pytest.fixture(scope="module")
def shopify(tmp_path_factory: pytest.TempPathFactory) -> Added:
    place = require_shared("exports") / "shopify"
    return add(tmp_path_factory.mktemp("shopify"), "shopify", place)


@pytest.fixture(scope="module")
def stripe(tmp_path_factory: pytest.TempPathFactory) -> Added:
    place = require_shared("exports") / "stripe" / "charges.ndjson"
    return add(tmp_path_factory.mktemp("stripe"), "stripe", place)


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> Added:
    place = next((require_shared("exports") / "hubspot").glob("*.csv"))
    return add(tmp_path_factory.mktemp("hubspot"), "hubspot", place)


@pytest.fixture(scope="module")
def mailchimp(tmp_path_factory: pytest.TempPathFactory) -> Added:
    place = next((require_shared("exports") / "mailchimp").glob("*.zip"))
    return add(tmp_path_factory.mktemp("mailchimp"), "mailchimp", place)


def models(added: Added, entity: str) -> list[str]:
    return [model for model, fed in added.feeds().items() if fed == entity]


def statements(added: Added) -> dict[str, int]:
    """Accepted statements of consent by status."""
    found: dict[str, int] = {}
    for model in models(added, "consents"):
        where = "reject_reason is null group by 1"
        for status, count in added.rows(model, "status, count(*)", where):
            found[status] = found.get(status, 0) + count
    return found


def test_shopify_orders_and_lines(shopify: Added):
    [orders] = models(shopify, "orders")
    where = "reject_reason is null group by 1"
    totals = shopify.rows(orders, "status, count(*), sum(gross_amount)", where)
    assert totals == [
        ("cancelled", 3, Decimal("192.60")),
        # paid, refunded, partially refunded, pending
        ("completed", 197, sum(map(Decimal, ("21246.70", "1319.95", "279.60", "502.20")))),
    ]  # fmt: skip
    lines, refunds = models(shopify, "order_lines")
    assert shopify.rows(lines, "count(*), sum(line_amount)") == [(338, Decimal("23541.05"))]
    assert shopify.rows(refunds, "count(*), sum(line_amount)") == [(13, Decimal("-1349.95"))]
    assert shopify.reasons(lines)["duplicate_row"] == 15
    first = shopify.rows(orders, "cast(ordered_at as varchar)", "order_id = '#1001'")
    assert first[0] == ("2025-08-22 13:50:05",)


def test_shopify_customers_guests_and_consent(shopify: Added):
    [customers] = models(shopify, "customer_records")
    known = "count(email), count(*) - count(email), count(postal_code), count(phone)"
    assert shopify.rows(customers, known)[0][:3] == (111, 9, 120)
    assert shopify.rows(customers, "count(*)", "postal_code like '''%'") == [(0,)]
    said = statements(shopify)
    assert set(said) == {"granted", "denied"} and sum(said.values()) == 200


def test_stripe_reads_cents_of_two_currencies(stripe: Added):
    [orders] = models(stripe, "orders")
    where = "reject_reason is null and status = 'completed' group by 1"
    assert stripe.rows(orders, "currency, sum(gross_amount)", where) == [
        ("EUR", Decimal("31080.17")), ("GBP", Decimal("1513.61")),
    ]  # fmt: skip
    assert stripe.rows(orders, "count(*)", "status = 'completed'") == [(265,)]
    assert stripe.rows(orders, "count(*)", "status = 'cancelled'") == [(35,)]
    _, refunds = models(stripe, "order_lines")
    stripe.staged(orders)
    where = (
        "reject_reason is null and currency = 'EUR' and order_id in "
        f"(select order_id from staged.{orders} where status = 'completed')"
    )
    assert stripe.rows(refunds, "sum(line_amount)", where) == [(Decimal("-1550.85"),)]
    [customers] = models(stripe, "customer_records")
    where = "source_record_id like 'cus_%' and reject_reason is null"
    assert stripe.rows(customers, "count(*)", where) == [(108,)]


def test_hubspot_denials_and_zones(hubspot: Added):
    [contacts] = models(hubspot, "customer_records")
    assert hubspot.reasons(contacts) == {None: 300}
    assert statements(hubspot) == {"denied": 75}
    first = "cast(created_at as varchar), country_code, given_name, birth_date"
    assert hubspot.rows(contacts, first, "source_record_id = '50000000001'") == [
        ("2025-06-28 06:21:00", "DE", "Clara", None)
    ]
    usable = "email is not null and email not like 'noreply@%'"
    assert hubspot.rows(contacts, "count(distinct lower(email))", usable) == [(176,)]
    assert hubspot.rows(contacts, "count(*)", "length(country_code) <> 2") == [(0,)]


def test_mailchimp_archive_as_it_comes(mailchimp: Added):
    members = [m for model in models(mailchimp, "customer_records")
               for m in mailchimp.rows(model, "source_record_id, email")]  # fmt: skip
    assert len(members) == len(set(members)) == 215
    assert statements(mailchimp) == {"granted": 170, "denied": 45}
    denied = {
        by: count
        for model in models(mailchimp, "consents")
        for by, count in mailchimp.rows(
            model, "captured_by, count(*)", "reject_reason is null group by 1"
        )
    }
    assert denied == {"form": 170, "preference_centre": 30, "bounce": 15}
    patterns = {t["config"]["meta"]["options"]["member"] for t in mailchimp.source["tables"]}
    assert patterns == {
        f"{kind}_email_audience_export_*.csv" for kind in ("cleaned", "subscribed", "unsubscribed")
    }


@pytest.mark.parametrize("known", recognisers(), ids=lambda known: known.name)
def test_the_headers_of_a_recogniser_feed_what_contracts_require(known: Recogniser):
    assert known.traps and known.headers
    named = [(h.rstrip("*"), h) for h in known.headers]
    columns = [Column(snake_case(name, "c"), name) for name, _ in named]
    table = Table("t", "csv", columns=columns)
    entities = read_entities(DBT_PROJECT_DIR)
    for beside in ((), ("customers", "charges", "refunds", "products")):
        with duckdb.connect() as con:
            proposals = propose_recognised(con, table, known, entities, "EUR", beside)
        assert [p.entity.name for p in proposals if p.missing] == []
        assert all(p.checks for p in proposals)
