with

days as (
    {{ published_days(ref('segment_sizes'), 'as_of_on') }}
)

-- Who came less who left is the difference of two days, so neither is told where the other is few.
-- A segment that is gone has the rows of its days, one that was a draft has none.
select
    days.date_key,
    dim_segment.segment_id,
    segment_sizes.segment_name,
    {{ unless_small('segment_sizes.member_count') }} as profile_count,
    -- Nobody is known to have moved on a day that shows an earlier one.
    case
        when days.date_key = days.recorded_on
            then {{ unless_small('segment_sizes.entered_count', others='segment_sizes.left_count') }}
        else 0
    end as entered_count,
    case
        when days.date_key = days.recorded_on
            then {{ unless_small('segment_sizes.left_count', others='segment_sizes.entered_count') }}
        else 0
    end as left_count
from {{ ref('segment_sizes') }} as segment_sizes
inner join days
    on segment_sizes.as_of_on = days.recorded_on
inner join {{ ref('dim_segment') }} as dim_segment
    on segment_sizes.segment_name = dim_segment.segment_name
where segment_sizes.state <> 'draft'
