{{ config(
    materialized='incremental', unique_key=['source_record_id'], meta={'births': ['birth_date']}
) }}

with

typed as (
    select
        'web_shop' as source_system,
        nullif(trim(customer_id), '') as source_record_id,
        nullif(trim(first_name), '') as given_name,
        cast(null as string) as middle_name,
        nullif(trim(last_name), '') as family_name,
        cast(null as string) as gender,
        nullif(trim(email), '') as email,
        nullif(trim(phone), '') as phone,
        nullif(trim(login), '') as login,
        nullif(trim(loyalty_number), '') as loyalty_id,
        cast(null as string) as national_id,
        cast(null as string) as loyalty_tier,
        {{ as_birth_date('birth_date') }} as birth_date,
        {{ digits_of_no_date('birth_date', 'iso') }} as birth_date_as_written,
        nullif(trim(street), '') as street,
        cast(null as string) as address_line_2,
        nullif(trim(postal_code), '') as postal_code,
        nullif(trim(city), '') as city,
        cast(null as string) as state,
        upper(nullif(trim(country_code), '')) as country_code,
        {{ as_instant('created_at') }} as created_at,
        {{ as_instant("coalesce(nullif(trim(updated_at), ''), created_at)") }} as updated_at,
        {{ attributes_of(source('web_shop', 'customers')) }} as attributes,
        {{ identities_of(source('web_shop', 'customers')) }} as identities,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('web_shop', 'customers'),
        {'source_record_id': "nullif(trim(customer_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('source_record_id is null', 'missing_key', 'customer_id'),
            ('updated_at is null', 'invalid_timestamp', 'updated_at'),
            (is_after_today('updated_at'), 'future_timestamp', 'updated_at'),
            (is_after_today('created_at'), 'future_timestamp', 'created_at'),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['source_record_id'], newest_by='updated_at') }}
)

select
    source_system,
    source_record_id,
    given_name,
    middle_name,
    family_name,
    gender,
    email,
    phone,
    login,
    loyalty_id,
    national_id,
    loyalty_tier,
    birth_date,
    birth_date_as_written,
    street,
    address_line_2,
    postal_code,
    city,
    state,
    country_code,
    attributes,
    identities,
    created_at,
    updated_at,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
