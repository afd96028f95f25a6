{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id
    from {{ ref('identity_map_history') }}
    semi join {{ changed('identity_map') }} using (record_key)
{% endcall %}

history as (
    select * from {{ part(ref('identity_map_history'), ['profile_id']) }}
),

identity_map as (
    select * from {{ part(ref('identity_map'), ['record_key'], of='history') }}
),

profiles as (
    select
        profile_id,
        min(valid_from) as founded_at,
        count(*) - count(valid_to) as record_count,
        case when count(*) = count(valid_to) then max(valid_to) end as ended_at
    from history
    group by profile_id
),

-- Where the records are today that an ended profile had to its end.
heirs as (
    select
        history.profile_id,
        identity_map.profile_id as heir_id
    from history
    inner join profiles
        on
            profiles.profile_id = history.profile_id
            and profiles.ended_at = history.valid_to
    inner join identity_map
        on identity_map.record_key = history.record_key
    group by history.profile_id, identity_map.profile_id
    qualify
        row_number() over (
            partition by history.profile_id
            order by count(*) desc nulls last, identity_map.profile_id asc
        ) = 1
),

-- Of whom the records were, until the instant at which a profile began with them.
origins as (
    select
        history.profile_id,
        earlier.profile_id as origin_id
    from history
    inner join profiles
        on
            profiles.profile_id = history.profile_id
            and profiles.founded_at = history.valid_from
    inner join {{ part(ref('identity_map_history'), ['record_key'], of='history') }} as earlier
        on
            earlier.record_key = history.record_key
            and earlier.valid_to = history.valid_from
    group by history.profile_id, earlier.profile_id
    qualify
        row_number() over (
            partition by history.profile_id
            order by count(*) desc nulls last, earlier.profile_id asc
        ) = 1
)

select
    profiles.profile_id,
    case
        when profiles.ended_at is null then profiles.profile_id else heirs.heir_id
    end as current_profile_id,
    case
        when profiles.ended_at is null then 'active'
        when heirs.heir_id is not null then 'merged'
        else 'ended'
    end as status,
    origins.origin_id as split_from_profile_id,
    profiles.founded_at,
    profiles.ended_at,
    profiles.record_count
from profiles
left join heirs
    on heirs.profile_id = profiles.profile_id
left join origins
    on origins.profile_id = profiles.profile_id
-- A look-up of a person then reads the row groups only that the id can be in.
order by current_profile_id nulls last
