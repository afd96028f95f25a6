-- What its source does not declare for insights is not here.
select
    completeness.as_of_on as date_key,
    completeness.attribute,
    cast(completeness.profile_count as bigint) as profile_count,
    {{ unless_small('completeness.filled_count') }} as filled_count,
    {{ unless_small('completeness.distinct_count') }} as distinct_count,
    {{ unless_small('completeness.valid_count') }} as valid_count
from {{ ref('attribute_completeness') }} as completeness
where
    {{ is_published('completeness.as_of_on') }}
    and completeness.attribute not in (
        select attributes.attribute
        from {{ ref('attributes') }} as attributes
        left join {{ ref('attribute_subscriptions') }} as subscriptions
            on
                subscriptions.attribute = attributes.attribute
                and subscriptions.consumer = 'insights'
        where subscriptions.attribute is null
    )
