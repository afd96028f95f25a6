{#- What staging has set aside because something of it can't be read; an exact copy, an older version
    or a row that says nothing takes nothing away. -#}
{% set unread = [
    'missing_key', 'invalid_code', 'invalid_timestamp', 'future_timestamp', 'use_expired'
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
            source_record_id,
            purpose,
            channel,
            status,
            recorded_at,
            reject_reason
        from {{ ref(staging_model) }}
        where
            source_record_id is not null
            and reject_reason in ('{{ unread | join("', '") }}')
        {% if not loop.last %}union all{% endif %}
    {% else %}
        select
            cast(null as string) as source_system,
            cast(null as string) as staging_model,
            cast(null as string) as source_file,
            cast(null as bigint) as source_row,
            cast(null as string) as source_record_id,
            cast(null as string) as purpose,
            cast(null as string) as channel,
            cast(null as string) as status,
            cast(null as timestamp) as recorded_at,
            cast(null as string) as reject_reason
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
)

-- A purpose or channel that nobody knows may be any. A yes that can't be read whole opens nothing.
select
    source_system,
    staging_model,
    source_file,
    source_row,
    source_record_id,
    coalesce(known_purpose, 'any') as purpose,
    coalesce(known_channel, 'any') as channel,
    code,
    -- A time is believed where other statements are as late.
    case
        when reject_reason = 'invalid_code' and recorded_at <= latest_stated_at then recorded_at
    end as recorded_at,
    reject_reason
from read_as_far
where code in ('n', 'dn')
