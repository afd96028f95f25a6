{#- Rows are kept per person, so that a refresh makes those of people with news, and everybody's when
    a month begins. Another measure or category is another select in `members`. -#}
{{ config(
    materialized='incremental', unique_key=['profile_id'],
    meta={'reaches_through': ['refresh_period'], 'built_whole_above': 0.3}
) }}

{#- Each is a row of look_backs, and a case of ranking_values. -#}
{%- set months = [1, 3, 6, 9, 12] %}

with

{% call reached() %}
    -- Of any other change of a profile the two rows say the same.
    select profile_id
    from {{ changed('profiles') }}
    group by profile_id, is_known, loyalty_tier
    having count(*) = 1
    union all
    select profile_id from {{ changed('purchases') }}
    union all
    {{ with_other_windows(var('rankings_hold_running_month')) }}
{% endcall %}

profiles as (
    select
        profile_id,
        is_known,
        coalesce(loyalty_tier, 'No tier') as loyalty_tier
    from {{ part(ref('profiles'), ['profile_id']) }}
),

purchases as (
    select
        profile_id,
        booked_at,
        line_amount
    from {{ part(ref('purchases'), ['profile_id']) }}
    where profile_id is not null
),

refresh_period as (
    select
        as_of_on,
        month_start_on
    from {{ ref('refresh_period') }}
),

{{ window_starts(months, var('rankings_hold_running_month')) }},

-- All windows cost one pass. The sum of nothing is null, and that is how no activity shows.
net_revenue as (
    select
        purchases.profile_id,
        {%- for number in months %}
            sum(purchases.line_amount) filter (
                where purchases.booked_at >= window_starts.from_{{ number }}
                and purchases.booked_at < window_starts.window_end_at
            ) as value_{{ number }},
        {%- endfor %}
        sum(purchases.line_amount) as value_lifetime
    from purchases
    cross join window_starts
    group by purchases.profile_id
),

-- Everybody known is a member; who has activity without a customer record is one too, because
-- otherwise the buckets would hold less than there is.
members as (
    select
        profiles.profile_id,
        'net_revenue' as metric,
        'loyalty_tier' as category_type,
        profiles.loyalty_tier as category,
        {%- for number in months + ['lifetime'] %}
            cast(net_revenue.value_{{ number }} as decimal(18, 2)) as value_{{ number }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from profiles
    left join net_revenue
        on net_revenue.profile_id = profiles.profile_id
    where profiles.is_known or net_revenue.profile_id is not null
)

select
    members.*,
    cast(window_starts.window_end_at as date) as window_end_on
from members
cross join window_starts
