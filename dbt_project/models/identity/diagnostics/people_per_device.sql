select
    namespace,
    people_count,
    count(*) as device_count
from {{ ref('device_people') }}
group by namespace, people_count
