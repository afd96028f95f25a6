-- The newer names of adwh_dim_segments.
select
    segment_id as audience_id,
    cast(cast(md5('segment/' || segment_name) as uuid) as varchar) as audience,
    segment_name as audience_name
from main.dim_segment
