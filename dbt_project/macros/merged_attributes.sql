{#-
    The attributes of a profile that merge policies rule on, each with its columns: itself, or the
    fields of a group that is won as a unit (the variable `field_groups`), and then as a mapping of
    `fields` and, where only some of them make the group, `made_by`.
-#}
{% macro merged_attributes() -%}
    {%- set columns = [
        'given_name', 'middle_name', 'family_name', 'organisation_name', 'gender', 'email', 'phone',
        'login', 'loyalty_id', 'loyalty_tier', 'birth_date', 'street', 'address_line_2', 'postal_code',
        'city', 'state', 'country_code',
    ] -%}
    {%- set found, grouped = {}, [] -%}
    {%- for group in var('field_groups').values() -%}{%- do grouped.extend(group.fields) -%}{%- endfor -%}
    {%- for column in columns if column not in grouped -%}
        {%- do found.update({column: {'fields': [column], 'made_by': [column]}}) -%}
    {%- endfor -%}
    {%- for name, group in var('field_groups').items() -%}
        {%- do found.update({name: {'fields': group.fields, 'made_by': group.get('made_by', group.fields)}}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- What a record says of an attribute, as one text; null where it says nothing. -#}
{% macro _text_of(attribute) -%}
    {%- set texts = [] -%}
    {%- for field in attribute.fields -%}
        {%- do texts.append("coalesce(', ' || cast(" ~ field ~ " as string), '')") -%}
    {%- endfor -%}
    {%- if attribute.fields | length == 1 -%}
        cast({{ attribute.fields[0] }} as string)
    {%- else -%}
        nullif(substr({{ texts | join(' || ') }}, 3), '')
    {%- endif -%}
{%- endmacro %}

{#- 1 for a record that has what makes the attribute, 2 for one that has the rest of a group alone. -#}
{% macro _tier_of(attribute) -%}
    {%- if attribute.made_by == attribute.fields -%}
        1
    {%- else -%}
        case when coalesce({{ attribute.made_by | join(', ') }}) is not null then 1 else 2 end
    {%- endif -%}
{%- endmacro %}

{#- How many columns of an attribute a record has. -#}
{% macro _filled_of(attribute) -%}
    {%- for field in attribute.fields -%}
        case when {{ field }} is not null then 1 else 0 end {{- '' if loop.last else ' + ' }}
    {%- endfor -%}
{%- endmacro %}
