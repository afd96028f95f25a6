-- Records are nodes by the first 60 bits of their hash; two records of one such number would become
-- one person. A clash is expected once in some hundred warehouses of 100 million records.
select
    substr(key_hash, 1, 15) as node_hash,
    count(*) as record_count
from {{ ref('record_components') }}
group by substr(key_hash, 1, 15)
having count(*) > 1
