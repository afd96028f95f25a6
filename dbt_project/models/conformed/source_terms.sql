with

declared (source_system, source_table, party, legal_basis, use_until) as (
    values
    {%- for table in (graph.sources.values() if graph else []) | sort(attribute='unique_id') %}
        {%- set terms = terms_of_source(table) %}
        (
            '{{ table.source_name }}', '{{ table.name }}', '{{ terms.party }}', '{{ terms.legal_basis }}', '{{ terms.use_until }}'
        ),
    {%- endfor %}
    (null, null, null, null, null)
)

select
    source_system,
    source_table,
    nullif(party, '') as party,
    nullif(legal_basis, '') as legal_basis,
    cast(nullif(use_until, '') as date) as use_until
from declared
where source_system is not null
