"""A small published model of the contract's shape, with numbers that look like a company's.

The tables and their types come from the contracts in the dbt project; a query that does not fit
its contract fails here.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import yaml

from orchestration.settings import DBT_PROJECT_DIR
from tests.dashboard import published_tables

CONTRACTS_DIR = DBT_PROJECT_DIR / "models" / "insights"
AS_OF = "2026-10-31"

TABLES = {
    "dim_loyalty_tier": """
        select tier::varchar as loyalty_tier, tier_rank::int as tier_rank,
            threshold::bigint as threshold_points
        from (values ('No tier', 0, null), ('Basic', 1, 0), ('Silver', 2, 500), ('Gold', 3, 1500),
            ('Platinum', 4, 4000)) as tiers(tier, tier_rank, threshold)""",
    "dim_decile": """
        select decile::int as decile,
            case when decile = 0 then 'No decile' else 'Decile ' || decile end as decile_name
        from range(0, 11) as deciles(decile)""",
    "dim_look_back": """
        select look_back::varchar as look_back, months::int as look_back_months,
            look_back_name::varchar as look_back_name
        from (values ('1', 1, 'Last month'), ('3', 3, 'Last 3 months'), ('6', 6, 'Last 6 months'),
            ('9', 9, 'Last 9 months'), ('12', 12, 'Last 12 months'), ('lifetime', null, 'Lifetime'))
            as look_backs(look_back, months, look_back_name)""",
    "dim_merge_policy": """
        select 1 as merge_policy_id, 'timestamp_ordered' as merge_policy_name, true as is_default
        union all
        select 2, 'source_precedence', false""",
    "dim_segment": """
        select segment_name::varchar as segment_name, segment_id::int as segment_id,
            title::varchar as title, description::varchar as description, 'To act on' as purpose,
            'marketing-analytics' as owner, 'active' as life_cycle_state
        from (values
            ('loyalty_points_over_1000', 1, 'Loyalty points over 1000', 'A balance over 1000'),
            ('top_three_deciles', 2, 'Top three deciles', 'Deciles 1 to 3 within the loyalty tier'))
            as segments(segment_name, segment_id, title, description)""",
    "dim_campaign": """
        select 'K' || lpad(number::varchar, 3, '0') as campaign_id,
            ['Spring sale', 'Summer arrivals', 'Back in stock', 'Your points expire',
             'Black Friday preview', 'Winter care'][number] as campaign_name,
            'Subject ' || number as subject, 'everybody' as audience, 'email' as channel,
            timestamp '2026-02-01 08:00:00' + to_days(cast(40 * number as int)) as started_at
        from range(1, 7) as numbers(number)""",
    "fact_profile": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, 15242::bigint as profile_count,
            9874::bigint as known_profile_count, 5368::bigint as anonymous_profile_count,
            6012::bigint as single_identity_profile_count,
            11020::bigint as unsegmented_profile_count, 31877::bigint as record_count""",
    "dim_namespace": """
        select id as namespace_id, namespace, namespace as kind, id as priority
        from (values (1, 'email'), (2, 'phone'), (3, 'cookie')) as namespaces(id, namespace)""",
    "fact_profile_by_namespace": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, namespace_id, namespace,
            cast(9000 / namespace_id as bigint) as profile_count,
            cast(900 / namespace_id as bigint) as single_identity_profile_count
        from dim_namespace""",
    "fact_segment": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id,
            segment_name::varchar as segment_name, profiles::bigint as profile_count,
            orders::bigint as order_count, net::decimal(18, 2) as net_amount, 'EUR' as currency
        from (values ('loyalty_points_over_1000', 812, 5210, 301244.10),
            ('top_three_deciles', 1466, 9120, 551830.55))
            as segments(segment_name, profiles, orders, net)""",
    "fact_segment_size": f"""
        select date '{AS_OF}' - days::int as date_key, segment_name::varchar as segment_name,
            (profiles - 3 * days)::bigint as profile_count, 5::bigint as entered_count,
            2::bigint as left_count
        from (values ('loyalty_points_over_1000', 812), ('top_three_deciles', 1466))
            as segments(segment_name, profiles), range(0, 10) as past(days)""",
    "fact_clv_decile": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, 'net_revenue' as metric,
            'loyalty_tier' as category_type, tier.loyalty_tier as category,
            look_back.look_back as look_back, decile.decile as decile,
            cast(case when decile.decile = 0 then 400 else 60 + 10 * tier.tier_rank end as bigint)
                as profile_count,
            cast(case when decile.decile = 0 then 0 else round(
                coalesce(look_back.look_back_months, 24) * (1 + tier.tier_rank) * 9000
                    / (decile.decile * decile.decile + 1), 2) end as decimal(18, 2))
                as metric_amount,
            'EUR' as currency,
            cast(case when decile.decile = 0 then 0 else round(1500 / (decile.decile + 1), 2) end
                as decimal(18, 2)) as min_amount,
            cast(case when decile.decile = 0 then 0 else round(1500 / decile.decile, 2) end
                as decimal(18, 2)) as max_amount
        from dim_loyalty_tier as tier cross join dim_look_back as look_back
        cross join dim_decile as decile""",
    "fact_lifetime_value": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, 'bg_nbd' as method,
            decile::int as decile,
            case when decile > 0 then 12 end::int as horizon_months,
            case when decile > 0 then 640 else 20 end::bigint as profile_count,
            case when decile in (1, 2) then 600 else 0 end::bigint as high_value_profile_count,
            cast(round(410000 / (decile + 1), 2) as decimal(18, 2)) as historical_amount,
            cast(case when decile > 0 then round(190000 / (decile * decile), 2) end
                as decimal(18, 2)) as predicted_amount,
            cast(case when decile > 0 then round(2400 / decile, 2) end as decimal(18, 2))
                as expected_purchase_count,
            'EUR' as currency, case when decile > 0 then 'B' end as grade,
            case when decile > 0 then -0.031 end::double as bias,
            case when decile > 0 then -0.12 end::double as lowest_bias,
            case when decile > 0 then 0.04 end::double as highest_bias,
            case when decile > 0 then 0.86 end::double as claimed_coverage,
            case when decile > 0 then 0.84 end::double as measured_coverage,
            decile > 0 as coverage_holds,
            case when decile > 0 then 0.42 end::double as top_decile_share,
            decile > 0 as is_better_than_chance
        from range(0, 11) as deciles(decile)""",
    "fact_revenue": """
        select cast(date '2024-11-01' + to_months(cast(month as int)) as date) as month_start_on,
            'EUR' as currency, cast(900 + 25 * month + 180 * sin(month) as bigint) as order_count,
            cast(round(61000 + 1800 * month + 9000 * sin(month), 2) as decimal(18, 2))
                as gross_amount,
            cast(round(4100 + 90 * month + 800 * cos(month), 2) as decimal(18, 2))
                as returned_amount,
            gross_amount - returned_amount as net_amount
        from range(0, 24) as months(month)""",
    "fact_campaign": """
        select campaign_id, decile.decile as decile,
            cast(300 + 5 * decile.decile as bigint) as sent_count,
            cast(sent_count * 0.98 as bigint) as delivered_count,
            sent_count - delivered_count as bounced_count,
            cast(delivered_count * (0.52 - 0.035 * if(decile.decile = 0, 11, decile.decile))
                as bigint) as unique_open_count,
            cast(unique_open_count * 0.3 as bigint) as unique_click_count,
            cast(delivered_count * 0.004 as bigint) as unsubscribed_count
        from dim_campaign cross join dim_decile as decile""",
    "dim_measure": """
        select measure::varchar as measure, title::varchar as measure_name, unit::varchar as unit,
            dimension::varchar as dimension
        from (values ('average_order', 'Average order', 'money', 'none'),
            ('category_revenue', 'Net revenue by category', 'money', 'product_category'))
            as measures(measure, title, unit, dimension)""",
    "fact_measure": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, measure, dimension,
            unnest(if(dimension = 'none', ['all'], ['Books', 'Toys'])) as dimension_value,
            decile.decile as decile, cast(80 + decile.decile as bigint) as profile_count,
            cast(90 + decile.decile as bigint) as decile_profile_count,
            cast(round(90000 / (1 + decile.decile), 2) as decimal(18, 2)) as total_value,
            cast(round(900 / (1 + decile.decile), 2) as decimal(18, 2)) as average_value,
            'EUR' as currency
        from dim_measure cross join dim_decile as decile""",
    "fact_consent": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, purpose, channel, status,
            profiles as profile_count,
            contactable as contactable_profile_count
        from (values ('commercial', 'email', 'granted', 3912, 3727),
            ('commercial', 'email', 'denied', 811, 0), ('commercial', 'email', 'pending', 240, 0),
            ('tracking', 'email', 'granted', 2204, 2080),
            ('commercial', 'sms', 'granted', 702, 390))
            as c(purpose, channel, status, profiles, contactable)""",
    "fact_set_aside": """
        select system as source_system, entity, reason, lines as row_count
        from (values ('web_tracking', 'events', 'bot_traffic', 9120),
            ('web_shop', 'customer_records', 'superseded_version', 240),
            ('loyalty', 'customer_records', 'superseded_version', 130),
            ('web_shop', 'orders', 'duplicate_row', 95),
            ('loyalty', 'events', 'duplicate_row', 180),
            ('email_marketing', 'message_events', 'duplicate_row', 410),
            ('web_shop', 'order_lines', 'unknown_order', 12),
            ('web_shop', 'orders', 'future_timestamp', 7),
            ('web_shop', 'orders', 'unreadable_line', 2),
            ('web_tracking', 'events', 'unreadable_line', 3))
            as reasons(system, entity, reason, lines)""",
}
"""What the dashboards read, by table; the other tables of the contract stay empty."""


