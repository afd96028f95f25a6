{#-
    The declared source table that a staging model reads, read off the graph: a dictionary with
    `source_system`, `source_table` and the `relation` in landing. A staging model reads exactly one; several may read the
    same. While dbt only parses, there is no graph and all are empty.
-#}
{% macro source_table_of(staging_model) -%}
    {%- set found = {'source_system': '', 'source_table': '', 'relation': ''} -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.name == staging_model and node.resource_type == 'model' -%}
            {%- for parent in node.depends_on.nodes if parent in graph.sources -%}
                {%- do found.update({
                    'source_system': graph.sources[parent].source_name,
                    'source_table': graph.sources[parent].name,
                    'relation': graph.sources[parent].relation_name,
                }) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
