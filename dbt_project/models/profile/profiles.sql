{{ config(
    materialized='incremental', unique_key=['profile_id'], post_hook="
        {%- for attribute in declared_attributes() %}
            comment on column {{ this }}.{{ attribute.name }} is '{{
                dbt.escape_single_quotes([attribute.display_name, attribute.description] | select | join(': '))
            }}';
        {%- endfor -%}"
) }}

{% set days %}
    (select value from {{ ref('activity_settings') }} where setting = 'unknown_profile_days')
{% endset %}
{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    {% for model in [
        'identity_map', 'policy_profiles', 'household_members', 'recorded_activities', 'profile_identities'
    ] %}
        select profile_id from {{ changed(model) }}
        union all
    {% endfor %}
    select current_profile_id as profile_id from {{ changed('profile_ledger') }}
    union all
    {% for model in ['customer_records', 'record_units'] %}
        select profile_id from {{ ref('identity_map') }} semi join {{ changed(model) }} using (record_key)
        union all
    {% endfor %}
    select person_key as profile_id
    from {{ ref('contact_points') }}
    semi join {{ changed('effective_consent') }} using (contact_namespace, contact_value)
{% endcall %}

identity_map as (
    select * from {{ part(ref('identity_map'), ['profile_id']) }}
),

people as (
    -- Nobody is of two units; a test holds that.
    select
        identity_map.profile_id,
        count(*) as record_count,
        count(distinct identity_map.source_system) as source_system_count,
        min(record_units.business_unit_id) as business_unit_id
    from identity_map
    left join {{ part(ref('record_units'), ['record_key'], of='identity_map') }} as record_units
        on record_units.record_key = identity_map.record_key
    group by identity_map.profile_id
),

merged as (
    select * from {{ part(ref('policy_profiles'), ['profile_id']) }}
    where is_default
),

-- What may be sent to the address that the profile shows; a letter, to the person.
own_points as (
    {%- for namespace, value in {'email': 'email', 'phone': 'phone', 'profile': 'profile_id'}.items() %}
        select
            '{{ namespace }}' as contact_namespace,
            {{ value }} as contact_value
        from {{ part(ref('policy_profiles'), ['profile_id']) }}
        where is_default
        {{ '' if loop.last else 'union all' }}
    {%- endfor %}
),

allowed as (
    select
        contact_namespace,
        contact_value,
        channel,
        valid_from
    from {{ ref('effective_consent') }} as consent
    semi join own_points
        on
            own_points.contact_namespace = consent.contact_namespace
            and own_points.contact_value = consent.contact_value
    where purpose = 'commercial' and topic = 'any' and is_allowed and valid_to is null
),

-- A text of ids with blanks between, the oldest first.
former_ids as (
    select
        current_profile_id as profile_id,
        {{ joined_words('profile_id', 'founded_at, profile_id') }} as former_profile_ids
    from {{ part(ref('profile_ledger'), {'current_profile_id': 'profile_id'}) }}
    where status = 'merged'
    group by current_profile_id
),

sightings as (
    select
        profile_id,
        occurred_at as first_at,
        occurred_at as last_at,
        source_entity = 'event' and points is null as is_web_event
    from {{ part(ref('recorded_activities'), ['profile_id']) }}
    union all
    select
        identity_map.profile_id,
        customer_records.created_at as first_at,
        coalesce(customer_records.updated_at, customer_records.created_at) as last_at,
        false as is_web_event
    from {{ part(ref('customer_records'), record, of='identity_map') }} as customer_records
    inner join identity_map
        on identity_map.record_key = customer_records.record_key
),

seen as (
    select
        profile_id,
        min(first_at) as first_seen_at,
        max(last_at) as last_seen_at,
        bool_and(is_web_event) as has_only_browsed
    from sightings
    group by profile_id
),

-- Who shows a browser or device and nothing else.
pseudonymous as (
    select profile_identities.profile_id
    from {{ part(ref('profile_identities'), ['profile_id']) }} as profile_identities
    inner join {{ ref('identity_namespaces') }} as namespaces
        on namespaces.namespace = profile_identities.namespace
    group by profile_identities.profile_id
    having bool_and(namespaces.kind in ('cookie', 'device'))
)

select
    people.profile_id,
    merged.given_name,
    merged.middle_name,
    merged.family_name,
    merged.organisation_name,
    merged.gender,
    merged.email,
    merged.phone,
    merged.login,
    merged.loyalty_id,
    merged.loyalty_tier,
    merged.birth_date,
    merged.street,
    merged.address_line_2,
    merged.postal_code,
    merged.city,
    merged.state,
    merged.country_code,
    coalesce(merged.record_count > 0, false) as is_known,
    {%- for attribute in declared_attributes() %}
        merged.{{ attribute.name }},
    {%- endfor %}
    people.business_unit_id,
    household_members.household_id,
    former_ids.former_profile_ids,
    {%- for channel, is_done in {
        'email': 'emailed', 'sms': 'texted', 'phone': 'phoned', 'direct_mail': 'mailed'
    }.items() %}
        {{ channel }}_allowed.channel is not null as may_be_{{ is_done }},
        {{ channel }}_allowed.valid_from as may_be_{{ is_done }}_since,
    {%- endfor %}
    people.record_count,
    people.source_system_count,
    seen.first_seen_at,
    seen.last_seen_at,
    case
        when pseudonymous.profile_id is not null and seen.has_only_browsed
            then cast({{ dbt.dateadd('day', days, 'seen.last_seen_at') }} as timestamp)
    end as expires_at
from people
left join merged
    on merged.profile_id = people.profile_id
left join {{ part(ref('household_members'), ['profile_id']) }} as household_members
    on household_members.profile_id = people.profile_id
left join former_ids
    on former_ids.profile_id = people.profile_id
{%- for channel, point in {
    'email': 'merged.email', 'sms': 'merged.phone', 'phone': 'merged.phone',
    'direct_mail': 'merged.profile_id'
}.items() %}
    left join allowed as {{ channel }}_allowed
        on
            {{ channel }}_allowed.channel = '{{ channel }}'
            and {{ channel }}_allowed.contact_namespace = '{{
                'profile' if channel == 'direct_mail' else point.split('.')[1] }}'
            and {{ channel }}_allowed.contact_value = {{ point }}
            {%- if channel == 'direct_mail' %}
                and merged.street is not null
                and coalesce(merged.postal_code, merged.city) is not null
            {%- endif %}
{%- endfor %}
left join seen
    on seen.profile_id = people.profile_id
left join pseudonymous
    on pseudonymous.profile_id = people.profile_id
-- A look-up of a person then reads the row groups only that the id can be in.
order by people.profile_id
