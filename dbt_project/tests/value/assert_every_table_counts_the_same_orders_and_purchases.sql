-- An order is what `order_amounts` calls one and a purchase what `purchase_days` does: per person
-- every table has their number, whatever it counts besides. Orders of nobody are in neither.
with

counted as (
    select
        profile_id,
        'orders' as what,
        'order_amounts' as table_name,
        count(*) filter (where is_order) as found
    from {{ ref('order_amounts') }}
    where profile_id is not null
    group by profile_id
    union all
    select
        profile_id,
        'purchases' as what,
        'order_amounts' as table_name,
        count(*) as found
    from {{ ref('purchase_days') }}
    where is_purchase
    group by profile_id
    {%- for table_name, what, count, condition in [
        ('recorded_activities', 'orders', '1', "activity_type = 'order_completed' and (source_system, "
            ~ "source_activity_id) in (select source_system, order_id from " ~ ref('order_amounts')
            ~ ") and profile_id is not null"),
        ('purchase_days', 'orders', 'order_count', none),
        ('customer_attributes', 'orders', 'order_count', none),
        ('period_measures', 'orders', 'transaction_count', "look_back = 'lifetime'"),
        ('customer_lifetime_value', 'orders', 'order_count', none),
        ('customer_attributes', 'purchases', 'purchase_count', none),
        ('rfm', 'purchases', 'frequency', none),
        ('clv_inputs', 'purchases', 'frequency + 1', "split = 'refresh'"),
    ] %}
        union all
        select
            profile_id,
            '{{ what }}' as what,
            '{{ table_name }}' as table_name,
            sum({{ count }}) as found
        from {{ ref(table_name) }}
        {%- if condition %}
            where {{ condition }}
        {%- endif %}
        group by profile_id
    {%- endfor %}
),

expected as (
    select
        profile_id,
        what,
        found
    from counted
    where table_name = 'order_amounts'
),

tables as (
    select distinct
        what,
        table_name
    from counted
),

-- A table may leave out who has none, and must not have anybody else.
compared as (
    select
        expected.profile_id,
        tables.what,
        tables.table_name,
        expected.found as expected,
        coalesce(counted.found, 0) as found
    from tables
    inner join expected
        on tables.what = expected.what
    left join counted
        on
            tables.what = counted.what
            and tables.table_name = counted.table_name
            and expected.profile_id = counted.profile_id
    union all
    select
        counted.profile_id,
        counted.what,
        counted.table_name,
        coalesce(expected.found, 0) as expected,
        counted.found
    from counted
    left join expected
        on
            counted.what = expected.what
            and counted.profile_id = expected.profile_id
)

select distinct
    profile_id,
    what,
    table_name,
    expected,
    found
from compared
where found <> expected
