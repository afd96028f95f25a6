{{ config(
    materialized='incremental', unique_key=['source_record_id'], meta={'births': ['birth_date']}
) }}

with

typed as (
    select
        'loyalty' as source_system,
        nullif(trim(member_no), '') as source_record_id,
        nullif(trim(first_name), '') as given_name,
        cast(null as string) as middle_name,
        nullif(trim(last_name), '') as family_name,
        cast(null as string) as gender,
        nullif(trim(email), '') as email,
        nullif(trim(phone), '') as phone,
        cast(null as string) as login,
        nullif(trim(member_no), '') as loyalty_id,
        cast(null as string) as national_id,
        nullif(trim(tier), '') as loyalty_tier,
        {{ as_birth_date('birth_date') }} as birth_date,
        nullif(trim(street), '') as street,
        cast(null as string) as address_line_2,
        nullif(trim(postal_code), '') as postal_code,
        nullif(trim(city), '') as city,
        cast(null as string) as state,
        upper(nullif(trim(country_code), '')) as country_code,
        {{ as_instant('enrolled_on') }} as created_at,
        {{ as_instant("coalesce(nullif(trim(updated_at), ''), enrolled_on)") }} as updated_at,
        {{ attributes_of(source('loyalty', 'members')) }} as attributes,
        {{ identities_of(source('loyalty', 'members')) }} as identities,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('loyalty', 'members'),
        {'source_record_id': "nullif(trim(member_no), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('source_record_id is null', 'missing_key', 'member_no'),
            ('updated_at is null', 'invalid_timestamp', 'updated_at'),
            (is_after_today('updated_at'), 'future_timestamp', 'updated_at'),
            (is_after_today('created_at'), 'future_timestamp', 'enrolled_on'),
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
