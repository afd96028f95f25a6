{#-
    The ledger is the one thing in the warehouse that does not follow from the sources: which id a
    person was given before. identity_map_history holds it, is only added to, and is read here as the
    last run left it, so that today's components can inherit from it. Always the published schema,
    also when a preview of another policy is built.
-#}
{% macro ledger_of_last_run() -%}
    {%- set history = adapter.get_relation(
        database=target.database, schema='identity', identifier='identity_map_history'
    ) if execute else none -%}
    {%- if history is not none -%}
        select record_key, profile_id, valid_from, valid_to from {{ history }}
    {%- else -%}
        select
            cast(null as string) as record_key,
            cast(null as string) as profile_id,
            cast(null as timestamp) as valid_from,
            cast(null as timestamp) as valid_to
        where false
    {%- endif -%}
{%- endmacro %}

{#- The instant of this run, the same in all its models. -#}
{% macro run_instant() -%}
    {%- set instant = run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") if execute else "1970-01-01" -%}
    cast('{{ instant }}' as timestamp)
{%- endmacro %}
