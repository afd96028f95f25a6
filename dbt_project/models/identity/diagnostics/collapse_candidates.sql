{%- set largest_profiles = 20 -%}
{%- set worth_a_look = 10 -%}
{%- set names_of_one_person = 2 -%}

with

identity_map as (
    select
        record_key,
        profile_id
    from {{ ref('identity_map') }}
),

sizes as (
    select
        profile_id,
        record_count
    from {{ ref('profile_ledger') }}
    where ended_at is null
),

persons as (
    select
        profile_id,
        birth_date_count,
        name_count
    from {{ ref('profile_names') }}
),

refusals as (
    select
        identity_map.profile_id,
        count(*) as refusal_count
    from {{ ref('refused_in_replay') }} as refused
    inner join identity_map
        on identity_map.record_key = refused.record_key
    group by identity_map.profile_id
),

suspicions as (
    select
        profile_id,
        'largest' as reason,
        'one of the ' || cast({{ largest_profiles }} as string) || ' largest profiles' as evidence
    from sizes
    where record_count >= {{ worth_a_look }}
    qualify
        row_number() over (order by record_count desc nulls last, profile_id asc)
        <= {{ largest_profiles }}
    union all
    select
        profile_id,
        'birth_dates' as reason,
        cast(birth_date_count as string) || ' birth dates and '
        || cast(name_count as string) || ' given names' as evidence
    from persons
    where birth_date_count > 1 and name_count > 1
    union all
    select
        profile_id,
        'given_names' as reason,
        cast(name_count as string) || ' given names' as evidence
    from persons
    where name_count > {{ names_of_one_person }}
    union all
    select
        profile_id,
        'broken_rule' as reason,
        cast(refusal_count as string) || ' links refused, because the profile would break a rule' as evidence
    from refusals
)

select
    suspicions.profile_id,
    suspicions.reason,
    suspicions.evidence,
    sizes.record_count
from suspicions
inner join sizes
    on sizes.profile_id = suspicions.profile_id
