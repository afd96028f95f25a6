-- Of nobody, or of at least `minimum_cell_size` people: whoever a row of the refresh day tells of. A fact
-- that counts people says in `meta.cells.people` which columns do; what is empty is not told.
{% set looked_at = [
    'fact_attribute_completeness', 'fact_clv_decile', 'fact_consent', 'fact_lifetime_value',
    'fact_measure', 'fact_model_score', 'fact_model_score_by_segment',
    'fact_namespace_overlap', 'fact_namespace_overlap_by_segment', 'fact_profile',
    'fact_profile_by_namespace', 'fact_profile_completeness', 'fact_rfm', 'fact_segment',
    'fact_segment_by_namespace', 'fact_segment_overlap', 'fact_segment_size',
] %}
{% set relations, tables, offenders = {}, [], [] %}
{% for name in looked_at %}{% do relations.update({name: ref(name)}) %}{% endfor %}
{% set this_day = ref('refresh_period') %}
{% if execute %}
    {% for node in graph.nodes.values() | sort(attribute='name') %}
        {% if node.resource_type == 'model' and node.fqn[1] == 'insights' %}
            {% set cells = node.config.meta.get('cells') %}
            {% for column in node.columns if cells is none and column.endswith('profile_count') %}
                {% do offenders.append(node.name ~ '.' ~ column ~ ' is not in meta.cells') %}
            {% endfor %}
            {% if cells is not none and node.name not in relations %}
                {% do offenders.append(node.name ~ ' is not looked at here') %}
            {% elif cells is not none and cells.people %}
                {% do tables.append((node, cells.people)) %}
            {% endif %}
        {% endif %}
    {% endfor %}
{% endif %}

with

small_cells as (
    {% for node, people in tables %}
        select
            '{{ node.name }}' as offender,
            count(*) as row_count
        from {{ relations[node.name] }} as published
        where
            ({% for column in people %}
                published.{{ column }} between 1 and {{ var('minimum_cell_size') }} - 1
                {{ 'or' if not loop.last }}
            {% endfor %})
            {% if 'date_key' in node.columns %}
                and published.date_key = (select period.as_of_on from {{ this_day }} as period)
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
