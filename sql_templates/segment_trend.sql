-- title: Segment trend
-- question: How have the segments grown, and who came and went?
-- grain: One row per segment and day, for all days that are known.
-- chart: lines of profile_count by date_key, one per title.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
select
    fact_segment_size.date_key,
    dim_segment.title,
    fact_segment_size.profile_count,
    fact_segment_size.entered_count,
    fact_segment_size.left_count
from insights.fact_segment_size
inner join insights.dim_segment on fact_segment_size.segment_name = dim_segment.segment_name
where dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
order by dim_segment.title asc, fact_segment_size.date_key asc
