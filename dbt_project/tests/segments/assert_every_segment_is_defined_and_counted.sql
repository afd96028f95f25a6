-- A segment that nobody has declared has no name in reports and no members, and one that the list lacks
-- has no members: both would be forgotten without a sound.
{% set declared = {} %}
{% set problems = [] %}
{% if execute %}
    {% set listed = graph.nodes['model.' ~ project_name ~ '.segment_qualifications'].depends_on.nodes %}
    {% for segment in declared_segments() %}
        {% do declared.update({segment.name: segment.state}) %}
    {% endfor %}
    {% for node in graph.nodes.values() | sort(attribute='name') if node.fqn[1] == 'segments' %}
        {% if node.resource_type == 'model' and node.fqn | length == 3 %}
            {% if node.name not in declared %}
                {% do problems.append([node.name, 'its YAML declares no meta.segment']) %}
            {% elif declared[node.name] == 'active' and node.unique_id not in listed %}
                {% do problems.append([node.name, 'is not listed; any command of c360 lists it']) %}
            {% endif %}
        {% endif %}
    {% endfor %}
{% endif %}

with

problems as (
    {% for name, problem in problems %}
        select
            '{{ name }}' as segment_name,
            '{{ problem }}' as problem
        union all
    {% endfor %}
    select
        cast(null as string) as segment_name,
        cast(null as string) as problem
    where false
)

select
    problems.segment_name,
    problems.problem,
    definitions.title
from problems
left join {{ ref('definitions') }} as definitions
    on problems.segment_name = definitions.segment_name
