"""Which function feeds which entity."""

from __future__ import annotations

from collections.abc import Callable

from orchestration.sources import expressions as sql
from orchestration.sources import feed_activities, feed_people, feed_sales
from orchestration.sources.drafts import Table
from orchestration.sources.feed_consents import consents, parts_of_consent
from orchestration.sources.feed_keyed import keyed_records
from orchestration.sources.feed_refunds import refunded
from orchestration.sources.feeding import Context
from orchestration.sources.proposals import Proposal
from orchestration.sources.roles import Role

BUILDERS: dict[str, Callable[[Context, Proposal, Table, Role], None]] = {
    "customer_records": feed_people.customer_records,
    "orders": feed_sales.orders,
    "order_lines": feed_sales.order_lines,
    "products": feed_sales.products,
    "campaigns": feed_people.campaigns,
    "message_events": feed_activities.message_events,
    "consents": consents,
    "events": feed_people.events,
    "loyalty_tiers": feed_people.loyalty_tiers,
    "support_contacts": feed_activities.support_contacts,
    "interactions": feed_activities.interactions,
}


def parts_of(ctx: Context, entity: str, table: Table, role: Role) -> tuple[str, ...]:
    """The parts in which a table feeds an entity, each a model of its own; one without name.

    Parameters:
        ctx: what builders need beside the table.
        entity: the entity.
        table: the table.
        role: what it is about.
    """
    if entity == "order_lines":
        return ("", "refunds") if refunded(table, role) else ("",)
    if entity == "consents" and role.is_customers:
        return parts_of_consent(table)
    return feed_activities.parts(ctx, entity, table) if entity == table.activity else ("",)


def build(ctx: Context, proposal: Proposal, role: Role) -> Proposal:
    """Fill a proposal: what feeds its columns and what is checked.

    Parameters:
        ctx: what builders need beside the table.
        proposal: an empty one.
        role: what its table is about.
    """
    if proposal.table.keyed_by:
        keyed_records(proposal)
        return proposal
    BUILDERS[proposal.entity.name](ctx, proposal, proposal.table, role)
    if (gone := proposal.table.meaning("is_deleted")) is not None and gone.filled:
        proposal.help("was_deleted", sql.is_marked(gone), gone)
        proposal.checks.insert(0, ("was_deleted", "no_record", gone.name))
    return proposal
