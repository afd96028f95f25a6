{{ config(
    materialized='incremental', unique_key=['profile_id'], post_hook='{{ comment_attributes() }}'
) }}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id from {{ changed('ranked_records') }}
    union all
    select profile_id from {{ changed('attribute_values') }}
    union all
    select profile_id from {{ changed('activities') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('customer_records') }} using ({{ record | join(', ') }})
    union all
    select person_key as profile_id
    from {{ ref('contact_points') }}
    semi join {{ changed('effective_consent') }} using (contact_namespace, contact_value)
{% endcall %}

identity_map as (
    select * from {{ part(ref('identity_map'), ['profile_id']) }}
),

ranked_records as (
    select * from {{ part(ref('ranked_records'), ['profile_id']) }}
),

people as (
    select
        profile_id,
        count(*) as record_count,
        count(distinct source_system) as source_system_count
    from identity_map
    group by profile_id
),

-- Each attribute from the record that the merge policy ranks first among those that have it.
merged as (
    select
        profile_id,
        min_by(given_name, given_name_rank) as given_name,
        min_by(middle_name, middle_name_rank) as middle_name,
        min_by(family_name, family_name_rank) as family_name,
        min_by(organisation_name, organisation_name_rank) as organisation_name,
        min_by(gender, gender_rank) as gender,
        min_by(email, email_rank) as email,
        min_by(phone, phone_rank) as phone,
        min_by(login, login_rank) as login,
        min_by(loyalty_id, loyalty_id_rank) as loyalty_id,
        min_by(loyalty_tier, loyalty_tier_rank) as loyalty_tier,
        min_by(birth_date, birth_date_rank) as birth_date,
        min(address_rank) as address_rank
    from ranked_records
    group by profile_id
),

-- What may be sent to the address that the profile shows; a letter, to the person.
own_points as (
    select
        'email' as contact_namespace,
        email as contact_value
    from merged
    union all
    select
        'phone' as contact_namespace,
        phone as contact_value
    from merged
    union all
    select
        'profile' as contact_namespace,
        profile_id as contact_value
    from merged
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

declared_attributes as (
    select
        {%- for attribute in declared_attributes() %}
            cast(
                max(case when attribute = '{{ attribute.name }}' then attribute_value end)
                as {{ attribute.type }}
            ) as {{ attribute.name }},
        {%- endfor %}
        profile_id
    from {{ part(ref('attribute_values'), ['profile_id']) }}
    where attribute_rank = 1
    group by profile_id
),

sightings as (
    select
        profile_id,
        occurred_at as first_at,
        occurred_at as last_at
    from {{ part(ref('activities'), ['profile_id']) }}
    union all
    select
        identity_map.profile_id,
        customer_records.created_at as first_at,
        coalesce(customer_records.updated_at, customer_records.created_at) as last_at
    from {{ part(ref('customer_records'), record, of='identity_map') }} as customer_records
    inner join identity_map
        on
            identity_map.source_system = customer_records.source_system
            and identity_map.source_record_id = customer_records.source_record_id
),

seen as (
    select
        profile_id,
        min(first_at) as first_seen_at,
        max(last_at) as last_seen_at
    from sightings
    group by profile_id
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
    addresses.street,
    addresses.address_line_2,
    addresses.postal_code,
    addresses.city,
    addresses.state,
    addresses.country_code,
    merged.profile_id is not null as is_known,
    {%- for attribute in declared_attributes() %}
        declared_attributes.{{ attribute.name }},
    {%- endfor %}
    email_allowed.channel is not null as may_be_emailed,
    email_allowed.valid_from as may_be_emailed_since,
    sms_allowed.channel is not null as may_be_texted,
    sms_allowed.valid_from as may_be_texted_since,
    phone_allowed.channel is not null as may_be_phoned,
    phone_allowed.valid_from as may_be_phoned_since,
    direct_mail_allowed.channel is not null as may_be_mailed,
    direct_mail_allowed.valid_from as may_be_mailed_since,
    people.record_count,
    people.source_system_count,
    seen.first_seen_at,
    seen.last_seen_at
from people
left join merged
    on merged.profile_id = people.profile_id
-- The address is one record's, so that no street stands in another record's city.
left join ranked_records as addresses
    on
        addresses.profile_id = merged.profile_id
        and addresses.address_rank = merged.address_rank
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
                and addresses.street is not null
                and coalesce(addresses.postal_code, addresses.city) is not null
            {%- endif %}
{%- endfor %}
left join declared_attributes
    on declared_attributes.profile_id = people.profile_id
left join seen
    on seen.profile_id = people.profile_id
