-- However a policy merges, each customer record is in exactly one of its profiles.
with

policies as (
    select policy from {{ ref('merge_policies') }}
),

records as (
    select count(*) as record_count
    from {{ ref('customer_records') }}
),

merged as (
    select
        policy,
        sum(record_count) as record_count
    from {{ ref('policy_profiles') }}
    group by policy
)

select
    policies.policy,
    records.record_count,
    merged.record_count as merged_count
from policies
cross join records
left join merged
    on merged.policy = policies.policy
where records.record_count <> coalesce(merged.record_count, 0)
