{{ config(materialized='incremental', unique_key=['source_system', 'source_record_id']) }}

{% set record = ['source_system', 'source_record_id'] %}
{% set with_a_column = [
    'email', 'phone', 'loyalty_id', 'login', 'national_id', 'passport', 'drivers_license'
] %}

with

{% call reached() %}
    select source_system, source_record_id from {{ changed('customer_records') }}
    union all
    select source_system, source_record_id from {{ changed('events') }}
    union all
    {{ visitors_that_changed_sides(ref('events')) }}
    union all
    {{ changed_staged('identity_observations', record) }}
{% endcall %}

customer_records as (
    select * from {{ part(ref('customer_records'), record) }}
),

-- A system without customers of its own knows its visitors by what it calls them: a cookie.
events as (
    select * from {{ part(ref('events'), record) }}
    where source_system not in (select source_system from {{ ref('customer_records') }})
),

values_of_customer_records as (
    {% for namespace in with_a_column %}
        select
            source_system,
            source_record_id,
            record_key,
            '{{ namespace }}' as namespace,
            {{ namespace }} as identity_value,
            country_code,
            given_name,
            birth_date,
            1 as observation_count,
            coalesce(created_at, updated_at) as first_observed_at,
            coalesce(updated_at, created_at) as last_observed_at
        from customer_records
        where {{ namespace }} is not null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- What a column is declared to be, unless a column of its own says it already, and the addresses
-- behind the first of a cell.
further_values as (
    select
        source_system,
        source_record_id,
        record_key,
        struct_extract(declared, 'namespace') as namespace,
        struct_extract(declared, 'value') as identity_value,
        country_code,
        given_name,
        birth_date,
        1 as observation_count,
        coalesce(created_at, updated_at) as first_observed_at,
        coalesce(updated_at, created_at) as last_observed_at
    from (
        select
            *,
            unnest(list_distinct(list_concat(
                {{ identity_entries('identities') }}, {{ further_addresses('email') }}
            ))) as declared
        from customer_records
        where identities is not null or email like '%@%@%'
    ) as entries
    where
        struct_extract(declared, 'value') is distinct from case struct_extract(declared, 'namespace')
            {%- for namespace in with_a_column %}
                when '{{ namespace }}' then {{ namespace }}
            {%- endfor %}
        end
),

-- Ten million events become a few rows per cookie here; everything after works on those.
visits_by_login as (
    select
        source_system,
        source_record_id,
        login,
        count(*) as event_count,
        min(occurred_at) as first_observed_at,
        max(occurred_at) as last_observed_at
    from events
    group by source_system, source_record_id, login
),

values_of_cookies as (
    select
        source_system,
        source_record_id,
        'cookie' as namespace,
        source_record_id as identity_value,
        sum(event_count) as observation_count,
        min(first_observed_at) as first_observed_at,
        max(last_observed_at) as last_observed_at
    from visits_by_login
    group by source_system, source_record_id
    union all
    select
        source_system,
        source_record_id,
        'login' as namespace,
        login as identity_value,
        event_count as observation_count,
        first_observed_at,
        last_observed_at
    from visits_by_login
    where login is not null
),

{% set sources = var('entity_sources')['identity_observations'] | default([]) %}
{% if sources %}
    staged_observations as (
        {{ union_staged('identity_observations', [
            'source_system', 'source_record_id', 'namespace', 'identity_value', 'country_code',
            'given_name', 'birth_date', 'observation_count', 'first_observed_at',
            'last_observed_at'
        ], key=record) }}
    ),
{% endif %}

observations as (
    select * from values_of_customer_records
    union all
    select * from further_values
    union all
    select
        source_system,
        source_record_id,
        source_system || ':' || source_record_id as record_key,
        namespace,
        identity_value,
        cast(null as string) as country_code,
        cast(null as string) as given_name,
        cast(null as date) as birth_date,
        observation_count,
        first_observed_at,
        last_observed_at
    from values_of_cookies
    {% if sources %}
        union all
        select
            source_system,
            source_record_id,
            source_system || ':' || source_record_id as record_key,
            namespace,
            identity_value,
            country_code,
            given_name,
            birth_date,
            observation_count,
            first_observed_at,
            last_observed_at
        from staged_observations
    {% endif %}
)

select
    source_system,
    source_record_id,
    record_key,
    namespace,
    identity_value,
    {% if sources %}
        max(country_code) as country_code,
        max(given_name) as given_name,
        max(birth_date) as birth_date,
        cast(sum(observation_count) as bigint) as observation_count,
        min(first_observed_at) as first_observed_at,
        max(last_observed_at) as last_observed_at
    {% else %}
        country_code,
        given_name,
        birth_date,
        cast(observation_count as bigint) as observation_count,
        first_observed_at,
        last_observed_at
    {% endif %}
from observations
{% if sources %}
    -- A source of observations may say again what a customer record or an event has said.
    group by source_system, source_record_id, record_key, namespace, identity_value
{% endif %}
