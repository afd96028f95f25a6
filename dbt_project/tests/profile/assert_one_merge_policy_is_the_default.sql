-- Exactly one policy is the default, and it stitches: orders, consent and value are a person's, so
-- profiles of single records would not be those that they are told of. Remedy: `is_default` and
-- `stitching` in seeds/policy/merge_policies.csv.
select
    count(*) filter (where is_default) as default_count,
    count(*) filter (where is_default and stitching <> 'whole_graph') as unstitched_count
from {{ ref('merge_policies') }}
having default_count <> 1 or unstitched_count > 0
