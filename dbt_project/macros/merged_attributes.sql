{#-
    The attributes of a profile that merge policies rule on, as a list: name, fields (its columns: one,
    or those of a group that is won as a unit, see the variable `field_groups`) and made_by (those of
    which a record has one or more that has what makes the group).
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
                else 'cast(' ~ attribute.name ~ ' as string)',
            'is_made': 'coalesce(' ~ attribute.made_by | join(', ') ~ ') is not null',
            'filled_count': filled | join(' + '),
        }) -%}
    {%- endfor -%}
    {{ return(attributes) }}
{%- endmacro %}
