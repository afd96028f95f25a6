-- In a replay later days may be known; a segment that is gone or a draft again is in no report.
select
    segment_sizes.as_of_on as date_key,
    segment_sizes.segment_name,
    cast(segment_sizes.member_count as bigint) as profile_count,
    cast(segment_sizes.entered_count as bigint) as entered_count,
    cast(segment_sizes.left_count as bigint) as left_count
from {{ ref('segment_sizes') }} as segment_sizes
inner join {{ ref('definitions') }} as definitions
    on segment_sizes.segment_name = definitions.segment_name
inner join {{ ref('refresh_period') }} as refresh_period
    on segment_sizes.as_of_on <= refresh_period.as_of_on
where definitions.state <> 'draft' and segment_sizes.state <> 'draft'
