{#- A segment is a model of (profile_id, segment_name, reason) in this folder, its row in
    seeds/policy/segment_definitions.csv and its name here. -#}
{%- set segments = [
    ref('loyalty_points_over_1000'),
    ref('top_three_deciles'),
] -%}

with

members as (
    {%- for segment in segments %}
        select
            profile_id,
            segment_name,
            reason
        from {{ segment }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
)

select
    members.profile_id,
    members.segment_name,
    members.reason,
    refresh_period.as_of_on
from members
cross join refresh_period
-- Who has expired is in no segment.
where members.profile_id not in (select profile_id from {{ ref('expired_profiles') }})
