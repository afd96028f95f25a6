-- Of nobody, or of at least `minimum_cell_size` people: whoever a row of the refresh day tells of. A fact
-- that counts people says in `meta.cells.people` which columns do; what is empty is not told.
-- noqa: disable=LT02
{% set looked_at = [
    'fact_attribute_completeness', 'fact_clv_decile', 'fact_consent', 'fact_lifetime_value',
    'fact_measure', 'fact_model_score', 'fact_model_score_by_segment',
    'fact_namespace_overlap', 'fact_namespace_overlap_by_segment', 'fact_profile',
    'fact_profile_by_namespace', 'fact_profile_completeness', 'fact_rfm', 'fact_segment',
    'fact_segment_by_namespace', 'fact_segment_overlap', 'fact_segment_size', 'fact_sync_run',
] %}
{% set relations, conditions, offenders = {}, [], [] %}
{% for name in looked_at %}{% do relations.update({name: ref(name)}) %}{% endfor %}
{% set period = ref('refresh_period') %}
{% for node in graph.nodes.values() if execute and node.resource_type == 'model' and 'insights' in node.fqn %}
    {% set cells = node.config.meta.get('cells') %}
    {% for column in node.columns if cells is none and column.endswith('profile_count') %}
        {% do offenders.append(node.name ~ '.' ~ column ~ ' is not in meta.cells') %}
    {% endfor %}
    {% if cells is not none and node.name not in relations %}
        {% do offenders.append(node.name ~ ' is not looked at here') %}
    {% endif %}
    {% for column in (cells or {}).get('people', []) if node.name in relations %}
        {% do conditions.append((node, column)) %}
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
            published.{{ column }} between 1 and {{ var('minimum_cell_size') }} - 1
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
