{{ config(materialized='incremental', unique_key=['loyalty_tier']) }}

with

typed as (
    select
        'loyalty' as source_system,
        nullif(trim(tier), '') as loyalty_tier,
        try_cast(tier_rank as int) as tier_rank,
        try_cast(threshold_points as bigint) as threshold_points,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('loyalty', 'tiers'),
        {'loyalty_tier': "nullif(trim(tier), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('loyalty_tier is null', 'missing_key', 'tier'),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['loyalty_tier'], newest_by='source_file') }}
)

select
    source_system,
    loyalty_tier,
    tier_rank,
    threshold_points,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
