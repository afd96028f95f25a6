-- Of nobody, or of at least as many people as `minimum_cell_size` says: whoever a row of the refresh day
-- tells of; what is empty is not told. Every table of the reporting model says in `meta.cells` which of
-- its counts are of people, and of the others what they count; a table without that is a fault, too.
-- noqa: disable=LT02
{% set relations, conditions, offenders = {}, [], [] %}
{% for name in published_tables() %}{% do relations.update({name: ref(name)}) %}{% endfor %}
{% set period = ref('refresh_period') %}
{% set nodes = graph.nodes.values() if execute else [] %}
{% for node in nodes if node.resource_type == 'model' and node.fqn[1] == 'insights' %}
    {% set cells = node.config.meta.get('cells') or {} %}
    {% set people = cells.get('people') %}
    {% if people is none or people is string or people is mapping %}
        {% do offenders.append(node.name ~ ' lists no meta.cells.people; [] where it tells of nobody') %}
        {% set people = [] %}
    {% endif %}
    {% for column in node.columns.values() if column.data_type | lower in ['bigint', 'hugeint'] %}
        {% if column.name not in people and column.name not in cells.get('others', {}) %}
            {% do offenders.append(node.name ~ '.' ~ column.name ~ ' is neither in meta.cells.people nor others') %}
        {% endif %}
    {% endfor %}
    {% for column in people %}
        {% if column not in node.columns %}
            {% do offenders.append(node.name ~ '.' ~ column ~ ' of meta.cells.people is no column of it') %}
        {% elif node.name not in relations %}
            {% do offenders.append(node.name ~ ' is not in macros/published_tables.sql (c360 writes it)') %}
        {% else %}
            {% do conditions.append((node, column)) %}
        {% endif %}
    {% endfor %}
{% endfor %}
with

small_cells as (
    select
        cast(null as string) as offender,
        cast(null as bigint) as row_count
    where false
    {% for offender in offenders %}
        union all
        select
            '{{ offender }}' as offender,
            1 as row_count
    {% endfor %}
    {% for node, column in conditions %}
        union all
        select
            '{{ node.name }}.{{ column }}' as offender,
            count(*) as row_count
        from {{ relations[node.name] }} as published
        where
            published.{{ column }} between 1 and {{ minimum_cell_size(node.name) }} - 1
            {% if 'date_key' in node.columns %}
                and published.date_key = (select period.as_of_on from {{ period }} as period)
            {% endif %}
    {% endfor %}
)

select
    offender,
    row_count
from small_cells
where row_count > 0
