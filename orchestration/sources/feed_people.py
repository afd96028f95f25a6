"""How customers and what they do are fed: which meanings fill which columns, what is checked."""

from __future__ import annotations

from functools import partial

from orchestration.sources import expressions as sql
from orchestration.sources.drafts import Column, Table
from orchestration.sources.feed_consents import ask_consent, says_when
from orchestration.sources.feeding import (
    Context,
    feed_instant,
    feed_key,
    feed_reference,
    feed_whose,
    own_id,
)
from orchestration.sources.names import tokens
from orchestration.sources.proposals import Proposal
from orchestration.sources.roles import Role, key_column

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
"""The parameters of an address that name a campaign."""
IDENTIFIERS = (
    "email", "phone", "login", "loyalty_id", "passport", "drivers_license", "postal_code",
)  # fmt: skip


def customer_records(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed customer_records."""
    key = key_column(table)
    if role.is_fact:
        identity = role.customer
    else:
        own = table.meaning("customer_id")
        identity = key if key and (not own or own is key) else own or key
        identity = identity or table.meaning("loyalty_id")
    if identity is not None and not role.is_fact:
        p.help("is_no_record", sql.no_record(identity, table), identity)
        p.check("is_no_record", "no_record", identity)
    if not role.is_fact:
        ask_consent(ctx, p, table)
    consent = table.meaning("consent_status", "opt_out")
    if consent is not None and consent.filled and not role.is_fact and not says_when(table):
        what = "it says who may be mailed, and no column says since when."
        how = "Name that column with --rename COLUMN=recorded_at, or say --rename '{}=ignore'."
        p.doubt(consent, what, how)
    if identity is not None and role.is_sale:
        written, known = sql.identifier(identity), sql.key(identity)
        p.help("names_nobody", f"{written} is not null and {known} is null", identity)
        p.check("names_nobody", "says_nothing", identity)
    if table.activity:
        feed_whose(p, table, "says_nothing")
    else:
        feed_key(p, "source_record_id", identity)
    p.is_folded = role.is_fact
    _names(ctx, p, table)
    readers = {"email": sql.email, "postal_code": sql.postal_code}
    for name in IDENTIFIERS:
        p.read(name, table.meaning(name), readers.get(name, sql.identifier))
    for name in ("loyalty_tier", "organisation_name", "address_line_2", "city", "state"):
        p.read(name, table.meaning(name))
    if (born := table.meaning("birth_date")) is not None:
        p.read("birth_date", born, sql.birth_date)
        p.read("birth_date_as_written", born, sql.digits_of_no_date)
    elif parts := _birth_parts(table):
        read = " || '-' || ".join(f"trim({c.name})" for c in parts)
        p.feed("birth_date", f"{{{{ as_birth_date_in(\"{read}\", '%Y-%m-%d') }}}}", *parts)
    p.read("gender", table.meaning("gender"), lambda c: sql.codes(ctx.con, table, c, "gender"))
    _national_id(p, table)
    _street(ctx, p, table)
    country = table.meaning("country_code")
    p.read("country_code", country, lambda c: sql.country(ctx.con, table, c))
    created, updated = table.meaning("created_at"), table.meaning("updated_at")
    if role.is_fact:
        created = updated = None
    p.read("created_at", created, sql.instant)
    if updated and created:
        both = sql.either(sql.instant(updated), sql.instant(created))
        p.feed("updated_at", both, updated, created)
    else:
        p.read("updated_at", updated or created, sql.instant)
    if "updated_at" in p.feeds:
        p.newest_by = "updated_at"
        for name, column in (("updated_at", updated), ("created_at", created)):
            if column:
                p.check("{{ is_after_today('" + name + "') }}", "future_timestamp", column)


BIRTH_PARTS = (
    ("birth year", "birth month", "birth day"), ("dob year", "dob month", "dob day"),
    ("born year", "born month", "born day"),
    ("date of birth year", "date of birth month", "date of birth day"),
    ("year of birth", "month of birth", "day of birth"), ("yob", "mob", "dob"),
    ("geburtsjahr", "geburtsmonat", "geburtstag"), ("geburtsjahr", "geburtsmonat", "tag"),
    ("annee naissance", "mois naissance", "jour naissance"),
    ("anno nascita", "mese nascita", "giorno nascita"),
    ("ano nacimiento", "mes nacimiento", "dia nacimiento"),
    ("geboortejaar", "geboortemaand", "geboortedag"),
)  # fmt: skip


def _birth_parts(table: Table) -> list[Column]:
    """Year, month and day of birth, where they stand in a column each."""
    named = {" ".join(tokens(c.source_name)): c for c in table.columns}
    for parts in BIRTH_PARTS:
        found = [named[part] for part in parts if part in named]
        if len(found) == len(parts):
            return found
    return []


def campaigns(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed campaigns."""
    key = table.meaning("campaign_id") or key_column(table)
    feed_key(p, "campaign_id", key)
    p.read("campaign_name", table.meaning("campaign_name", "name"))
    for means in ("subject", "audience"):
        p.read(means, table.meaning(means))
    channel = table.meaning("channel")
    if channel:
        p.feed("channel", f"coalesce(lower({sql.text(channel)}), 'email')", channel)
    else:
        p.feed("channel", "'email'", reason="assumed: the table does not say it")
        p.notes.append("channel is assumed to be email; edit the model if it is not")
    started = table.meaning("started_at", "created_at", "date")
    if started:
        p.feed("started_at", sql.instant(started), started)
        p.newest_by = "started_at"


def events(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed events."""
    feed_key(p, "event_id", table.meaning("event_id") or own_id(table, role))
    cookie, customer = table.meaning("cookie_id"), role.customer
    feed_reference(p, "source_record_id", cookie or customer)
    if kind := table.meaning("event_type"):
        p.read("event_type", kind, sql.lower_text)
        p.check("event_type is null", "invalid_code", kind)
    else:
        name = table.name.removesuffix("s")
        p.feed("event_type", f"'{name}'", reason="the table's name")
    feed_instant(p, "occurred_at", table.meaning("occurred_at") or role.instant)
    login = table.meaning("login") or (customer if cookie and customer is not cookie else None)
    p.read("login", login, sql.identifier)
    p.read("url_path", table.meaning("url"), lambda c: f"{{{{ url_path_of('{c.name}') }}}}")
    for name in UTM:
        p.read(name, table.meaning("url"), partial(sql.url_parameter, name=name))
    p.read("device_type", table.meaning("device_type"), sql.lower_text)
    p.read("user_agent", table.meaning("user_agent"))
    for means in ("product_id", "order_id"):
        column = table.meaning(means)
        if column is not (cookie or customer):
            p.read(means, column, sql.identifier)
    p.read("points", table.meaning("points"), lambda c: f"cast({sql.integer(c)} as bigint)")
    p.newest_by = "occurred_at"


def loyalty_tiers(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed loyalty_tiers."""
    tier = table.meaning("loyalty_tier", "name") or key_column(table)
    feed_key(p, "loyalty_tier", tier)
    p.read("tier_rank", table.meaning("tier_rank"), sql.integer)
    p.read("threshold_points", table.meaning("threshold_points", "points"), sql.integer)


def _names(ctx: Context, p: Proposal, table: Table) -> None:
    given, family = table.meaning("given_name"), table.meaning("family_name")
    full, name = table.meaning("full_name"), table.meaning("name")
    if given and not family and name:
        family, name = name, None
    full = full or (name if not given and not family else None)
    p.read("middle_name", table.meaning("middle_name"))
    for target, part in (("given_name", given), ("family_name", family)):
        if full is None:
            p.read(target, part)
            continue
        out_of_full = f"{{{{ {target}_of('{full.name}') }}}}"
        if part:
            p.feed(target, sql.either(sql.text(part), out_of_full), part, full)
        else:
            p.feed(target, out_of_full, full)


def _national_id(p: Proposal, table: Table) -> None:
    """The first number of a state that a row has: of persons, or else of their documents."""
    columns = [c for c in table.columns if c.means in ("national_id", "document_id")]
    columns.sort(key=lambda c: (c.means != "national_id", table.columns.index(c)))
    if columns:
        read = sql.identifier(columns[0])
        for column in columns[1:]:
            read = sql.either(read, sql.identifier(column))
        p.feed("national_id", read, *columns)


def _street(ctx: Context, p: Proposal, table: Table) -> None:
    street, number = table.meaning("street", "address"), table.meaning("house_number")
    whole = table.meaning("address")
    if street and whole and street is not whole and not number:
        p.feed("street", sql.either(sql.text(street), sql.text(whole)), street, whole)
    elif street and number:
        both = sorted((street, number), key=table.columns.index)
        first, second = (f"coalesce(trim({c.name}), '')" for c in both)
        p.feed("street", f"nullif(trim(\n    {first}\n    || ' ' || {second}\n), '')", *both)
    else:
        p.read("street", street)
