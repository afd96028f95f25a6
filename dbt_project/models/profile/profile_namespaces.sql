{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id from {{ changed('profile_identities') }}
    union all
    select profile_id from {{ changed('profiles') }}
    union all
    select profile_id from {{ changed('ranked_records') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('comparison_values') }} using (record_key)
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('refused_in_replay') }} using (record_key)
{% endcall %}

stitchings as (
    select stitching
    from {{ ref('merge_policies') }}
    group by stitching
),

-- Each record by itself, where a policy wants that.
records as (
    select
        identity_map.profile_id,
        identity_map.record_key,
        ranked_records.record_key is not null as is_known
    from {{ part(ref('identity_map'), ['profile_id']) }} as identity_map
    inner join stitchings
        on stitchings.stitching = 'none'
    left join {{ part(ref('ranked_records'), ['profile_id']) }} as ranked_records
        on ranked_records.record_key = identity_map.record_key
),

shown as (
    select
        'whole_graph' as stitching,
        profile_id as stitched_id,
        namespace,
        count(*) as identity_count
    from {{ part(ref('profile_identities'), ['profile_id']) }}
    group by profile_id, namespace
    union all
    select
        'none' as stitching,
        record_key as stitched_id,
        namespace,
        count(distinct normalised_value) as identity_count
    from (
        {{ accepted_identities('records') }}
    ) as accepted
    semi join records
        on records.record_key = accepted.record_key
    group by record_key, namespace
),

combinations as (
    select
        stitching,
        stitched_id,
        sum(identity_count) as identity_count,
        {{ joined_words('namespace', 'namespace') }} as namespaces
    from shown
    group by stitching, stitched_id
),

people as (
    select
        'whole_graph' as stitching,
        profile_id as stitched_id,
        profile_id,
        is_known
    from {{ part(ref('profiles'), ['profile_id']) }}
    union all
    select
        'none' as stitching,
        record_key as stitched_id,
        profile_id,
        is_known
    from records
)

select
    people.stitching,
    people.stitched_id,
    people.profile_id,
    people.is_known,
    cast(coalesce(combinations.identity_count, 0) as bigint) as identity_count,
    combinations.namespaces
from people
left join combinations
    on
        combinations.stitching = people.stitching
        and combinations.stitched_id = people.stitched_id
