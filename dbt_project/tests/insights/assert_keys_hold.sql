-- DuckDB is not asked to hold the keys that the contracts declare (macros/keys.sql). A table has no two
-- rows of one primary key, and what a foreign key names is there: a BI tool joins facts to dimensions
-- and silently drops what finds no partner. One query instead of a test per key: sixty keys would cost
-- more to start than to check.
{% set relations = {} %}
{% for name in published_tables() %}
    {% do relations.update({name: ref(name)}) %}
{% endfor %}
{# Joins that no key can say: by another column than the dimension's key, or of some rows only. Of days
   before segments were recorded nobody knows them. #}
{% set joins = [
    ('fact_clv_decile', 'category', 'dim_loyalty_tier', 'loyalty_tier', "category_type = 'loyalty_tier'"),
    ('fact_campaign_by_segment', 'segment_name', 'dim_segment', 'segment_name', "segment_name <> 'unknown'"),
    (
        'fact_message_response_by_segment', 'segment_name', 'dim_segment', 'segment_name',
        "segment_name <> 'unknown'",
    ),
    ('fact_namespace_overlap', 'overlap_id', 'dim_namespace_overlap', 'overlap_id', 'overlap_id <> 0'),
    (
        'fact_namespace_overlap_by_segment', 'overlap_id', 'dim_namespace_overlap', 'overlap_id',
        'overlap_id <> 0',
    ),
] %}
{% set keys, faults = {}, [''] %}
{% if execute %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.fqn[1] == 'insights' %}
        {% for key in node.constraints or [] %}
            {% if key.type == 'primary_key' %}
                {% do keys.update({node.name: key.columns | join(', ')}) %}
            {% elif key.type == 'foreign_key' %}
                {# A ref, or what dbt has found it to be. #}
                {% set dimension = modules.re.findall('[a-z_]+', key.to)[-1] %}
                {% do joins.append((node.name, key.columns[0], dimension, key.to_columns[0], 'true')) %}
            {% endif %}
        {% endfor %}
        {% if node.name not in relations or node.name not in keys %}
            {% do faults.append(
                "select '" ~ node.name
                ~ " is not in macros/published_tables.sql (c360 writes it), or has no primary key', 1"
            ) %}
        {% endif %}
    {% endfor %}
    {% for name, columns in keys.items() if name in relations %}
        {% do faults.append(
            "select 'rows of " ~ name ~ ' with one ' ~ columns ~ "', count(*) from " ~ relations[name]
            ~ ' group by ' ~ columns ~ ' having count(*) > 1'
        ) %}
    {% endfor %}
    {% for name, column, dimension, key, condition in joins if name in keys and name in relations %}
        {% do faults.append(
            "select '" ~ name ~ '.' ~ column ~ ' that are in no ' ~ dimension ~ ": ' || cast(" ~ column
            ~ ' as string), count(*) from ' ~ relations[name] ~ ' where ' ~ condition ~ ' and ' ~ column
            ~ ' not in (select ' ~ key ~ ' from ' ~ relations[dimension] ~ ') group by ' ~ column
        ) %}
    {% endfor %}
{% endif %}
-- noqa: disable=LT02
with

faults as (
    select
        cast(null as string) as fault,
        cast(null as bigint) as row_count
    where false
    {{ faults | join(' union all ') }}
)

select
    fault,
    row_count
from faults
