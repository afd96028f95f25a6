{% set attributes = declared_attributes() %}

with

declared as (
    {% for attribute in attributes %}
        {%- set display_name = dbt.escape_single_quotes(attribute.display_name) %}
        select
            '{{ attribute.name }}' as attribute,
            '{{ attribute.type }}' as data_type,
            nullif('{{ attribute.merge }}', '') as merge_rule,
            nullif('{{ display_name }}', '') as display_name,
            nullif('{{ attribute.label }}', '') as personal_data_label
        union all
    {% endfor %}
    select
        cast(null as string) as attribute,
        cast(null as string) as data_type,
        cast(null as string) as merge_rule,
        cast(null as string) as display_name,
        cast(null as string) as personal_data_label
)

select
    attribute,
    data_type,
    merge_rule,
    display_name,
    personal_data_label
from declared
where attribute is not null
