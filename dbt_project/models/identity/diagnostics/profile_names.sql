{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('normalised_values') }} using (record_key)
{% endcall %}

identity_map as (
    select
        record_key,
        profile_id
    from {{ part(ref('identity_map'), ['profile_id']) }}
),

observed as (
    select
        record_key,
        birth_date,
        -- A typing error makes no other name.
        substr(formal_given_name, 1, 3) as name_start
    from {{ part(ref('normalised_values'), ['record_key'], of='identity_map') }}
    where birth_date is not null or formal_given_name is not null
)

select
    identity_map.profile_id,
    count(distinct observed.birth_date) as birth_date_count,
    count(distinct observed.name_start) as name_count
from observed
inner join identity_map
    on identity_map.record_key = observed.record_key
group by identity_map.profile_id
having count(distinct observed.name_start) > 1
