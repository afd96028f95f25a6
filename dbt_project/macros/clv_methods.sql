{#- The candidates of a backtest: fitted purchase models with the Gamma-Gamma model of amounts, and
    those that need no model. Columns of clv_predictions are named after them. -#}
{% macro clv_fitted_methods() -%}
    {{ return(['nbd', 'bg_nbd', 'mbg_nbd', 'pareto_nbd']) }}
{%- endmacro %}

{% macro clv_methods() -%}
    {%- set fitted = [] -%}
    {%- for model in clv_fitted_methods() -%}
        {%- do fitted.append(model ~ '_gamma_gamma') -%}
    {%- endfor -%}
    {{ return(fitted + ['past_revenue', 'past_frequency', 'recency', 'baseline']) }}
{%- endmacro %}
