{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('provenance') }}
    union all
    select profile_id from {{ changed('policy_profiles') }}
{% endcall %}

weights as (
    select
        attribute,
        completeness_weight as weight
    from {{ ref('tracked_attributes') }}
),

valid as (
    select
        provenance.profile_id,
        count(*) as valid_count,
        sum(weights.weight) as valid_weight
    from {{ part(ref('provenance'), ['profile_id']) }} as provenance
    inner join weights
        on weights.attribute = provenance.attribute
    where provenance.place = 1 and not provenance.is_cleared
    group by provenance.profile_id
),

totals as (
    select sum(weight) as weight
    from weights
),

scored as (
    select
        profiles.profile_id,
        coalesce(valid.valid_count, 0) as valid_count,
        cast(
            coalesce(100.0 * valid.valid_weight / nullif(totals.weight, 0), 0) as decimal(5, 2)
        ) as completeness_percent
    from {{ part(ref('policy_profiles'), ['profile_id']) }} as profiles
    cross join totals
    left join valid
        on valid.profile_id = profiles.profile_id
    where profiles.is_default
),

buckets as (
    select
        bucket,
        from_percent,
        lead(from_percent) over (order by from_percent) as to_percent
    from {{ ref('completeness_buckets') }}
)

select
    scored.profile_id,
    scored.valid_count,
    scored.completeness_percent,
    buckets.bucket
from scored
inner join buckets
    on
        scored.completeness_percent >= buckets.from_percent
        and (scored.completeness_percent < buckets.to_percent or buckets.to_percent is null)
-- A look-up of a person then reads the row groups only that the id can be in.
order by scored.profile_id
