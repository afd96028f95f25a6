{#- What staging has set aside because something of it can't be read; an exact copy, an older version
    or a row that says nothing takes nothing away. -#}
{% set unread = [
    'missing_key', 'missing_reference', 'invalid_code', 'invalid_timestamp', 'future_timestamp',
    'use_expired'
] %}
{% set models = var('entity_sources')['consents'] | default([]) %}

with

set_aside as (
    {% for staging_model in models %}
        select
            source_system,
            '{{ staging_model }}' as staging_model,
            source_file,
            source_row,
            consent_id,
            source_record_id,
            purpose,
            channel,
            status,
            recorded_at,
            reject_reason,
            {%- set said = columns_of_model(staging_model) %}
            {%- for column in ('contact_namespace', 'contact_value') %}
                {{ column if column in said else 'cast(null as string) as ' ~ column }}
                {{- '' if loop.last else ',' }}
            {%- endfor %}
        from {{ ref(staging_model) }}
        where
            (source_record_id is not null{% if 'contact_value' in said %} or contact_value is not null{% endif %})
            and reject_reason in ('{{ unread | join("', '") }}')
        {% if not loop.last %}union all{% endif %}
    {% else %}
        select
            cast(null as string) as source_system,
            cast(null as string) as staging_model,
            cast(null as string) as source_file,
            cast(null as bigint) as source_row,
            cast(null as string) as consent_id,
            cast(null as string) as source_record_id,
            cast(null as string) as purpose,
            cast(null as string) as channel,
            cast(null as string) as status,
            cast(null as timestamp) as recorded_at,
            cast(null as string) as reject_reason,
            cast(null as string) as contact_namespace,
            cast(null as string) as contact_value
        where false
    {% endfor %}
),

latest as (
    select max(recorded_at) as stated_at from {{ ref('consents') }}
),

known_purposes as (
    select distinct purpose from {{ ref('consents') }}
),

read_as_far as (
    select
        set_aside.*,
        known_purposes.purpose as known_purpose,
        channels.channel as known_channel,
        coalesce(statuses.code, unreadable.code) as code,
        latest.stated_at as latest_stated_at
    from set_aside
    cross join latest
    left join {{ ref('consent_statuses') }} as statuses
        on statuses.status = lower(set_aside.status)
    left join {{ ref('consent_statuses') }} as unreadable
        on unreadable.status = 'unreadable'
    left join known_purposes
        on known_purposes.purpose = set_aside.purpose
    left join {{ ref('consent_channels') }} as channels
        on channels.said = set_aside.channel
),

-- A purpose or channel that nobody knows may be any. A yes that can't be read whole opens nothing.
unread as (
    select
        source_system,
        staging_model,
        source_file,
        source_row,
        consent_id,
        -- Whoever is not named is the address.
        coalesce(source_record_id, contact_value) as source_record_id,
        coalesce(contact_namespace, 'any') as contact_namespace,
        coalesce(contact_value, 'any') as contact_value,
        coalesce(known_purpose, 'any') as purpose,
        coalesce(known_channel, 'any') as channel,
        -- A time is believed where other statements are as late.
        case
            when reject_reason = 'invalid_code' and recorded_at <= latest_stated_at then recorded_at
        end as recorded_at,
        recorded_at as stated_at,
        reject_reason
    from read_as_far
    where code in ('n', 'dn')
)

select
    unread.source_system,
    unread.staging_model,
    unread.source_file,
    unread.source_row,
    -- The same, in whatever file and line it comes.
    'unread:' || md5(
        unread.source_system || '|' || coalesce(unread.consent_id, '') || '|' || unread.source_record_id
        || '|' || unread.contact_namespace || '|' || unread.contact_value || '|' || unread.purpose
        || '|' || unread.channel || '|' || coalesce(cast(unread.stated_at as string), '')
    ) as denial_id,
    unread.consent_id,
    unread.source_record_id,
    unread.contact_namespace,
    unread.contact_value,
    unread.purpose,
    unread.channel,
    'any' as topic,
    'n' as code,
    unread.recorded_at,
    unread.reject_reason
from unread
-- What has come again and can be read speaks for itself.
left join {{ ref('consents') }} as mended
    on
        mended.source_system = unread.source_system
        and mended.consent_id = unread.consent_id
        and (
            mended.recorded_at > unread.stated_at
            or mended.recorded_at = unread.stated_at and mended.source_file <> unread.source_file
            or unread.recorded_at is null
            and {{ delivery_of('mended.source_file') }} > {{ delivery_of('unread.source_file') }}
        )
where mended.consent_id is null
