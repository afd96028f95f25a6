{{ config(materialized='view') }}

{%- set measures = named_measures() | selectattr('is_of_people') | rejectattr('per') | list %}

with

profiles as (
    select profile_id
    from {{ ref('profiles') }}
)

select profiles.profile_id
{%- for measure in measures %}
, {{ measure.model }}.{{ measure.value }} as {{ measure.name }}
{%- endfor %}
from profiles
{%- for model in measures | map(attribute='model') | unique %}
left join {{ ref(model) }} as {{ model }}
    on profiles.profile_id = {{ model }}.profile_id
{%- endfor %}
