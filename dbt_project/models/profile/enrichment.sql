{#- A view: the tables are small, and a new row of one reaches everybody without a refresh. -#}
{{ config(materialized='view') }}

{%- set said = var('enrichments', {}) %}
{%- set enrichments = said if said is mapping else {} %}
{%- set columns = ['profile_id'] %}
{%- for table, enrichment in enrichments.items() %}
    {%- if enrichment is not mapping or enrichment.by is not mapping or not enrichment.columns %}
        {{ exceptions.raise_compiler_error(
            "vars.enrichments." ~ table ~ " in dbt_project.yml needs `by`, its keys as SQL over profiles,"
            ~ " and `columns`, a list; see docs/enrichment.md."
        ) }}
    {%- endif %}
    {%- for column in enrichment.columns if column in columns %}
        {{ exceptions.raise_compiler_error(
            "vars.enrichments." ~ table ~ " in dbt_project.yml has the column " ~ column
            ~ ", which profile.enrichment has already. Give it another name in the table."
        ) }}
    {%- endfor %}
    {%- do columns.extend(enrichment.columns) %}
{%- endfor %}

with

profiles as (
    select *
    from {{ ref('profiles') }}
)

select profiles.profile_id
{%- for table, enrichment in enrichments.items() %}
{%- for column in enrichment.columns %}
, {{ table }}.{{ column }}
{%- endfor %}
{%- endfor %}
from profiles
{%- for table, enrichment in enrichments.items() %}
left join {{ ref(table) }} as {{ table }}
    on
        {%- for key, value in enrichment.by.items() %}
        {{ '' if loop.first else 'and ' }}{{ table }}.{{ key }} = {{ value }}
        {%- endfor %}
{%- endfor %}
