-- One row per segment that is no draft; segment is a GUID as a text.
select
    segment_id,
    cast(cast(md5('segment/' || segment_name) as uuid) as varchar) as segment,
    segment_name
from main.dim_segment
