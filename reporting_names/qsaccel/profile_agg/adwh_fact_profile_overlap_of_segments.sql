-- Members of both segments by day and merge policy; each pair once, the smaller id first.
select
    date_key,
    merge_policy_id,
    least(segment_id_a, segment_id_b) as segment1,
    greatest(segment_id_a, segment_id_b) as segment2,
    profile_count as count_of_overlap
from main.fact_segment_overlap
