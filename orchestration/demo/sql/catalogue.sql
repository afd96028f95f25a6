-- What the whole company shares: its products and its campaigns.

create or replace temp table web_shop_products as
with price_points as (
    select
        categories.category,
        categories.brands,
        product_number(categories.position, points.range) as product_id,
        price_cents(points.range) as price,
        subkey(master_key($seed), product_number(categories.position, points.range)) as k
    from categories
    cross join range(50) as points
)

select
    product_id,
    choose(k, 'adjective', [
        'Classic', 'Compact', 'Everyday', 'Fine', 'Golden', 'Large', 'Light', 'Little', 'Modern',
        'Quiet', 'Simple', 'Sturdy'
    ]) || ' ' || choose(k, 'noun', case category
        when 'Kitchen' then ['pan', 'knife', 'kettle', 'bowl', 'grater', 'apron']
        when 'Garden' then ['spade', 'lantern', 'planter', 'hose', 'bench', 'rake']
        when 'Books' then ['novel', 'atlas', 'cookbook', 'diary', 'biography', 'travel guide']
        when 'Toys' then ['train', 'puzzle', 'doll', 'kite', 'building set', 'board game']
        when 'Beauty' then ['soap', 'cream', 'perfume', 'brush', 'shampoo', 'mirror']
        when 'Sports' then ['ball', 'racket', 'mat', 'helmet', 'rucksack', 'bottle']
        when 'Home' then ['lamp', 'cushion', 'vase', 'blanket', 'clock', 'shelf']
        else ['headset', 'charger', 'speaker', 'keyboard', 'camera', 'radio']
    end) || ' No. ' || product_id[2:]::integer as product_name,
    category,
    choose(k, 'brand', brands) as brand,
    euros(price) as unit_price,
    euros(price * (40 + pick(k, 'cost', 31)) // 100) as unit_cost,
    'EUR' as currency
from price_points;

create or replace temp table email_marketing_campaigns as
select
    campaign_id,
    campaign_name,
    subject,
    audience,
    strftime(instant(started_second), '%Y-%m-%d %H:%M:%S') as started_at
from campaigns;
