{{ config(materialized='incremental', unique_key=['component_id']) }}

with

{% call reached() %}
    select component_id from {{ changed('record_components') }}
{% endcall %}

record_components as (
    select * from {{ part(ref('record_components'), ['component_id']) }}
),

-- Which id a person was given before: today's components inherit from it.
ledger_of_all as (
    {{ as_last_run_left('identity', 'identity_map_history', {
        'record_key': 'string', 'profile_id': 'string', 'valid_from': 'timestamp', 'valid_to': 'timestamp'
    }) }}
),

-- Also the names that may not be given again are of profiles which one of the records had.
ledger as (
    select *
    from ledger_of_all
    where profile_id in (
        select shared.profile_id from ledger_of_all as shared
        where shared.record_key in (select record_key from record_components)
    )
),

components as (
    select
        component_id,
        min(key_hash) as key_hash,
        count(*) as record_count
    from record_components
    group by component_id
),

shared_records as (
    select
        record_components.component_id,
        ledger.profile_id,
        count(*) as record_count
    from record_components
    inner join ledger
        on ledger.record_key = record_components.record_key
    where ledger.valid_to is null
    group by record_components.component_id, ledger.profile_id
),

ages as (
    select
        profile_id,
        min(valid_from) as founded_at,
        case when count(*) = count(valid_to) then max(valid_to) end as ended_at
    from ledger
    group by profile_id
),

-- A component inherits from the profile it shares most records with, of equals from the older one.
chosen as (
    select
        shared_records.component_id,
        shared_records.profile_id,
        shared_records.record_count
    from shared_records
    inner join ages
        on ages.profile_id = shared_records.profile_id
    qualify
        row_number() over (
            partition by shared_records.component_id
            order by
                shared_records.record_count desc nulls last,
                ages.founded_at asc nulls last,
                shared_records.profile_id asc
        ) = 1
),

-- An id has one heir: of the pieces of a profile the largest, of equals that with the smallest key.
inherited as (
    select
        chosen.component_id,
        chosen.profile_id
    from chosen
    inner join components
        on components.component_id = chosen.component_id
    qualify
        row_number() over (
            partition by chosen.profile_id
            order by chosen.record_count desc nulls last, components.key_hash asc
        ) = 1
),

-- A merge that is undone gives the id back: to whom more than half of the records belong that the
-- profile had at its end. More than half can be one component only.
last_records as (
    select
        ledger.profile_id,
        ledger.record_key,
        ages.ended_at,
        count(*) over (partition by ledger.profile_id) as record_count
    from ledger
    inner join ages
        on
            ages.profile_id = ledger.profile_id
            and ages.ended_at = ledger.valid_to
),

returned as (
    select
        record_components.component_id,
        last_records.profile_id
    from last_records
    inner join record_components
        on record_components.record_key = last_records.record_key
    left join inherited
        on inherited.component_id = record_components.component_id
    where inherited.component_id is null
    group by
        record_components.component_id, last_records.profile_id, last_records.ended_at,
        last_records.record_count
    having 2 * count(*) > last_records.record_count
    qualify
        row_number() over (
            partition by record_components.component_id
            order by
                count(*) desc nulls last,
                last_records.ended_at desc nulls last,
                last_records.profile_id asc
        ) = 1
),

kept as (
    select
        component_id,
        profile_id
    from inherited
    union all
    select
        component_id,
        profile_id
    from returned
),

-- A new profile is named after its record with the smallest hash.
founded as (
    select
        components.component_id,
        components.key_hash,
        'p' || components.key_hash as profile_id
    from components
    left join kept
        on kept.component_id = components.component_id
    where kept.component_id is null
),

series as (
    {% for attempt in range(1, 33) %}
        select {{ attempt }} as attempt
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Where that name has been given before, the next free one of a series is taken: an id never comes
-- to mean somebody else.
further_names as (
    select
        founded.component_id,
        series.attempt,
        'p' || substr(md5(founded.key_hash || ' ' || cast(series.attempt as string)), 1, 16)
            as profile_id
    from founded
    inner join ages
        on ages.profile_id = founded.profile_id
    cross join series
),

renamed as (
    select
        further_names.component_id,
        min_by(further_names.profile_id, further_names.attempt) as profile_id
    from further_names
    left join ages
        on ages.profile_id = further_names.profile_id
    where ages.profile_id is null
    group by further_names.component_id
)

select
    components.component_id,
    coalesce(kept.profile_id, renamed.profile_id, founded.profile_id) as profile_id,
    components.record_count
from components
left join kept
    on kept.component_id = components.component_id
left join founded
    on founded.component_id = components.component_id
left join renamed
    on renamed.component_id = components.component_id
