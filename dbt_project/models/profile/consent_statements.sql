{#- Statements that could not be read are few, and looked at as a whole. -#}
{{
    config(
        materialized='incremental',
        unique_key=['person_key'],
        meta={'reaches_through': ['unread_consents']}
    )
}}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    select profile_id as person_key from {{ changed('identity_map') }}
    union all
    select record_key as person_key from {{ changed('identity_map') }}
    union all
    select profile_id as person_key
    from {{ ref('identity_map') }}
    semi join (
        select {{ record | join(', ') }} from {{ changed('consents') }}
        union all
        select {{ record | join(', ') }} from {{ changed('kept_denials') }}
        union all
        select {{ record | join(', ') }} from {{ ref('unread_consents') }}
        union all
        -- How a contact point is written may follow from what else its record says.
        select {{ record | join(', ') }}
        from {{ ref('consents') }} semi join {{ changed('normalised_values') }}
            using ({{ record | join(', ') }})
        where contact_value <> 'any'
    ) as stated using ({{ record | join(', ') }})
    union all
    select source_system || ':' || source_record_id as person_key from {{ changed('kept_denials') }}
    union all
    select source_system || ':' || source_record_id as person_key from {{ ref('unread_consents') }}
    union all
    select person_key from {{ this }} where origin = 'unread'
{% endcall %}

identity_map as (
    select * from {{ part(ref('identity_map'), {'profile_id': 'person_key'}) }}
),

contact_points as (
    select
        source_system,
        source_record_id,
        namespace,
        identity_value,
        min(normalised_value) as normalised_value
    from {{ part(ref('normalised_values'), record, of='identity_map') }}
    where kind in (select point_kind from {{ ref('consent_channels') }}) and normalised_value is not null
    group by source_system, source_record_id, namespace, identity_value
),

{% set statement = [
    'source_system', 'source_record_id', 'contact_namespace', 'contact_value', 'purpose', 'channel', 'topic', 'code'
] | join(', ') %}

said as (
    select {{ statement }}, consent_id, recorded_at, 'stated' as origin
    from {{ part(ref('consents'), record, of='identity_map') }}
    union all
    select {{ statement }}, denial_id as consent_id, max(recorded_at) as recorded_at, 'unread' as origin
    from {{ ref('unread_consents') }}
    group by {{ statement }}, denial_id
),

-- The one spelling of the address that a statement names: as its record shows it, or by itself.
written as (
    select
        said.*,
        coalesce(
            contact_points.normalised_value,
            case
                when
                    namespaces.kind = 'email'
                    and {{ is_email(normalise_email('said.contact_value')) }}
                    then {{ normalise_email('said.contact_value') }}
                when
                    namespaces.kind = 'phone'
                    and {{ regexp_matches('said.contact_value', '^[+][0-9]{8,15}$') }}
                    then said.contact_value
            end
        ) as written_point
    from said
    left join {{ ref('identity_namespaces') }} as namespaces
        on namespaces.namespace = said.contact_namespace
    left join contact_points
        on
            contact_points.source_system = said.source_system
            and contact_points.source_record_id = said.source_record_id
            and contact_points.namespace = said.contact_namespace
            and contact_points.identity_value = said.contact_value
),

named as (
    select
        written.*,
        {{ alias_or_self('written.written_point', 'aliases.same_as') }} as contact_point
    from written
    left join {{ ref('identity_value_aliases') }} as aliases
        on aliases.namespace = written.contact_namespace and aliases.value = written.written_point
),

-- A no about an address that can't be read is about all that the person has.
stated as (
    select
        source_system,
        consent_id,
        source_record_id,
        case
            when contact_point is null and code in ('n', 'dn') then 'any' else contact_namespace
        end as contact_namespace,
        case
            when contact_point is not null then contact_point
            when code in ('n', 'dn') then 'any'
            else contact_value
        end as contact_value,
        purpose,
        channel,
        topic,
        code,
        recorded_at,
        origin
    from named
),

unread_or_kept as (
    select * from stated
    where origin = 'unread'
    union all by name
    select
        *,
        'n' as code
    from {{ ref('kept_denials') }}
),

-- What can't be read, or is kept, needs no record that anything else still mentions.
of_people as (
    select
        identity_map.profile_id as person_key,
        identity_map.profile_id,
        stated.*
    from stated
    inner join identity_map
        on
            identity_map.source_system = stated.source_system
            and identity_map.source_record_id = stated.source_record_id
    where stated.origin = 'stated'
    union all
    select
        coalesce(whole_map.profile_id, others.source_system || ':' || others.source_record_id) as person_key,
        whole_map.profile_id,
        others.*
    from unread_or_kept as others
    left join {{ ref('identity_map') }} as whole_map
        on
            whole_map.source_system = others.source_system
            and whole_map.source_record_id = others.source_record_id
)

select
    statements.person_key,
    statements.profile_id,
    case
        when statements.recorded_at is null then 'undated:'
        else ''
    end || case
        when settings.value = 'person' then statements.person_key
        else statements.source_system || ':' || statements.source_record_id
    end as said_by,
    statements.contact_namespace,
    statements.contact_value,
    statements.purpose,
    -- A no on a channel that nobody knows may be about any.
    case
        when channels.channel is not null then channels.channel
        when statements.code in ('n', 'dn') then 'any'
        else statements.channel
    end as channel,
    statements.topic,
    statements.code,
    codes.care,
    -- When it was said is not sure, so it holds at every instant, and nothing lifts it.
    coalesce(statements.recorded_at, timestamp '0001-01-01 00:00:00') as recorded_at,
    statements.source_system,
    statements.source_record_id,
    statements.consent_id,
    statements.origin
from {{ part('of_people', ['person_key']) }} as statements
inner join {{ ref('consent_codes') }} as codes
    on codes.code = statements.code
left join {{ ref('consent_channels') }} as channels
    on channels.said = lower(statements.channel)
left join {{ ref('consent_settings') }} as settings
    on settings.setting = 'last_word_of'
