{% set key = ['key_kind', 'namespace', 'key_value', 'profile_id'] %}

{{ config(materialized='incremental', unique_key=key) }}

{% set record = {'source_system': 'namespace', 'source_record_id': 'key_value', 'profile_id': 'profile_id'} %}
{% set identity = {'namespace': 'namespace', 'identity_value': 'key_value', 'profile_id': 'profile_id'} %}
{% set former = {'profile_id': 'key_value', 'current_profile_id': 'profile_id'} %}

with

{% call reached() %}
    select
        'source_record' as key_kind,
        source_system as namespace,
        source_record_id as key_value,
        profile_id
    from {{ changed('identity_map') }}
    union all
    select
        'identity' as key_kind,
        namespace,
        identity_value as key_value,
        profile_id
    from {{ changed('profile_identities') }}
    union all
    select
        'former_profile' as key_kind,
        'profile_id' as namespace,
        profile_id as key_value,
        current_profile_id as profile_id
    from {{ changed('profile_ledger') }}
{% endcall %}

keys as (
    select
        'source_record' as key_kind,
        source_system as namespace,
        source_record_id as key_value,
        profile_id
    from {{ part(ref('identity_map'), record) }}
    union all
    select
        'identity' as key_kind,
        namespace,
        identity_value as key_value,
        profile_id
    from {{ part(ref('profile_identities'), identity) }}
    union all
    select
        'former_profile' as key_kind,
        'profile_id' as namespace,
        profile_id as key_value,
        current_profile_id as profile_id
    from {{ part(ref('profile_ledger'), former) }}
    where status = 'merged'
)

select
    md5(key_kind || ':' || namespace || ':' || key_value) as alternate_key_id,
    key_kind,
    namespace,
    key_value,
    profile_id
from {{ part('keys', key) }}
-- A look-up then reads the row groups only that the key can be in.
order by key_value
