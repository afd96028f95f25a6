-- Records are nodes by their 60-bit hash; two records of one hash would become one person.
-- A clash is expected once in some hundred warehouses of 100 million records.
select
    {{ hash60("source_system || ':' || source_record_id") }} as node_id,
    count(*) as record_count
from {{ ref('identity_map') }}
group by {{ hash60("source_system || ':' || source_record_id") }}
having count(*) > 1
