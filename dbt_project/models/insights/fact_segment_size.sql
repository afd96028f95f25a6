-- Who came less who left is the difference of two days, so neither is told where the other is few.
-- A segment that is gone has the rows of its days, one that was a draft has none.
select
    segment_sizes.as_of_on as date_key,
    dim_segment.segment_id,
    segment_sizes.segment_name,
    {{ unless_small('segment_sizes.member_count') }} as profile_count,
    {{ unless_small('segment_sizes.entered_count', others='segment_sizes.left_count') }}
        as entered_count,
    {{ unless_small('segment_sizes.left_count', others='segment_sizes.entered_count') }}
        as left_count
from {{ ref('segment_sizes') }} as segment_sizes
inner join {{ ref('dim_segment') }} as dim_segment
    on segment_sizes.segment_name = dim_segment.segment_name
where segment_sizes.state <> 'draft' and {{ is_published('segment_sizes.as_of_on') }}
