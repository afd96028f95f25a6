{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

-- There is one reporting currency; a test holds that.
currencies as (
    select min(currency) as currency
    from {{ ref('customer_attributes') }}
),

amounts as (
    select metric from {{ ref('rankings') }}
    where is_money
    group by metric
),

cells as (
    select
        metric,
        category_type,
        category,
        look_back,
        coalesce(decile, 0) as decile,
        count(*) as profile_count,
        sum(metric_value) as metric_amount,
        min(metric_value) as min_amount,
        max(metric_value) as max_amount,
        count(nullif(metric_value, 0)) as contributor_count
    from {{ ref('deciles') }}
    group by metric, category_type, category, look_back, coalesce(decile, 0)
),

decile_counts as (
    select
        metric,
        category_type,
        look_back,
        count(distinct decile) as decile_count
    from cells
    group by metric, category_type, look_back
),

-- A category that lacks a decile has nobody there, which helps no small cell.
categories as (
    select
        cells.metric,
        cells.category_type,
        cells.category,
        cells.look_back,
        min(cells.profile_count) < {{ minimum_cell_size() }} as is_small,
        case when count(*) = min(decile_counts.decile_count) then min(cells.profile_count) else 0 end
            as smallest_count
    from cells
    inner join decile_counts
        on
            cells.metric = decile_counts.metric
            and cells.category_type = decile_counts.category_type
            and cells.look_back = decile_counts.look_back
    group by cells.metric, cells.category_type, cells.category, cells.look_back
),

-- With all its deciles: one alone would be what is missing between those that are shown and its
-- members, whom the other look-backs tell.
pooled_categories as (
    select
        metric,
        category_type,
        category,
        look_back,
        {{ is_pooled(
            'is_small', 'smallest_count', ['metric', 'category_type', 'look_back'], 'category'
        ) }} as is_pooled
    from categories
),

category_cells as (
    select
        cells.metric,
        cells.category_type,
        case when pooled_categories.is_pooled then 'Other' else cells.category end as category,
        cells.look_back,
        cells.decile,
        sum(cells.profile_count) as profile_count,
        sum(cells.metric_amount) as metric_amount,
        min(cells.min_amount) as min_amount,
        max(cells.max_amount) as max_amount,
        sum(cells.contributor_count) as contributor_count
    from cells
    inner join pooled_categories
        on
            cells.metric = pooled_categories.metric
            and cells.category_type = pooled_categories.category_type
            and cells.category = pooled_categories.category
            and cells.look_back = pooled_categories.look_back
    group by
        cells.metric,
        cells.category_type,
        case when pooled_categories.is_pooled then 'Other' else cells.category end,
        cells.look_back,
        cells.decile
),

-- All of them together may still be few.
pooled_deciles as (
    select
        *,
        {{ is_pooled(
            'profile_count < ' ~ minimum_cell_size(), 'profile_count',
            ['metric', 'category_type', 'look_back', 'category'], 'decile desc'
        ) }} as is_pooled
    from category_cells
),

decile_totals as (
    select
        metric,
        category_type,
        category,
        look_back,
        cast(case when is_pooled then -1 else decile end as int) as decile,
        sum(profile_count) as profile_count,
        sum(metric_amount) as metric_amount,
        min(min_amount) as min_amount,
        max(max_amount) as max_amount,
        sum(contributor_count) as contributor_count,
        max(greatest(abs(min_amount), abs(max_amount))) as largest_amount
    from pooled_deciles
    group by
        metric,
        category_type,
        category,
        look_back,
        case when is_pooled then -1 else decile end
    having sum(profile_count) >= {{ minimum_cell_size() }}
),

steps as (
    select
        *,
        {{ rounding_step('largest_amount', ['metric', 'category_type', 'look_back']) }} as step,
        sum(contributor_count) over (partition by metric, category_type, look_back) as all_contributors
    from decile_totals
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    steps.metric,
    steps.category_type,
    steps.category,
    steps.look_back,
    steps.decile,
    cast(steps.profile_count as bigint) as profile_count,
    -- What a few brought in all is nearly what each of them did.
    {{ unless_small(
        'steps.all_contributors',
        controlled_rounding(
            'steps.metric_amount', 'steps.step',
            ['steps.metric', 'steps.category_type', 'steps.look_back'], 'steps.category, steps.decile'
        ),
        'decimal(18, 2)',
    ) }} as metric_amount,
    case when amounts.metric is not null then currencies.currency end as currency,
    {{ unless_small('steps.all_contributors', rounded_bound('steps.min_amount', false), 'decimal(18, 2)') }}
        as min_amount,
    {{ unless_small('steps.all_contributors', rounded_bound('steps.max_amount', true), 'decimal(18, 2)') }}
        as max_amount
from steps
cross join this_refresh
cross join currencies
left join amounts
    on amounts.metric = steps.metric
