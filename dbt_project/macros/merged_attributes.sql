{#-
    The attributes of a profile that merge policies rule on, as a list: name, fields (its columns: one,
    or those of a group that is won as a unit, see the variable `field_groups`) and is_group; and as
    expressions over a record text (what it says, as one text; null for nothing), is_said (whether it
    says anything; a text of many records costs more than their fields), is_made (whether it
    has a field that makes the group) and filled_count.
-#}
{% macro merged_attributes() -%}
    {%- set columns = [
        'given_name', 'middle_name', 'family_name', 'organisation_name', 'gender', 'email', 'phone',
        'login', 'loyalty_id', 'loyalty_tier', 'birth_date', 'street', 'address_line_2', 'postal_code',
        'city', 'state', 'country_code',
    ] -%}
    {%- set found, grouped = [], [] -%}
    {%- set groups = var('field_groups', {}) -%}
    {%- for name, group in (groups.items() if groups is mapping else []) -%}
        {%- for field in group.fields if field not in columns or field == 'birth_date' or field in grouped -%}
            {{ exceptions.raise_compiler_error(
                "vars.field_groups." ~ name ~ " in dbt_project.yml has the field " ~ field
                ~ ", which is no text of the profile or stands in a group already; see docs/profile.md."
            ) }}
        {%- endfor -%}
        {%- if name in columns -%}
            {{ exceptions.raise_compiler_error(
                "vars.field_groups." ~ name ~ " in dbt_project.yml has the name of a column of the profile."
                ~ " Give it another one."
            ) }}
        {%- endif -%}
        {%- do grouped.extend(group.fields) -%}
        {%- do found.append({
            'name': name, 'fields': group.fields, 'made_by': group.get('made_by', group.fields)
        }) -%}
    {%- endfor -%}
    {%- set attributes = [] -%}
    {%- for column in columns if column not in grouped -%}
        {%- do attributes.append({'name': column, 'fields': [column], 'made_by': [column]}) -%}
    {%- endfor -%}
    {%- set attributes = attributes + found -%}
    {%- for attribute in attributes -%}
        {%- set texts, filled = [], [] -%}
        {%- for field in attribute.fields -%}
            {%- do texts.append("coalesce(', ' || " ~ field ~ ", '')") -%}
            {%- do filled.append('case when ' ~ field ~ ' is not null then 1 else 0 end') -%}
        {%- endfor -%}
        {%- do attribute.update({
            'is_group': texts | length > 1,
            'text': "nullif(substr(" ~ texts | join(' || ') ~ ", 3), '')" if texts | length > 1
                else 'cast(' ~ attribute.fields[0] ~ ' as string)',
            'is_said': 'coalesce(' ~ attribute.fields | join(', ') ~ ') is not null'
                if texts | length > 1 else attribute.fields[0] ~ ' is not null',
            'is_made': 'coalesce(' ~ attribute.made_by | join(', ') ~ ') is not null',
            'filled_count': filled | join(' + '),
        }) -%}
    {%- endfor -%}
    {{ return(attributes) }}
{%- endmacro %}
