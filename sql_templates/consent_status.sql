-- title: Consent by channel
-- question: Who has said yes, no or not yet, for what and on which channel?
-- grain: One row per purpose, channel and answer, by purpose and channel.
-- chart: bars of profile_count by permission, split by status.
-- parameters:
--   purpose:
--     {type: text, options: consent_purposes, about: The purpose; every purpose when unset.}
with

latest as (
    select max(date_key) as date_key
    from insights.fact_consent
)

select
    fact_consent.purpose,
    fact_consent.channel || ', ' || fact_consent.purpose as permission,
    fact_consent.status,
    fact_consent.profile_count,
    fact_consent.contactable_profile_count
from insights.fact_consent
inner join latest on fact_consent.date_key = latest.date_key
where fact_consent.purpose = coalesce(getvariable('purpose'), fact_consent.purpose)
order by permission asc, fact_consent.status asc
