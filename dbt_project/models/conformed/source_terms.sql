with

declared as (
    {% for table in (graph.sources.values() if graph else []) | sort(attribute='unique_id') %}
        {%- set terms = terms_of_source(table) %}
        select
            '{{ table.source_name }}' as source_system,
            '{{ table.name }}' as source_table,
            nullif('{{ terms.party }}', '') as party,
            nullif('{{ terms.legal_basis }}', '') as legal_basis,
            cast(nullif('{{ terms.use_until }}', '') as date) as use_until
        union all
    {% endfor %}
    select
        cast(null as string) as source_system,
        cast(null as string) as source_table,
        cast(null as string) as party,
        cast(null as string) as legal_basis,
        cast(null as date) as use_until
)

select
    source_system,
    source_table,
    party,
    legal_basis,
    use_until
from declared
where source_system is not null
