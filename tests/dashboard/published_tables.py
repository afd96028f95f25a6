"""Further tables of the small published model: what the pages beside the overview read."""

from __future__ import annotations

AS_OF = "2026-10-31"
SEGMENTS = """(values ('loyalty_points_over_1000', 812), ('top_three_deciles', 1466),
    ('win_back', 240)) as segments(segment_name, profiles)"""

TABLES = {
    "dim_merge_policy": """
        select merge_policy_id::int as merge_policy_id, merge_policy_name, merge_policy_id = 1
            as is_default
        from (values (1, 'timestamp_ordered'), (2, 'source_precedence'))
            as policies(merge_policy_id, merge_policy_name)""",
    "dim_segment": """
        select segment_name, segment_id, title, title || ', in words' as description,
            'To act on' as purpose, 'marketing-analytics' as owner, 'active' as life_cycle_state
        from (values ('loyalty_points_over_1000', 1, 'Loyalty points over 1000'),
            ('top_three_deciles', 2, 'Top three deciles'), ('win_back', 3, 'Win <b>back</b>'))
            as segments(segment_name, segment_id, title)""",
    # The other policy is one larger everywhere, so that a mix-up shows.
    "fact_profile": f"""
        select date '{AS_OF}' - days::int as date_key, merge_policy_id,
            (15242 - 20 * days + (merge_policy_id - 1))::bigint as profile_count,
            (9874 - 15 * days)::bigint as known_profile_count,
            (5368 - 5 * days)::bigint as anonymous_profile_count,
            (6012 - 9 * days)::bigint as single_identity_profile_count,
            (11020 - 11 * days)::bigint as unsegmented_profile_count,
            (31877 - 40 * days)::bigint as record_count
        from range(0, 200) as past(days) cross join dim_merge_policy""",
    "fact_segment": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, segment_id,
            segment_name, profiles::bigint as profile_count,
            (profiles * 6)::bigint as order_count,
            (profiles * 371.10)::decimal(18, 2) as net_amount, 'EUR' as currency
        from {SEGMENTS} inner join dim_segment using (segment_name)""",
    "fact_segment_size": f"""
        select date '{AS_OF}' - days::int as date_key, segment_name,
            (profiles - days)::bigint as profile_count, 5::bigint as entered_count,
            4::bigint as left_count
        from {SEGMENTS}, range(0, 120) as past(days)""",
    "fact_segment_overlap": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, a.segment_name as segment_name_a,
            b.segment_name as segment_name_b, (a.profiles // 4)::bigint as profile_count,
            (a.profiles // 4) / (a.profiles + b.profiles - a.profiles // 4)::double as jaccard
        from {SEGMENTS.replace("as segments", "as a")}
        inner join {SEGMENTS.replace("as segments", "as b")} on a.segment_name < b.segment_name""",
    "dim_destination_platform": """
        select 1 as destination_platform_id, 'file' as platform_name, 'Files' as title""",
    "dim_destination": """
        select 1 as destination_id, 'agency_files' as destination_name,
            'Files for the agency' as title, 'enabled' as state, 1 as destination_platform_id,
            timestamp '2026-09-01' as created_at""",
    "segment_destination": """
        select 3 as segment_id, 1 as destination_id, timestamp '2026-09-01' as created_at,
            date '2026-09-01' as start_on, date '9999-12-31' as end_on""",
    "fact_sync_run": f"""
        select 'r' || days as run_id, date '{AS_OF}' - days::int as date_key,
            'letters' as sync_name, 3 as segment_id, 1 as destination_id,
            timestamp '{AS_OF} 05:00' - to_days(days::int) as started_at,
            started_at + interval 1 minute as ended_at, 'completed' as outcome,
            1::bigint as call_count, (240 - days)::bigint as row_count,
            (150 - days)::bigint as unchanged_count, (20 + days % 3)::bigint as accepted_count,
            (days % 2 * 6)::bigint as rejected_count, 50::bigint as suppressed_count,
            0.4::double as activation_hours, 1.2::double as z_score
        from range(0, 10) as past(days)""",
    "dim_namespace": """
        select priority::int as namespace_id, namespace, 'person' as kind,
            priority::int as priority
        from (values ('email', 1), ('phone', 2), ('cookie', 3)) as n(namespace, priority)""",
    # Combination 1: e-mail alone; 2: with a loyalty id; 3: all three; 0: the others together.
    "dim_namespace_overlap": """
        select overlap_id::int as overlap_id, namespace_id, merge_policy_id
        from (values (1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)) as o(overlap_id, namespace_id)
        cross join dim_merge_policy""",
    "fact_namespace_overlap": f"""
        select date '{AS_OF}' as date_key, merge_policy_id, overlap_id::int as overlap_id,
            profiles::bigint as profile_count
        from (values (0, 40), (1, 6012), (2, 3000), (3, 800)) as o(overlap_id, profiles)
        cross join dim_merge_policy""",
    "fact_profile_by_namespace": f"""
        select date '{AS_OF}' - days::int as date_key, merge_policy_id, namespace_id, namespace,
            (9000 // priority - days + (merge_policy_id - 1))::bigint as profile_count,
            (600 // priority)::bigint as single_identity_profile_count
        from dim_namespace cross join dim_merge_policy cross join range(0, 20) as past(days)""",
    "fact_segment_by_namespace": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, segment_id, segment_name,
            namespace_id, namespace, (profiles // priority)::bigint as profile_count
        from {SEGMENTS} inner join dim_segment using (segment_name) cross join dim_namespace""",
    "processing_log": f"""
        select 'FACT_TABLES_PROCESSING' as process_name, 'SUCCESSFUL' as process_status,
            date '{AS_OF}' as processed_on, date '{AS_OF}' as recorded_on, merge_policy_id
        from dim_merge_policy""",
    "fact_campaign_by_segment": """
        select campaign_id, segment_name, 200::bigint as sent_count, 190::bigint as delivered_count,
            10::bigint as bounced_count, (40 + 10 * segment_id)::bigint as unique_open_count,
            (10 + segment_id)::bigint as unique_click_count, 2::bigint as unsubscribed_count
        from dim_campaign cross join dim_segment""",
    "fact_message_response": "select *, 'email' as channel from fact_campaign",
    "fact_message_response_by_day": """
        select * exclude (decile), 'email' as channel from fact_campaign""",
    "fact_attribute_completeness": f"""
        select date '{AS_OF}' as date_key, attribute, 9874::bigint as profile_count,
            filled::bigint as filled_count, (filled // 2)::bigint as distinct_count,
            (filled - 5)::bigint as valid_count
        from (values ('email', 9400), ('family_name', 9800), ('phone', 5200))
            as attributes(attribute, filled)""",
    "fact_profile_completeness": f"""
        select date '{AS_OF}' - days::int as date_key, bucket, profiles::bigint as profile_count,
            percent::double as mean_percent
        from (values ('20-40', 300, 31.5), ('60-80', 4100, 72.1), ('80-100', 5474, 91.0))
            as buckets(bucket, profiles, percent), range(0, 9) as past(days)""",
    "fact_rfm": f"""
        select date '{AS_OF}' as date_key, 1 as merge_policy_id, rfm_segment,
            profiles::bigint as profile_count,
            (profiles * 120.50)::decimal(18, 2) as net_amount, 'EUR' as currency
        from (values ('Champions', 500), ('At risk', 700), ('Hibernating', 900))
            as groups(rfm_segment, profiles)""",
    "fact_row_conservation": """
        select system as source_system, tab as source_table, 'stg_' || system || '__' || tab
            as staging_model, tab as entity, lines::bigint as rows_read,
            (lines - 30)::bigint as rows_accepted, 12::bigint as rows_quarantined,
            18::bigint as rows_superseded, 30::bigint as rows_set_aside
        from (values ('web_shop', 'orders', 18000), ('loyalty', 'members', 4500))
            as tables(system, tab, lines)""",
}
"""By table; those of `published_model` are replaced."""
