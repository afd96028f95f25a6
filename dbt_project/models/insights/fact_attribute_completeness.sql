with

days as (
    {{ published_days(ref('attribute_completeness'), 'as_of_on') }}
)

-- What its source does not declare for insights is not here.
select
    days.date_key,
    completeness.attribute,
    cast(completeness.profile_count as bigint) as profile_count,
    {{ unless_small('completeness.filled_count') }} as filled_count,
    {{ unless_small('completeness.distinct_count') }} as distinct_count,
    {{ unless_small('completeness.valid_count') }} as valid_count
from {{ ref('attribute_completeness') }} as completeness
inner join days
    on completeness.as_of_on = days.recorded_on
where
    completeness.attribute not in (
        select attributes.attribute
        from {{ ref('attributes') }} as attributes
        left join {{ ref('attribute_subscriptions') }} as subscriptions
            on
                subscriptions.attribute = attributes.attribute
                and subscriptions.consumer = 'insights'
        where subscriptions.attribute is null
    )
