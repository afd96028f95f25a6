-- What is remembered per day must be, on the day of the refresh, what the warehouse holds; of too few
-- people nothing is told.
{% set k = var('minimum_cell_size') %}
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
        (
            select case when count(email) not between 1 and {{ k }} - 1 then count(email) end
            from {{ ref('profiles') }}
        ) as expected
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
            select coalesce(sum(segments.profile_count), 0)
            from (
                select count(*) as profile_count
                from {{ ref('segment_membership') }}
                where
                    exists (
                        select 1
                        from {{ ref('membership_period') }} as membership_period
                        where membership_period.is_recorded
                    )
                group by segment_name
                having count(*) >= {{ k }}
            ) as segments
        ) as expected
    union all
    select
        'people by completeness' as total,
        (
            select
                case
                    -- Each bucket of few lacks one to four people.
                    when people.profile_count - told.profile_count between 1 and told.few * ({{ k }} - 1)
                        then people.profile_count
                    else told.profile_count
                end
            from (
                select
                    sum(distribution.profile_count) as profile_count,
                    count(case when distribution.profile_count is null then 1 end) as few
                from {{ ref('fact_profile_completeness') }} as distribution
                inner join {{ ref('refresh_period') }} as refresh_period
                    on refresh_period.as_of_on = distribution.date_key
            ) as told
            cross join (
                select count(*) as profile_count
                from {{ ref('policy_profiles') }}
                where is_default
            ) as people
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
