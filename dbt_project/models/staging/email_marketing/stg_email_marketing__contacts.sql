{{ config(materialized='incremental', unique_key=['source_record_id']) }}

with

typed as (
    select
        'email_marketing' as source_system,
        nullif(trim(contact_id), '') as source_record_id,
        nullif(trim(first_name), '') as given_name,
        nullif(trim(last_name), '') as family_name,
        nullif(trim(email), '') as email,
        {{ as_instant('created_at') }} as created_at,
        {{ as_instant("coalesce(nullif(trim(updated_at), ''), created_at)") }} as updated_at,
        {{ attributes_of(source('email_marketing', 'contacts')) }} as attributes,
        {{ identities_of(source('email_marketing', 'contacts')) }} as identities,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('email_marketing', 'contacts'),
        {'source_record_id': "nullif(trim(contact_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('source_record_id is null', 'missing_key', 'contact_id'),
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
    cast(null as string) as middle_name,
    family_name,
    cast(null as string) as gender,
    email,
    cast(null as string) as phone,
    cast(null as string) as login,
    cast(null as string) as loyalty_id,
    cast(null as string) as national_id,
    cast(null as string) as loyalty_tier,
    cast(null as date) as birth_date,
    cast(null as string) as street,
    cast(null as string) as address_line_2,
    cast(null as string) as postal_code,
    cast(null as string) as city,
    cast(null as string) as state,
    cast(null as string) as country_code,
    attributes,
    identities,
    created_at,
    updated_at,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