def contracts() -> dict[str, dict[str, str]]:
    """The tables of the reporting model with their columns and types."""
    models = [
        model
        for file in sorted(CONTRACTS_DIR.glob("*.yml"))
        for model in yaml.safe_load(file.read_text())["models"]
    ]
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for model in models
    }


def write(path: Path, known_profiles: int = 9874, campaigns: int = 6) -> Path:
    """Write the model beside the file and swap it in, as publishing does.

    Parameters:
        path: the published file.
        known_profiles: a number that tells two versions apart.
        campaigns: how many there are, at most six.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Inside the file its catalog must be named insights, wherever the half-written file lies.
    part = path.parent / "part" / path.name
    part.parent.mkdir(exist_ok=True)
    part.unlink(missing_ok=True)
    with duckdb.connect(str(part)) as con:
        for name, columns in contracts().items():
            declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            con.execute(f"create table {name} ({declared})")
        tables = TABLES | published_tables.TABLES
        # Facts read dimensions, so these come first.
        for name, query in sorted(tables.items(), key=lambda t: not t[0].startswith("dim_")):
            con.execute(f"insert into {name} by name {query}")
        con.execute("update fact_profile set known_profile_count = ?", [known_profiles])
        responses = ("fact_message_response", "fact_message_response_by_day")
        for table in ("dim_campaign", "fact_campaign", *responses):
            con.execute(f"delete from {table} where campaign_id > ?", [f"K{campaigns:03}"])
    part.replace(path)
    return path
