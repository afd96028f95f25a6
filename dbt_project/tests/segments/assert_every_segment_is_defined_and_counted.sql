-- A segment model that nobody defined has no name in reports, and one that the membership does
-- not read has no members: both would be forgotten without a sound.
{% set counted_ids = [] %}
{% set segment_models = [] %}
{% if execute %}
    {% set membership = graph.nodes['model.' ~ project_name ~ '.segment_membership'] %}
    {% do counted_ids.extend(membership.depends_on.nodes) %}
    {% for node in graph.nodes.values() | sort(attribute='name') if node.fqn[1] == 'segments' %}
        {% if node.resource_type == 'model' and node.name not in ('definitions', 'segment_membership') %}
            {% do segment_models.append(node) %}
        {% endif %}
    {% endfor %}
{% endif %}

with

segment_models as (
    {% for node in segment_models %}
        select
            '{{ node.name }}' as segment_name,
            {{ 'true' if node.unique_id in counted_ids else 'false' }} as is_counted
        union all
    {% endfor %}
    select
        cast(null as string) as segment_name,
        false as is_counted
    where false
),

definitions as (
    select segment_name
    from {{ ref('definitions') }}
)

select
    coalesce(segment_models.segment_name, definitions.segment_name) as segment_name,
    case
        when definitions.segment_name is null then 'has no row in segment_definitions.csv'
        when segment_models.segment_name is null then 'has no model in models/segments'
        else 'is not in the list of segment_membership.sql'
    end as problem
from segment_models
full outer join definitions
    on segment_models.segment_name = definitions.segment_name
where
    definitions.segment_name is null
    or segment_models.segment_name is null
    or not segment_models.is_counted
