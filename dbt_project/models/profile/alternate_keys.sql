{{ config(materialized='view') }}

with

identity_map as (
    select * from {{ ref('identity_map') }}
),

profile_identities as (
    select * from {{ ref('profile_identities') }}
),

profile_ledger as (
    select * from {{ ref('profile_ledger') }}
),

keys as (
    select
        'source_record' as key_kind,
        source_system as namespace,
        source_record_id as key_value,
        profile_id
    from identity_map
    union all
    select
        'identity' as key_kind,
        namespace,
        identity_value as key_value,
        profile_id
    from profile_identities
    union all
    select
        'former_profile' as key_kind,
        'profile_id' as namespace,
        profile_id as key_value,
        current_profile_id as profile_id
    from profile_ledger
    where status = 'merged'
)

select
    md5(key_kind || ':' || namespace || ':' || key_value) as alternate_key_id,
    key_kind,
    namespace,
    key_value,
    profile_id
from keys
