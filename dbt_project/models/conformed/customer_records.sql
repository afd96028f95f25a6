{{ config(materialized='incremental', unique_key=['source_system', 'source_record_id']) }}

with

{% call reached() %}
    {{ changed_staged('customer_records', ['source_system', 'source_record_id']) }}
{% endcall %}

accepted as (
    {{ union_staged('customer_records', [
        'source_system', 'source_record_id', 'given_name', 'middle_name', 'family_name', 'gender',
        'email', 'phone', 'login', 'loyalty_id', 'national_id', 'loyalty_tier', 'birth_date',
        'street', 'address_line_2', 'postal_code', 'city', 'state', 'country_code', 'created_at',
        'updated_at', 'source_file'
    ], optional=[
        'organisation_name', 'passport', 'drivers_license', 'birth_date_as_written', 'attributes',
        'identities'
    ], key=['source_system', 'source_record_id'], table_as='source_table') }}
)

select
    source_system,
    source_record_id,
    source_system || ':' || source_record_id as record_key,
    given_name,
    middle_name,
    family_name,
    organisation_name,
    gender,
    email,
    phone,
    login,
    loyalty_id,
    national_id,
    passport,
    drivers_license,
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
    source_table,
    source_file
from accepted
