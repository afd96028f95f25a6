{#- Written by c360 from the files of models/segments; see docs/segments.md. -#}
with

qualifications as (
    select
        profile_id,
        'abandoned_cart_with_consent' as segment_name,
        reason
    from {{ ref('abandoned_cart_with_consent') }}
    union all
    select
        profile_id,
        'bargain_hunters' as segment_name,
        reason
    from {{ ref('bargain_hunters') }}
    union all
    select
        profile_id,
        'birthday_next_week' as segment_name,
        cast(null as string) as reason
    from {{ ref('birthday_next_week') }}
    union all
    select
        profile_id,
        'lapsing_high_value' as segment_name,
        reason
    from {{ ref('lapsing_high_value') }}
    union all
    select
        profile_id,
        'loyalty_points_over_1000' as segment_name,
        reason
    from {{ ref('loyalty_points_over_1000') }}
    union all
    select
        profile_id,
        'multi_channel' as segment_name,
        reason
    from {{ ref('multi_channel') }}
    union all
    select
        profile_id,
        'new_this_month' as segment_name,
        reason
    from {{ ref('new_this_month') }}
    union all
    select
        profile_id,
        'newsletter_only' as segment_name,
        reason
    from {{ ref('newsletter_only') }}
    union all
    select
        profile_id,
        'returns_heavy' as segment_name,
        reason
    from {{ ref('returns_heavy') }}
    union all
    select
        profile_id,
        'second_purchase_due' as segment_name,
        reason
    from {{ ref('second_purchase_due') }}
    union all
    select
        profile_id,
        'top_three_deciles' as segment_name,
        reason
    from {{ ref('top_three_deciles') }}
    union all
    select
        profile_id,
        'win_back' as segment_name,
        reason
    from {{ ref('win_back') }}
)

select
    profile_id,
    segment_name,
    reason
from qualifications
