-- Probable pairs that another match of one of the two records speaks against: a record that lacks a
-- name or the birth date fits two people who differ in it, and can't be both.
{{ config(materialized='incremental', unique_key=['record_key_a', 'record_key_b']) }}

with

{% call reached() %}
    -- A pair depends on the other matches of its records, and on what those are called.
    with

    changed_records as (
        select record_key_a as record_key from {{ changed('scored_pairs') }}
        union
        select record_key_b as record_key from {{ changed('scored_pairs') }}
        union
        select record_key from {{ changed('record_names') }}
        union
        select record_key from {{ changed('match_records') }}
    ),

    nearby_records as (
        select record_key from changed_records
        union
        select record_key_b as record_key
        from {{ ref('scored_pairs') }}
        where record_key_a in (select record_key from changed_records)
        union
        select record_key_a as record_key
        from {{ ref('scored_pairs') }}
        where record_key_b in (select record_key from changed_records)
    )

    select record_key_a, record_key_b from {{ changed('scored_pairs') }}
    union all
    select record_key_a, record_key_b
    from {{ ref('scored_pairs') }}
    where
        record_key_a in (select record_key from nearby_records)
        or record_key_b in (select record_key from nearby_records)
{% endcall %}

limits as (
    select
        coalesce(max(case when rule = 'sure_probability' then value end), 0.997) as sure_probability,
        coalesce(max(case when rule = 'accept_probability' then value end), 0.95) as accept_probability
    from {{ ref('match_settings') }}
),

doubtful_pairs as (
    select
        pairs.record_key_a,
        pairs.record_key_b,
        pairs.match_probability
    from {{ part(ref('scored_pairs'), ['record_key_a', 'record_key_b']) }} as pairs
    inner join limits
        on pairs.match_probability < limits.sure_probability
    where pairs.decision = 'accept'
),

-- Each pair from both sides, and the matches of the record on the near side.
sides as (
    select
        record_key_a,
        record_key_b,
        match_probability,
        record_key_a as near_key,
        record_key_b as far_key
    from doubtful_pairs
    union all
    select
        record_key_a,
        record_key_b,
        match_probability,
        record_key_b as near_key,
        record_key_a as far_key
    from doubtful_pairs
),

near_records as (
    select near_key from sides
    group by near_key
),

matches as (
    select
        near_records.near_key,
        others.record_key_b as other_key,
        others.match_probability
    from near_records
    inner join {{ ref('scored_pairs') }} as others
        on others.record_key_a = near_records.near_key
    union all
    select
        near_records.near_key,
        others.record_key_a as other_key,
        others.match_probability
    from near_records
    inner join {{ ref('scored_pairs') }} as others
        on others.record_key_b = near_records.near_key
),

-- By the odds of each, a record is somebody else's than its surest match's often enough to be asked.
likely_matches as (
    select
        surest.near_key,
        surest.other_key,
        surest.match_probability
    from (
        select
            *,
            max(match_probability) over (partition by near_key) as highest_probability
        from matches
    ) as surest
    cross join limits
    where {{ share_of_one('match_probability', 'highest_probability') }} >= 1 - limits.accept_probability
),

rivals as (
    select
        sides.record_key_a,
        sides.record_key_b,
        sides.near_key,
        sides.far_key,
        others.other_key
    from sides
    inner join likely_matches as others
        on
            others.near_key = sides.near_key
            and others.other_key <> sides.far_key
    cross join limits
    where
        {{ share_of_one('sides.match_probability', 'others.match_probability') }} < limits.accept_probability
)

select
    rivals.record_key_a,
    rivals.record_key_b,
    min(rivals.other_key) as rival_record_key
from rivals
inner join {{ ref('record_names') }} as near
    on near.record_key = rivals.near_key
inner join {{ ref('record_names') }} as far
    on far.record_key = rivals.far_key
inner join {{ ref('record_names') }} as other
    on other.record_key = rivals.other_key
inner join {{ ref('match_records') }} as near_record
    on near_record.record_key = rivals.near_key
inner join {{ ref('match_records') }} as far_record
    on far_record.record_key = rivals.far_key
inner join {{ ref('match_records') }} as other_record
    on other_record.record_key = rivals.other_key
left join {{ ref('scored_pairs') }} as together
    on
        together.record_key_a = least(rivals.far_key, rivals.other_key)
        and together.record_key_b = greatest(rivals.far_key, rivals.other_key)
        and together.doubt is null
where
    (
        far.only_name is null
        and other.only_name is null
        and (near.only_name is not null or near.family_name is null)
        and not {{ family_names_agree('far', 'other') }}
    )
    or (
        far.only_name is null
        and other.only_name is null
        and (near.only_name is not null or near.given_name is null)
        and not {{ given_names_agree('far', 'other') }}
    )
    or (
        near_record.birth_date is null
        and together.record_key_a is null
        and {{ edit_distance(
            date_in_any_order('far_record.birth_date'), date_in_any_order('other_record.birth_date')
        ) }} > 1
    )
group by rivals.record_key_a, rivals.record_key_b
