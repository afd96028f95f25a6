{% set notes = {1: ' (best)', 10: ' (lowest)'} %}

with

deciles as (
    select
        0 as decile,
        'No decile' as decile_name
    {% for decile in range(1, 11) %}
        union all
        select
            {{ decile }} as decile,
            'Decile {{ decile }}{{ notes.get(decile, "") }}' as decile_name
    {% endfor %}
)

select
    cast(decile as int) as decile,
    decile_name
from deciles
