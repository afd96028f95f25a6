{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['record_key', 'valid_from'],
        full_refresh=false,
        post_hook="create or replace macro {{ this.schema }}.identity_map_as_of(instant) as table
            select source_system, source_record_id, profile_id
            from {{ this }}
            where valid_from <= cast(instant as timestamp)
                and (valid_to is null or valid_to > cast(instant as timestamp))"
    )
}}

with

current_map as (
    select * from {{ ref('identity_map') }}
),

{% if is_incremental() %}
    open_rows as (
        select * from {{ this }}
        where valid_to is null
    ),

    -- A record has one open row, so one join finds what ends and what begins.
    different as (
        select
            current_map.source_system,
            current_map.source_record_id,
            current_map.record_key,
            current_map.profile_id,
            open_rows.source_system as source_system_before,
            open_rows.source_record_id as source_record_id_before,
            open_rows.record_key as record_key_before,
            open_rows.profile_id as profile_id_before,
            open_rows.valid_from
        from current_map
        full outer join open_rows
            on open_rows.record_key = current_map.record_key
        where current_map.profile_id is distinct from open_rows.profile_id
    ),

    -- A record that went or moved: its row ends now.
    ended as (
        select
            source_system_before as source_system,
            source_record_id_before as source_record_id,
            record_key_before as record_key,
            profile_id_before as profile_id,
            valid_from
        from different
        where record_key_before is not null
    ),

    begun as (
        select
            source_system,
            source_record_id,
            record_key,
            profile_id
        from different
        where record_key is not null
    )
{% else %}
    begun as (
        select * from current_map
    )
{% endif %}

select
    source_system,
    source_record_id,
    record_key,
    profile_id,
    {{ run_instant() }} as valid_from,
    cast(null as timestamp) as valid_to
from begun
{% if is_incremental() %}
    union all
    select
        source_system,
        source_record_id,
        record_key,
        profile_id,
        valid_from,
        {{ run_instant() }} as valid_to
    from ended
{% endif %}
