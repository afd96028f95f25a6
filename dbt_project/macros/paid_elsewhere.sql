{#-
    Accepted orders that are the payment of another system's accepted order, as a query of
    source_system and order_id: a sale in the shop and its charge at the payment provider are one
    sale. Staging models that know which order was paid list the optional column `paid_order_id`.
    Parameters: by, a query of order_id: only payments of these orders, whether they are there or not.
-#}
{% macro paid_elsewhere(by=none) -%}
    {%- set listed = [] -%}
    {%- for staging_model in var('entity_sources')['orders'] -%}
        {%- if 'paid_order_id' in columns_of_model(staging_model) -%}
            {%- do listed.append(
                'select source_system, order_id, paid_order_id from ' ~ ref(staging_model)
                ~ ' where reject_reason is null and paid_order_id is not null'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not listed -%}
        select cast(null as string) as source_system, cast(null as string) as order_id
        where false
    {%- else -%}
        select payments.source_system, payments.order_id
        from ({{ listed | join(' union all ') }}) as payments
        {%- if by %}
        where payments.paid_order_id in ({{ by }})
        {%- else %}
        where exists (
            select 1
            from ({{ union_staged('orders', ['source_system', 'order_id']) }}) as sales
            where
                sales.order_id = payments.paid_order_id
                and sales.source_system <> payments.source_system
        )
        {%- endif %}
    {%- endif %}
{%- endmacro %}
