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

    -- A record that went or moved: its row ends now.
    ended as (
        select open_rows.*
        from open_rows
        left join current_map
            on
                current_map.record_key = open_rows.record_key
                and current_map.profile_id = open_rows.profile_id
        where current_map.record_key is null
    ),

    begun as (
        select current_map.*
        from current_map
        left join open_rows
            on
                open_rows.record_key = current_map.record_key
                and open_rows.profile_id = current_map.profile_id
        where open_rows.record_key is null
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
