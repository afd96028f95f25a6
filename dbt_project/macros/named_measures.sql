{#-
    The measures that `vars.measures` declares, as a list: name, title, unit (money, count, number or
    text), model, value, per (dimensions beside the person), is_of_people and adds_up. docs/value.md says what
    can be declared.
-#}
{% macro named_measures() -%}
    {%- set found = [] -%}
    {%- set declared = var('measures', {}) -%}
    {%- for name, said in (declared.items() if declared is mapping else []) -%}
        {%- if said['unit'] not in ('money', 'count', 'number', 'text') -%}
            {{ exceptions.raise_compiler_error(
                "vars.measures." ~ name ~ ".unit is '" ~ said['unit'] ~ "'. It is money, count, number or text;"
                ~ " see docs/value.md."
            ) }}
        {%- endif -%}
        {%- do found.append({
            'name': name,
            'title': said['title'] or name,
            'unit': said['unit'],
            'model': said['from'] or name,
            'value': said['value'] or name,
            'per': said['per'] or [],
            'is_of_people': said['of'] != 'company',
            'adds_up': said.get('adds_up', true),
        }) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
