{{ config(materialized='daily_snapshot') }}

with

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

namespaces as (
    select namespace
    from {{ ref('identity_namespaces') }}
),

profile_namespaces as (
    select
        profile_id,
        namespace
    from {{ ref('profile_identities') }}
    group by profile_id, namespace
),

namespace_counts as (
    select
        namespace,
        count(*) as profile_count
    from profile_namespaces
    group by namespace
)

-- A namespace nobody has is a row of zero: that nothing is connected shows only then.
select
    refresh_period.as_of_on as date_key,
    namespaces.namespace,
    cast(coalesce(namespace_counts.profile_count, 0) as bigint) as profile_count
from namespaces
cross join refresh_period
left join namespace_counts
    on namespaces.namespace = namespace_counts.namespace
