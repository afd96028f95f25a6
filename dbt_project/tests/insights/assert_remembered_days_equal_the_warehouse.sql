-- What is remembered per day must be, on the day of the refresh, what the warehouse holds.
with

totals as (
    select
        'people with an e-mail address' as total,
        (
            select sum(completeness.valid_count)
            from {{ ref('fact_attribute_completeness') }} as completeness
            inner join {{ ref('refresh_period') }} as refresh_period
                on refresh_period.as_of_on = completeness.date_key
            where completeness.attribute = 'email'
        ) as published,
        (select count(email) from {{ ref('profiles') }}) as expected
    union all
    select
        'segment members of the refresh day' as total,
        (
            select coalesce(sum(sizes.profile_count), 0)
            from {{ ref('fact_segment_size') }} as sizes
            inner join {{ ref('refresh_period') }} as refresh_period
                on refresh_period.as_of_on = sizes.date_key
            inner join {{ ref('membership_period') }} as membership_period
                on membership_period.is_recorded
        ) as published,
        (
            select count(*)
            from {{ ref('segment_membership') }}
            where exists (
                select 1
                from {{ ref('membership_period') }} as membership_period
                where membership_period.is_recorded
            )
        ) as expected
    union all
    select
        'people by completeness' as total,
        (
            select sum(distribution.profile_count)
            from {{ ref('fact_profile_completeness') }} as distribution
            inner join {{ ref('refresh_period') }} as refresh_period
                on refresh_period.as_of_on = distribution.date_key
        ) as published,
        (
            select count(*)
            from {{ ref('policy_profiles') }}
            where is_default
        ) as expected
)

select
    total,
    published,
    expected
from totals
where published is distinct from expected
