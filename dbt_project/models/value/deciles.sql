{#- The months of seeds/policy/look_backs.csv: one conditional sum each, so all windows together
    cost one pass over the purchases. A test fails when list and seed differ. -#}
{%- set look_back_months = [1, 3, 6, 9, 12] -%}

with

profiles as (
    select
        profile_id,
        is_known,
        coalesce(loyalty_tier, 'No tier') as category
    from {{ ref('profiles') }}
),

purchases as (
    select
        profile_id,
        booked_at,
        line_amount
    from {{ ref('purchases') }}
),

look_backs as (
    select
        look_back,
        months
    from {{ ref('look_backs') }}
),

refresh_period as (
    select
        as_of_on,
        month_start_on
    from {{ ref('refresh_period') }}
),

-- Months are full calendar months, so the running month is in no window but lifetime.
windows as (
    select
        look_backs.look_back,
        look_backs.months,
        cast(
            {{ dbt.dateadd('month', '-look_backs.months', 'refresh_period.month_start_on') }} as date
        ) as window_from,
        case
            when look_backs.months is not null then refresh_period.month_start_on
            else cast({{ dbt.dateadd('day', 1, 'refresh_period.as_of_on') }} as date)
        end as window_to
    from look_backs
    cross join refresh_period
),

window_starts as (
    select
        {%- for months in look_back_months %}
            cast({{ dbt.dateadd('month', -months, 'month_start_on') }} as timestamp) as from_{{ months }},
        {%- endfor %}
        cast(month_start_on as timestamp) as month_start_at
    from refresh_period
),

-- A sum over no lines is null, and that is how no activity shows.
profile_amounts as (
    select
        purchases.profile_id,
        {%- for months in look_back_months %}
            sum(purchases.line_amount) filter (
                where purchases.booked_at >= window_starts.from_{{ months }}
                and purchases.booked_at < window_starts.month_start_at
            ) as amount_{{ months }},
        {%- endfor %}
        sum(purchases.line_amount) as amount_lifetime
    from purchases
    cross join window_starts
    group by purchases.profile_id
),

-- Everybody known is a member of a category; a buyer without a customer record is one too,
-- because otherwise the deciles would hold less revenue than there is.
members as (
    select
        profiles.profile_id,
        profiles.category,
        {%- for months in look_back_months %}
            profile_amounts.amount_{{ months }},
        {%- endfor %}
        profile_amounts.amount_lifetime
    from profiles
    left join profile_amounts
        on profiles.profile_id = profile_amounts.profile_id
    where profiles.is_known or profile_amounts.profile_id is not null
),

member_windows as (
    select
        members.profile_id,
        members.category,
        windows.look_back,
        windows.window_from,
        windows.window_to,
        cast(
            case
                when windows.months is null then members.amount_lifetime
                {%- for months in look_back_months %}
                    when windows.months = {{ months }} then members.amount_{{ months }}
                {%- endfor %}
            end as decimal(18, 2)
        ) as metric_value
    from members
    cross join windows
),

-- Only members with activity are ranked. The bucket needs a total order, so equal amounts are
-- told apart by profile_id; the place behind the percentile is shared by equal amounts.
ranked as (
    select
        profile_id,
        category,
        look_back,
        window_from,
        window_to,
        metric_value,
        ntile(10) over (
            partition by look_back, category
            order by metric_value desc nulls last, profile_id asc nulls last
        ) as decile,
        rank() over (
            partition by look_back, category
            order by metric_value desc nulls last
        ) as place
    from member_windows
    where metric_value is not null
),

unranked as (
    select
        profile_id,
        category,
        look_back,
        window_from,
        window_to
    from member_windows
    where metric_value is null
),

category_sizes as (
    select
        category,
        look_back,
        count(metric_value) as member_count
    from member_windows
    group by category, look_back
),

placed as (
    select
        profile_id,
        category,
        look_back,
        window_from,
        window_to,
        metric_value,
        decile,
        place
    from ranked
    union all
    select
        profile_id,
        category,
        look_back,
        window_from,
        window_to,
        null as metric_value,
        null as decile,
        null as place
    from unranked
)

select
    placed.profile_id,
    'net_revenue' as metric,
    'loyalty_tier' as category_type,
    placed.category,
    placed.look_back,
    placed.window_from,
    placed.window_to,
    coalesce(placed.metric_value, cast(0 as decimal(18, 2))) as metric_value,
    cast(placed.decile as int) as decile,
    100 * cast(category_sizes.member_count - placed.place + 1 as double)
    / category_sizes.member_count as percentile,
    cast(category_sizes.member_count as bigint) as member_count,
    placed.metric_value is not null as has_activity,
    category_sizes.member_count < 10 as is_small_category
from placed
inner join category_sizes
    on
        placed.category = category_sizes.category
        and placed.look_back = category_sizes.look_back
