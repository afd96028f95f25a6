-- Of nobody, or of at least `minimum_cell_size` people: whoever a row of the refresh day tells of. A fact
-- that counts people says in `meta.cells.people` which columns do; what is empty is not told.
{% set tables, offenders = [], [] %}
{% if execute %}
    {% for node in graph.nodes.values() | sort(attribute='name') %}
        {% if node.resource_type == 'model' and node.fqn[1] == 'insights' %}
            {% set cells = node.config.meta.get('cells') %}
            {% for column in node.columns if cells is none and column.endswith('profile_count') %}
                {% do offenders.append(node.name ~ '.' ~ column ~ ' is not in meta.cells') %}
            {% endfor %}
            {% if cells and cells.people %}{% do tables.append((node, cells.people)) %}{% endif %}
        {% endif %}
    {% endfor %}
{% endif %}

with

small_cells as (
    {% for node, people in tables %}
        select
            '{{ node.name }}' as offender,
            count(*) as row_count
        from {{ ref(node.name) }} as published
        where
            ({% for column in people %}
                published.{{ column }} between 1 and {{ var('minimum_cell_size') }} - 1
                {{ 'or' if not loop.last }}
            {% endfor %})
            {% if 'date_key' in node.columns %}
                and published.date_key = (select period.as_of_on from {{ ref('refresh_period') }} as period)
            {% endif %}
        having count(*) > 0
        union all
    {% endfor %}
    {% for offender in offenders %}
        select
            '{{ offender }}' as offender,
            1 as row_count
        union all
    {% endfor %}
    select
        cast(null as string) as offender,
        0 as row_count
    where false
)

select
    offender,
    row_count
from small_cells
