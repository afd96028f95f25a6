{#- The candidates of a backtest: fitted purchase models with the Gamma-Gamma model of amounts, and
    those that need no model. Columns of clv_predictions are named after them. -#}
{% macro clv_fitted_methods() -%}
    {{ return(['nbd', 'bg_nbd', 'mbg_nbd', 'pareto_nbd']) }}
{%- endmacro %}

{#- Those that say how often and how much. -#}
{% macro clv_model_methods() -%}
    {%- set methods = [] -%}
    {%- for model in clv_fitted_methods() -%}
        {%- do methods.append(model ~ '_gamma_gamma') -%}
    {%- endfor -%}
    {{ return(methods + ['combined']) }}
{%- endmacro %}

{% macro clv_methods() -%}
    {{ return(clv_model_methods() + ['past_revenue', 'past_frequency', 'recency', 'baseline']) }}
{%- endmacro %}

{#- A measure of the method that a column names. -#}
{% macro clv_of(column, measure, methods) -%}
    case {{ column }}
        {%- for method in methods %}
            when '{{ method }}' then {{ method }}_{{ measure }}
        {%- endfor %}
    end
{%- endmacro %}
