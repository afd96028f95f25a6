-- Probable pairs that a surer match of one of the two records speaks against: a record with one name
-- fits two people, and its surer match says which of them it is.
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
    select coalesce(max(case when rule = 'sure_probability' then value end), 0.997) as sure_probability
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
    where others.decision = 'accept'
    union all
    select
        near_records.near_key,
        others.record_key_a as other_key,
        others.match_probability
    from near_records
    inner join {{ ref('scored_pairs') }} as others
        on others.record_key_b = near_records.near_key
    where others.decision = 'accept'
),

-- Of two that are equally sure neither counts, where they are two people.
surest_matches as (
    select
        near_key,
        other_key
    from matches
    qualify match_probability = max(match_probability) over (partition by near_key)
),

surer_matches as (
    select
        sides.record_key_a,
        sides.record_key_b,
        sides.near_key,
        sides.far_key,
        surest_matches.other_key
    from sides
    inner join surest_matches
        on
            surest_matches.near_key = sides.near_key
            and surest_matches.other_key <> sides.far_key
)

select
    surer_matches.record_key_a,
    surer_matches.record_key_b,
    min(surer_matches.other_key) as surer_record_key
from surer_matches
inner join {{ ref('record_names') }} as near
    on near.record_key = surer_matches.near_key
inner join {{ ref('record_names') }} as far
    on far.record_key = surer_matches.far_key
inner join {{ ref('record_names') }} as other
    on other.record_key = surer_matches.other_key
where
    far.only_name is null
    and other.only_name is null
    and (
        (
            (near.only_name is not null or near.family_name is null)
            and not {{ family_names_agree('far', 'other') }}
        )
        or (
            (near.only_name is not null or near.given_name is null)
            and not {{ given_names_agree('far', 'other') }}
        )
    )
group by surer_matches.record_key_a, surer_matches.record_key_b
