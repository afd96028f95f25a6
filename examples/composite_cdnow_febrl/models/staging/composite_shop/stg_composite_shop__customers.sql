with

typed as (
    select
        'composite_shop' as source_system,
        nullif(trim(shop_id), '') as source_record_id,
        nullif(trim(given_name), '') as given_name,
        cast(null as string) as middle_name,
        nullif(trim(surname), '') as family_name,
        cast(null as string) as gender,
        cast(null as string) as email,
        cast(null as string) as phone,
        cast(null as string) as login,
        cast(null as string) as loyalty_id,
        cast(null as string) as national_id,
        cast(null as string) as loyalty_tier,
        -- 19861231 is written as 1986-12-31, which as_birth_date reads.
        {{ as_birth_date(
            "substr(date_of_birth, 1, 4) || '-' || substr(date_of_birth, 5, 2) || '-' || substr(date_of_birth, 7)"
        ) }} as birth_date,
        {{ digits_of_no_date('date_of_birth', '%Y%m%d') }} as birth_date_as_written,
        nullif(trim(coalesce(street_number, '') || ' ' || coalesce(address_1, '')), '') as street,
        nullif(trim(address_2), '') as address_line_2,
        nullif(trim(postcode), '') as postal_code,
        nullif(trim(suburb), '') as city,
        nullif(trim(state), '') as state,
        'AU' as country_code,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as updated_at,
        {{ attributes_of(source('composite_shop', 'customers')) }} as attributes,
        {{ identities_of(source('composite_shop', 'customers')) }} as identities,
        source_file,
        source_row,
        is_deleted
    from {{ source('composite_shop', 'customers') }}
),

-- The file says nothing about when a record was made or changed, so no instant can be wrong.
checked as (
    select
        *,
        {{ first_fault([
            ('source_record_id is null', 'missing_key', 'shop_id'),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['source_record_id'], newest_by='source_file') }}
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
