-- title: Key figures
-- question: >-
--   How many people are known, what have they brought, how many of them can be and may be
--   written to?
-- grain: >-
--   One row per currency of the revenue; one row with an empty currency when there is no
--   revenue.
-- note: >-
--   Profiles count as people when a customer record stands behind them, else as anonymous
--   visitors.
-- chart: a card per figure.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
with

profiles as (
    select
        fact_profile.known_profile_count,
        fact_profile.anonymous_profile_count,
        fact_profile.record_count
    from insights.fact_profile
    inner join insights.dim_merge_policy
        on fact_profile.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    qualify row_number() over (order by fact_profile.date_key desc) = 1
),

revenue as (
    select
        currency,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from insights.fact_revenue
    group by currency
),

latest_consent as (
    select
        fact_consent.merge_policy_id,
        max(fact_consent.date_key) as date_key
    from insights.fact_consent
    inner join insights.dim_merge_policy
        on fact_consent.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    group by fact_consent.merge_policy_id
),

email_consent as (
    select
        cast(
            coalesce(sum(fact_consent.contactable_profile_count), 0) as bigint
        ) as contactable_profile_count
    from insights.fact_consent
    inner join latest_consent
        on
            fact_consent.merge_policy_id = latest_consent.merge_policy_id
            and fact_consent.date_key = latest_consent.date_key
    where
        purpose = 'commercial'
        and channel = 'email'
)

select
    profiles.known_profile_count,
    profiles.anonymous_profile_count,
    profiles.record_count,
    coalesce(revenue.order_count, 0) as order_count,
    coalesce(revenue.net_amount, 0) as net_amount,
    revenue.currency,
    email_consent.contactable_profile_count,
    cast(email_consent.contactable_profile_count as double)
    / nullif(profiles.known_profile_count, 0) as contactable_share
from profiles
cross join email_consent
left join revenue on true
order by revenue.net_amount desc nulls last, revenue.currency asc
