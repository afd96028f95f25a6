{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('customer_records') }} using (record_key)
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('record_names') }} using (record_key)
{% endcall %}

placeholders as (
    select value from {{ ref('blocked_identity_values') }}
    where namespace = 'any' and match_kind = 'equals'
    group by value
),

identity_map as (
    select * from {{ part(ref('identity_map'), ['profile_id']) }}
),

-- A person lives where the newest record with a name and a whole address says.
addresses as (
    select
        identity_map.profile_id,
        names.family_name,
        trim(records.street) as text,
        lower({{ without_symbols('records.postal_code') }}) as postal_code
    from {{ part(ref('customer_records'), ['record_key'], of='identity_map') }} as records
    inner join identity_map
        on identity_map.record_key = records.record_key
    inner join {{ part(ref('record_names'), ['record_key'], of='identity_map') }} as names
        on names.record_key = records.record_key
    left join placeholders as unknown
        on unknown.value = lower(trim(records.street))
    where
        names.family_name is not null
        and unknown.value is null
        and {{ without_symbols('records.street') }} <> ''
        and {{ without_symbols('records.postal_code') }} <> ''
    qualify
        row_number() over (
            partition by identity_map.profile_id
            order by
                coalesce(records.updated_at, records.created_at) desc nulls last,
                records.record_key asc
        ) = 1
),

streets as (
    select text from addresses
    group by text
),

plain_streets as (
    select * from {{ normalise_addresses('streets') }} as written
)

select
    addresses.profile_id,
    addresses.family_name,
    addresses.postal_code || ' ' || plain_streets.plain_text as address
from addresses
inner join plain_streets
    on plain_streets.text = addresses.text
