with

mappings as (
    select * from {{ ref('audience_mappings') }}
),

reach as (
    select * from {{ ref('audience_reach') }}
),

sizes as (
    select * from {{ ref('fact_segment') }}
),

-- People of each segment on its last day, by the default merge policy.
last_sizes as (
    select
        sizes.segment_id,
        sizes.profile_count
    from sizes
    inner join {{ ref('dim_merge_policy') }} as policies
        on sizes.merge_policy_id = policies.merge_policy_id
    where policies.is_default
    qualify sizes.date_key = max(sizes.date_key) over ()
)

select
    mappings.external_audience_id,
    dim_segment.segment_id,
    dim_destination.destination_id,
    reach.reported_at,
    reach.delivery_status,
    reach.reach_lower_bound,
    reach.reach_upper_bound,
    last_sizes.profile_count,
    -- Bounds may exceed what was sent: platforms round up, and a household shares an address.
    cast(reach.reach_lower_bound as double) / nullif(last_sizes.profile_count, 0) as match_rate_lower,
    cast(reach.reach_upper_bound as double) / nullif(last_sizes.profile_count, 0) as match_rate_upper
from mappings
left join {{ ref('dim_segment') }} as dim_segment
    on mappings.segment_name = dim_segment.segment_name
left join {{ ref('dim_destination') }} as dim_destination
    on mappings.destination_name = dim_destination.destination_name
left join reach
    on
        mappings.source_system = reach.source_system
        and mappings.external_audience_id = reach.external_audience_id
left join last_sizes
    on dim_segment.segment_id = last_sizes.segment_id
