-- What the facts hold of a day, each for itself, is of one state of the warehouse: what two of them say
-- of it is the same, for every day that is published.
with

members_of_combinations as (
    select
        fact.date_key,
        fact.merge_policy_id,
        dimension.namespace_id,
        sum(fact.profile_count) as profile_count
    from {{ ref('fact_namespace_overlap') }} as fact
    inner join {{ ref('dim_namespace_overlap') }} as dimension
        on
            fact.overlap_id = dimension.overlap_id
            and fact.merge_policy_id = dimension.merge_policy_id
    group by fact.date_key, fact.merge_policy_id, dimension.namespace_id
),

-- With more combinations than are told apart, a namespace has members whose combination is not told.
whole_days as (
    select
        date_key,
        merge_policy_id
    from {{ ref('fact_namespace_overlap') }}
    group by date_key, merge_policy_id
    having min(overlap_id) > 0
),

revenue_of_groups as (
    select
        date_key,
        merge_policy_id,
        sum(net_amount) as net_amount
    from {{ ref('fact_rfm') }}
    group by date_key, merge_policy_id
),

said as (
    select
        'people by namespace, from their combinations' as total,
        fact.date_key,
        cast(fact.namespace as string) as named,
        fact.profile_count as one,
        coalesce(combined.profile_count, 0) as other
    from {{ ref('fact_profile_by_namespace') }} as fact
    inner join whole_days
        on
            fact.date_key = whole_days.date_key
            and fact.merge_policy_id = whole_days.merge_policy_id
    left join members_of_combinations as combined
        on
            fact.date_key = combined.date_key
            and fact.merge_policy_id = combined.merge_policy_id
            and fact.namespace_id = combined.namespace_id
    union all
    select
        'people with one identity, by its namespace' as total,
        fact.date_key,
        cast(fact.merge_policy_id as string) as named,
        max(fact.single_identity_profile_count) as one,
        sum(by_namespace.single_identity_profile_count) as other
    from {{ ref('fact_profile') }} as fact
    inner join {{ ref('fact_profile_by_namespace') }} as by_namespace
        on
            fact.date_key = by_namespace.date_key
            and fact.merge_policy_id = by_namespace.merge_policy_id
    group by fact.date_key, fact.merge_policy_id
    union all
    select
        'net revenue of lifetime deciles, and of RFM groups' as total,
        deciles.date_key,
        cast(deciles.merge_policy_id as string) as named,
        sum(deciles.metric_amount) as one,
        max(rfm.net_amount) as other
    from {{ ref('fact_clv_decile') }} as deciles
    inner join revenue_of_groups as rfm
        on
            deciles.date_key = rfm.date_key
            and deciles.merge_policy_id = rfm.merge_policy_id
    where
        deciles.metric = 'net_revenue'
        and deciles.category_type = 'loyalty_tier'
        and deciles.look_back = 'lifetime'
    group by deciles.date_key, deciles.merge_policy_id
    union all
    select
        'days that were processed' as total,
        fact.date_key,
        cast(fact.merge_policy_id as string) as named,
        1 as one,
        count(processing_log.processed_on) as other
    from {{ ref('fact_profile') }} as fact
    left join {{ ref('processing_log') }} as processing_log
        on
            fact.date_key = processing_log.processed_on
            and fact.merge_policy_id = processing_log.merge_policy_id
    group by fact.date_key, fact.merge_policy_id
)

select
    total,
    date_key,
    named,
    one,
    other
from said
where one <> other
