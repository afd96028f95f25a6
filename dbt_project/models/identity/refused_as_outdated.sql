-- A phone number gets a new owner. Where the policy gives a namespace a window, a value links only
-- those records that showed it within so many days before it was last seen anywhere.
{{ config(materialized='incremental', unique_key=['namespace', 'normalised_value']) }}

with

{% call reached() %}
    select namespace, normalised_value from {{ changed('normalised_values') }}
{% endcall %}

windowed as (
    select
        observed.record_key,
        observed.namespace,
        observed.identity_value,
        observed.normalised_value,
        observed.last_observed_at,
        namespaces.window_days,
        max(observed.last_observed_at) over (
            partition by observed.namespace, observed.normalised_value
        ) as last_seen_at
    from {{ part(ref('normalised_values'), ['namespace', 'normalised_value']) }} as observed
    inner join {{ ref('identity_namespaces') }} as namespaces
        on namespaces.namespace = observed.namespace
    where namespaces.window_days is not null and observed.normalised_value is not null
)

select
    record_key,
    namespace,
    identity_value,
    normalised_value,
    'outside_time_window' as refusal_reason,
    'last seen more than ' || cast(window_days as string)
    || ' days before the value was seen elsewhere' as refusal_evidence
from windowed
where {{ dbt.datediff('last_observed_at', 'last_seen_at', 'day') }} > window_days
