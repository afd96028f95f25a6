{#- Rows that share their values in `columns`: none may. -#}
{% test unique_combination(model, columns) %}
select
    {{ columns | join(',\n    ') }},
    count(*) as row_count
from {{ may_be_repeated(model, columns) }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
