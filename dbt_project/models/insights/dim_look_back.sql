{{ config(materialized='lasting_dimension', key=['look_back']) }}

with

look_backs as (
    select
        look_back,
        months
    from {{ ref('look_backs') }}
)

select
    look_back,
    cast(months as int) as look_back_months,
    case
        when months is null then 'Lifetime'
        when months = 1 then 'Last month'
        else 'Last ' || cast(months as string) || ' months'
    end as look_back_name
from look_backs
