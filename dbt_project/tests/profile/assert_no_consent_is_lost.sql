-- Whatever any record ever said about a purpose and a channel has an answer for its person; a
-- missing answer would read as "never asked".
with

said as (
    select distinct
        identity_map.profile_id,
        consents.purpose,
        consents.channel
    from {{ ref('consents') }} as consents
    left join {{ ref('identity_map') }} as identity_map
        on
            identity_map.source_system = consents.source_system
            and identity_map.source_record_id = consents.source_record_id
)

select
    said.profile_id,
    said.purpose,
    said.channel
from said
left join {{ ref('consent') }} as consent
    on
        consent.profile_id = said.profile_id
        and consent.purpose = said.purpose
        and consent.channel = said.channel
where consent.profile_id is null
