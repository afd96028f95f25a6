{#-
    The declared source table that a staging model reads, read off the graph: a dictionary with
    `source_system`, `source_table`, the `relation` in landing and the day `use_until`. A staging model
    reads exactly one; several may read the same. While dbt only parses, there is no graph and all are
    empty.
-#}
{% macro source_table_of(staging_model) -%}
    {%- set found = {'source_system': '', 'source_table': '', 'relation': '', 'use_until': ''} -%}
    {%- if execute and graph -%}
        {%- for node in graph.nodes.values() if node.name == staging_model and node.resource_type == 'model' -%}
            {%- for parent in node.depends_on.nodes if parent in graph.sources -%}
                {%- do found.update({
                    'source_system': graph.sources[parent].source_name,
                    'source_table': graph.sources[parent].name,
                    'relation': graph.sources[parent].relation_name,
                    'use_until': terms_of_source(graph.sources[parent]).use_until,
                }) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{#-
    On what terms a source's data may be used, as its YAML says in `config.meta` of the source or of
    one of its tables: a dictionary with `party`, `legal_basis` and `use_until`, empty where it is silent.
    Parameter: table, a source of the graph.
-#}
{% macro terms_of_source(table) -%}
    {%- set said = dict(table.source_meta or {}, **(table.meta or {})) -%}
    {%- set said = dict(said, **((table.config or {}).get('meta') or {})) -%}
    {{ return({
        'party': said.get('party', ''), 'legal_basis': said.get('legal_basis', ''),
        'use_until': said.get('use_until', '') | string
    }) }}
{%- endmacro %}
