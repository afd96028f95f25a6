"""Which conformed entities the tables of a source feed, and with which columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.sources.activities import see_activity
from orchestration.sources.builders import build, parts_of
from orchestration.sources.drafts import Doubt, Table
from orchestration.sources.entities import Entity
from orchestration.sources.feed_consents import says_when
from orchestration.sources.feeding import Context
from orchestration.sources.gaps import see_groups, see_nobody, see_returns
from orchestration.sources.proposals import Proposal
from orchestration.sources.recognisers import propose_recognised, recognise
from orchestration.sources.roles import Role, key_column, roles_of


def propose(
    con: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    entities: Mapping[str, Entity],
    maps: Mapping[str, Sequence[str]],
    currency: str | None,
    fed: Collection[str],
    project_dir: Path,
) -> list[Proposal]:
    """Proposals for all tables of a source, in the order of tables and entities.

    Parameters:
        con: the connection that holds the samples.
        tables: tables whose columns are understood.
        entities: the contracts.
        maps: entities per table, where the user says them; an empty list is landing only.
        currency: the currency that the user said; None when nothing.
        fed: entities that tables of the same source feed since earlier; sales point to those.
        project_dir: the dbt project, whose macros say what can be read.

    Raises:
        UserError: `maps` names a table or an entity that does not exist, or asks for an entity
            whose required columns nothing feeds.
    """
    names = {t.name for t in tables}
    for name, wanted in maps.items():
        if name not in names:
            raise UserError(
                f"--map names the table {name}; there are {', '.join(sorted(names))}.", 2
            )
        for entity in wanted:
            if entity not in entities:
                raise UserError(
                    f"--map names the entity {entity}; there are {', '.join(entities)}.", 2
                )
    known = {
        t.name: found
        for t in tables
        if t.name not in maps
        and not any("meaning" in c.said for c in t.columns)
        and (found := recognise(t))
    }
    for table in tables:
        if table.name not in known:
            see_activity(con, table, maps.get(table.name))
    roles = roles_of(tables)
    for table in tables:
        see_groups(con, table, roles[table.name])
        see_nobody(con, table, roles[table.name], tables, project_dir)
        see_returns(con, table, roles[table.name], project_dir)
    wishes = {t.name: _wished(t, roles, tables, fed) for t in tables}
    if len(tables) == 1 and not wishes[tables[0].name] and _was_about_people(tables[0]):
        wishes[tables[0].name] = ["customer_records"]
    ctx = Context(con, currency)
    proposals: list[Proposal] = []
    for table in tables:
        if table.name in known:
            mine = known[table.name]
            beside = {
                r.export for n, r in known.items() if n != table.name and r.product == mine.product
            }
            proposals += propose_recognised(con, table, mine, entities, currency, beside)
            continue
        asked = maps.get(table.name)
        for entity in entities:
            if entity not in (wishes[table.name] if asked is None else asked):
                continue
            role = roles[table.name]
            _force(role, entity, asked is not None, table)
            for part in parts_of(ctx, entity, table, role):
                proposal = build(ctx, Proposal(table, entities[entity], part=part), role)
                if asked is not None:
                    proposal.require_complete()
                if proposal.missing:
                    lacks = ", ".join(c.name for c in proposal.missing)
                    table.refused = [*table.refused, f"{entity}: nothing in it is {lacks}"]
                    # What can't be understood of a consent may be a no.
                    table.doubts += proposal.doubts if entity == "consents" else ()
                    if entity == "orders" and not any(c.references for c in table.columns):
                        table.doubts.append(_lacking(table, lacks))
                else:
                    proposals.append(proposal)
    proposals = _one_line_per_order(proposals, roles, maps)
    for proposal in proposals:
        for name, feed in proposal.feeds.items():
            for column in feed.columns:
                column.feeds.append(f"{proposal.entity.name}.{name}")
    return proposals


def _lacking(table: Table, lacks: str) -> Doubt:
    return Doubt(
        table.name, None,
        f"it has sales, and nothing in it is the {lacks} of an order, so they would be no orders.",
        "Say which column is with --rename, as in --rename COLUMN=customer_id, or "
        f"--map {table.name}= to leave it in landing.",
    )  # fmt: skip


def _wished(
    table: Table, roles: Mapping[str, Role], tables: Sequence[Table], fed: Collection[str]
) -> list[str]:
    role = roles[table.name]
    buyer = role.customer
    known = buyer is not None and any(
        o is not table and roles[o.name].is_customers
        and (k := key_column(o))
        and (buyer.references == o.name or k.means == buyer.means == "customer_id")
        for o in tables
    )  # fmt: skip
    describes = buyer is not None and not known and "customer_records" not in fed
    if table.activity is not None:
        wished = [table.activity]
        if table.activity == "interactions" and table.meaning("consent_status", "opt_out"):
            wished.append("consents")
        if describes and role.persons and table.activity != "message_events":
            wished.append("customer_records")
        return wished
    if role.is_sale:
        wished = ["orders", "order_lines"]
        if describes:
            wished.append("customer_records")
        sold = role.product
        listed = sold is not None and any(
            o is not table
            and (k := key_column(o))
            and (k.means == "product_id" or sold.references == o.name)
            for o in tables
        )
        described = table.meaning("product_name", "category", "brand")
        if sold is not None and not listed and described and "products" not in fed:
            wished.append("products")
        return wished
    if role.is_customers:
        says = table.meaning("consent_status", "opt_out")
        is_whole = says and says_when(table)
        return ["customer_records", "consents"] if is_whole else ["customer_records"]
    if (
        "consents" in role.subjects
        or table.meaning("consent_id")
        or (table.meaning("consent_status") and table.meaning("purpose", "channel"))
    ):
        return ["consents"]
    if role.is_events and table.meaning("cookie_id"):
        return ["events"]
    key = key_column(table)
    campaign = table.meaning("campaign_id")
    if campaign and table.meaning("event_type", "status") and role.customer and role.instant:
        return ["message_events"]
    if (campaign and campaign is key) or (
        "campaigns" in role.subjects and key and not role.customer
    ):
        return ["campaigns"]
    described = table.meaning("product_name", "category", "brand", "unit_price", "name")
    if described and (
        (role.product and role.product is key)
        or ("products" in role.subjects and (role.product or key))
    ):
        return ["products"]
    if "loyalty_tiers" in role.subjects or (key and key.means == "loyalty_tier"):
        return ["loyalty_tiers"]
    whose = table.meaning("cookie_id") or role.customer
    if role.instant and whose and not whose.is_unique:
        return ["events"]
    return []


def _was_about_people(table: Table) -> bool:
    return any("called" in c.reason for c in table.columns if c.means is None) or any(
        table.meaning(m) for m in ("postal_code", "city", "birth_date", "loyalty_tier")
    )


def _force(role: Role, entity: str, is_asked: bool, table: Table) -> None:
    """What the user says about a table is true of it, whatever it looked like."""
    if not is_asked:
        return
    if entity in ("orders", "order_lines") and not role.is_sale:
        role.is_sale = True
        role.is_lines = role.order is not None and not role.order.is_unique


def _one_line_per_order(
    proposals: list[Proposal],
    roles: Mapping[str, Role],
    maps: Mapping[str, Sequence[str]],
) -> list[Proposal]:
    """Orders with a table of lines of their own are not lines as well."""
    with_lines = {
        c.references
        for p in proposals if p.entity.name == "order_lines"
        for c in p.table.columns if c.references and roles[c.references].is_sale
    }  # fmt: skip
    return [
        p
        for p in proposals
        if not (
            p.entity.name == "order_lines"
            and p.table.name in with_lines
            and p.table.name not in maps
        )
    ]
