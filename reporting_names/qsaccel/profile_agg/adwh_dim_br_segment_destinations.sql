-- One row per segment and destination it is activated to; end_date 9999-12-31 is ongoing.
select
    segment_id,
    destination_id,
    created_at as create_time,
    start_on as start_date,
    end_on as end_date
from main.segment_destination
