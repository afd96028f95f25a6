-- Whatever any record ever said in a scope has an answer for its person; a missing one would read as
-- "never asked". A no that stands in any record is a no of its person, and of every address of its.
with

said as (
    select distinct
        identity_map.profile_id,
        consents.purpose
    from {{ ref('consents') }} as consents
    left join {{ ref('identity_map') }} as identity_map
        on
            identity_map.source_system = consents.source_system
            and identity_map.source_record_id = consents.source_record_id
),

denied as (
    select
        person_key,
        profile_id,
        contact_namespace,
        contact_value,
        purpose,
        channel,
        topic
    from {{ ref('consent_words') }}
    where code = 'n' and valid_to is null
),

denied_points as (
    select
        denied.person_key,
        points.contact_namespace,
        points.contact_value,
        denied.purpose,
        denied.channel,
        denied.topic
    from denied
    inner join {{ ref('contact_points') }} as points
        on points.person_key = denied.person_key
    where denied.contact_value = 'any'
    union all
    select
        person_key,
        contact_namespace,
        contact_value,
        purpose,
        channel,
        topic
    from denied
    where contact_value <> 'any'
)

select
    'unanswered' as fault,
    said.profile_id,
    said.purpose
from said
left join {{ ref('consent') }} as consent
    on
        consent.profile_id = said.profile_id
        and consent.purpose = said.purpose
where consent.profile_id is null
union all
select
    'no of a person' as fault,
    denied.profile_id,
    denied.purpose
from denied
left join {{ ref('consent') }} as consent
    on
        consent.profile_id = denied.profile_id
        and consent.contact_namespace = denied.contact_namespace
        and consent.contact_value = denied.contact_value
        and consent.purpose = denied.purpose
        and consent.channel = denied.channel
        and consent.topic = denied.topic
        and consent.code = 'n'
where denied.profile_id is not null and consent.profile_id is null
union all
select
    'no of an address' as fault,
    denied_points.person_key as profile_id,
    denied_points.purpose
from denied_points
inner join {{ ref('effective_consent') }} as allowed
    on
        allowed.contact_namespace = denied_points.contact_namespace
        and allowed.contact_value = denied_points.contact_value
        and allowed.purpose = denied_points.purpose
        and denied_points.channel in ('any', allowed.channel)
        and denied_points.topic in ('any', allowed.topic)
        and allowed.valid_to is null
        and allowed.code <> 'n'
