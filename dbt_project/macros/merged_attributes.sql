{#- The attributes of a profile that merge_policies rules on; the address moves as a unit. -#}
{% macro merged_attributes() -%}
    {{ return([
        'given_name', 'middle_name', 'family_name', 'organisation_name', 'gender', 'email', 'phone',
        'login', 'loyalty_id', 'loyalty_tier', 'birth_date', 'address',
    ]) }}
{%- endmacro %}
