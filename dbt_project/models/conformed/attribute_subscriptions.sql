with

declared as (
    {% for attribute in declared_attributes() %}
        {%- set consumers = attribute.consumers %}
        {%- for consumer in ([consumers] if consumers is string else consumers) %}
            select
                '{{ attribute.name }}' as attribute,
                '{{ consumer }}' as consumer
            union all
        {% endfor %}
    {%- endfor %}
    select
        cast(null as string) as attribute,
        cast(null as string) as consumer
)

select
    attribute,
    consumer
from declared
where attribute is not null
