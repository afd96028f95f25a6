{#-
    Memory: what profiles have said, and since when it is known. What a profile says now is compared
    with the last row about it, in a build of everybody, in a refresh of those whom changes reach; only
    what differs is added. Rows go when attribute_settings says so, and never otherwise.
-#}
{% set said_last = 'row_number() over (partition by profile_id, attribute order by known_from desc) = 1' %}
{% set today, run_at, moved_since = today(), run_instant(), '(select known_from from last_known)' %}
{% if as_of_day() %}
    {#- The end of the replayed day; the ledger of ids goes by the run's own time. -#}
    {% set run_at = dbt.dateadd('second', 86399, 'cast(' ~ today ~ ' as timestamp)') %}
    {% set moved_since = dbt.dateadd('second', -1, run_instant()) %}
{% endif %}
{{ config(
    materialized='incremental', unique_key=['profile_id'], full_refresh=false,
    pre_hook=[
        "{% if is_incremental() %}
            delete from {{ this }} where attribute not in (
                select attribute from {{ ref('tracked_attributes') }} where history_days > 0
            )
        {% endif %}",
        "{% if is_incremental() %}
            delete from {{ this }} as earlier
            using (
                select profile_id, attribute, max(known_from) as known_from
                from {{ this }}
                inner join {{ ref('tracked_attributes') }} using (attribute)
                where change_reason <> 'first_value'
                    and cast(known_from as date) < {{ today() }} - history_days
                group by profile_id, attribute
            ) as later
            where earlier.profile_id = later.profile_id and earlier.attribute = later.attribute
                and (
                    earlier.known_from < later.known_from
                    or earlier.known_from = later.known_from
                    and earlier.attribute_value is null and not earlier.is_cleared
                )
        {% endif %}"
    ]
) }}

with

{% call reached() %}
    select profile_id from {{ changed('provenance') }}
{% endcall %}

tracked_attributes as (
    select * from {{ ref('tracked_attributes') }}
    where history_days > 0
),

said as (
    select
        provenance.profile_id,
        provenance.attribute,
        provenance.attribute_value,
        provenance.is_cleared,
        provenance.source_system,
        provenance.source_record_id,
        provenance.updated_at
    from {{ part(ref('provenance'), ['profile_id']) }} as provenance
    where
        provenance.place = 1
        and provenance.attribute in (select attribute from tracked_attributes)
),

{% if is_incremental() %}
    known as (
        select * from {{ part(this, ['profile_id']) }}
        qualify {{ said_last }}
    ),

    last_known as (
        select max(known_from) as known_from
        from {{ this }}
    ),

    -- Records that another profile had when the last row was written.
    moved_records as (
        select
            arrived.source_system,
            arrived.source_record_id
        from {{ ref('identity_map_history') }} as arrived
        inner join {{ ref('identity_map_history') }} as departed
            on
                departed.record_key = arrived.record_key
                and departed.valid_to = arrived.valid_from
        where arrived.valid_to is null and arrived.valid_from > {{ moved_since }}
    ),
{% else %}
    known as (
        select
            *,
            updated_at as known_from
        from said
        where false
    ),

    last_known as (
        select cast(null as timestamp) as known_from
    ),

    moved_records as (
        select
            source_system,
            source_record_id
        from {{ ref('identity_map_history') }}
        where false
    ),
{% endif %}

-- Later than all that is known, also where the machine's clock was put back. A replay of a day before
-- that adds nothing.
this_run as (
    select
        known_from as last_known_from,
        greatest({{ run_at }}, {{ dbt.dateadd('microsecond', 1, 'known_from') }}) as known_from
    from last_known
    {% if as_of_day() %}
        where known_from is null or cast(known_from as date) <= {{ today }}
    {% endif %}
),

different as (
    select
        coalesce(said.profile_id, known.profile_id) as profile_id,
        coalesce(said.attribute, known.attribute) as attribute,
        said.attribute_value,
        coalesce(said.is_cleared, false) as is_cleared,
        said.source_system,
        said.source_record_id,
        said.updated_at,
        known.source_system as source_system_before,
        known.source_record_id as source_record_id_before,
        known.profile_id is null as is_first
    from said
    full outer join known
        on
            known.profile_id = said.profile_id
            and known.attribute = said.attribute
    where
        said.attribute_value is distinct from known.attribute_value
        or coalesce(said.is_cleared, false) <> coalesce(known.is_cleared, false)
)

select
    different.profile_id,
    different.attribute,
    different.attribute_value,
    different.is_cleared,
    different.source_system,
    different.source_record_id,
    tracked_attributes.policy,
    tracked_attributes.rule,
    case
        when different.is_first then 'first_value'
        when tracked_attributes.ruled_since > this_run.last_known_from then 'policy'
        when coalesce(arrived.source_record_id, departed.source_record_id) is not null then 'identity'
        else 'record'
    end as change_reason,
    -- Nothing is valid later than it is known; without a time, since then.
    least(coalesce(different.updated_at, this_run.known_from), this_run.known_from) as valid_from,
    this_run.known_from
from different
cross join this_run
inner join tracked_attributes
    on tracked_attributes.attribute = different.attribute
left join moved_records as arrived
    on
        arrived.source_system = different.source_system
        and arrived.source_record_id = different.source_record_id
left join moved_records as departed
    on
        departed.source_system = different.source_system_before
        and departed.source_record_id = different.source_record_id_before
-- A look-up of a person then reads the row groups only that the id can be in.
order by different.profile_id
