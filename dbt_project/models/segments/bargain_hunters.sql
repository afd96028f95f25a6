with

purchases as (
    select
        profile_id,
        product_id,
        cast(line_amount as double) / quantity as piece_amount
    from {{ ref('purchases') }}
    where not is_return and quantity > 0 and line_amount > 0 and product_id is not null
),

usual_prices as (
    select
        product_id,
        percentile_cont(0.5) within group (order by piece_amount) as usual_amount
    from purchases
    group by product_id
),

bargains as (
    select
        purchases.profile_id,
        count(*) as line_count,
        count(*) filter (where purchases.piece_amount < 0.97 * usual_prices.usual_amount)
            as bargain_count
    from purchases
    inner join usual_prices
        on purchases.product_id = usual_prices.product_id
    group by purchases.profile_id
)

select
    profile_id,
    cast(bargain_count as string) || ' of ' || cast(line_count as string)
    || ' lines below the usual price' as reason
from bargains
where line_count >= 5 and 2 * bargain_count >= line_count
