-- title: Consent by channel
-- question: Whom may we address, for what and on which channel?
-- grain: One row per purpose and channel.
-- note: >-
--   People who were never asked are not here: granted_share is of those who were. Who has
--   granted something and has no usable address is not contactable.
-- chart: stacked bars of granted, denied and pending by channel, one panel per purpose.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
with

latest as (
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

status_counts as (
    select
        fact_consent.purpose,
        fact_consent.channel,
        sum(fact_consent.profile_count) filter (where fact_consent.status = 'granted') as granted,
        sum(fact_consent.profile_count) filter (where fact_consent.status = 'denied') as denied,
        sum(fact_consent.profile_count) filter (where fact_consent.status = 'pending') as pending,
        sum(fact_consent.contactable_profile_count) as contactable,
        sum(fact_consent.profile_count) as asked
    from insights.fact_consent
    inner join latest
        on
            fact_consent.merge_policy_id = latest.merge_policy_id
            and fact_consent.date_key = latest.date_key
    group by fact_consent.purpose, fact_consent.channel
)

select
    purpose,
    channel,
    cast(coalesce(granted, 0) as bigint) as granted_profile_count,
    cast(coalesce(denied, 0) as bigint) as denied_profile_count,
    cast(coalesce(pending, 0) as bigint) as pending_profile_count,
    cast(coalesce(contactable, 0) as bigint) as contactable_profile_count,
    cast(coalesce(granted, 0) as double) / nullif(asked, 0) as granted_share
from status_counts
order by purpose asc, granted_profile_count desc, channel asc
