{{ config(materialized='view') }}

with

moved_records as (
    select
        departed.profile_id as profile_id_before,
        arrived.profile_id,
        arrived.valid_from as moved_at
    from {{ ref('identity_map_history') }} as arrived
    inner join {{ ref('identity_map_history') }} as departed
        on
            arrived.record_key = departed.record_key
            and arrived.valid_from = departed.valid_to
)

select
    profile_id,
    moved_at,
    true as has_gained
from moved_records
union
select
    profile_id_before as profile_id,
    moved_at,
    false as has_gained
from moved_records
