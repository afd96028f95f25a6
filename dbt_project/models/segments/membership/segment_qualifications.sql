{#- Written by c360 from the files of models/segments; see docs/segments.md. -#}
with

qualifications as (
    select
        profile_id,
        'loyalty_points_over_1000' as segment_name,
        reason
    from {{ ref('loyalty_points_over_1000') }}
    union all
    select
        profile_id,
        'top_three_deciles' as segment_name,
        reason
    from {{ ref('top_three_deciles') }}
)

select
    profile_id,
    segment_name,
    reason
from qualifications
