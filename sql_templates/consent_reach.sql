-- title: Whom we may reach
-- question: How many people may be addressed on each channel, and can be?
-- grain: One row per permission, the one with most granted first.
-- note: >-
--   Who has granted something and has no usable address is not contactable. granted_share is of
--   those who were asked.
-- chart: columns of granted_count beside contactable_count by permission.
-- parameters:
--   purpose:
--     {type: text, options: consent_purposes, about: The purpose; every purpose when unset.}
with

latest as (
    select max(date_key) as date_key
    from insights.fact_consent
),

counted as (
    select
        fact_consent.channel || ', ' || fact_consent.purpose as permission,
        cast(
            coalesce(
                sum(fact_consent.profile_count) filter (where fact_consent.status = 'granted'), 0
            ) as bigint
        ) as granted_count,
        cast(sum(fact_consent.contactable_profile_count) as bigint) as contactable_count,
        cast(sum(fact_consent.profile_count) as bigint) as asked_count
    from insights.fact_consent
    inner join latest on fact_consent.date_key = latest.date_key
    where fact_consent.purpose = coalesce(getvariable('purpose'), fact_consent.purpose)
    group by fact_consent.channel, fact_consent.purpose
)

select
    permission,
    granted_count,
    contactable_count,
    asked_count,
    cast(granted_count as double) / nullif(asked_count, 0) as granted_share,
    cast(contactable_count as double) / nullif(granted_count, 0) as contactable_share
from counted
order by granted_count desc, permission asc
