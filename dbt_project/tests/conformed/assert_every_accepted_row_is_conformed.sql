-- What staging accepts is what the conformed tables hold, entity by entity. Identity observations
-- are not compared: several rows of one value become one observation, and most are made of other
-- entities' rows.
with

conformed as (
    {% for entity in var('entity_sources') if entity != 'identity_observations' %}
        select
            '{{ entity }}' as entity,
            count(*) as row_count
        from {{ ref(entity) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

accepted as (
    select
        entity,
        sum(rows_accepted) as rows_accepted
    from {{ ref('row_conservation') }}
    where entity <> 'identity_observations'
    group by entity
)

select
    conformed.entity as conformed_entity,
    accepted.entity as accepted_entity,
    conformed.row_count,
    accepted.rows_accepted
from conformed
full join accepted on conformed.entity = accepted.entity
where coalesce(conformed.row_count, 0) <> coalesce(accepted.rows_accepted, 0)
