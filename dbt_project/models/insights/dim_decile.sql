{{ config(materialized='lasting_dimension', key=['decile']) }}

with

deciles (decile, decile_name) as (
    values
    (-2, 'Not known'),
    (-1, 'Deciles of few people'),
    (0, 'No decile'),
    (1, 'Decile 1 (best)'),
    (2, 'Decile 2'),
    (3, 'Decile 3'),
    (4, 'Decile 4'),
    (5, 'Decile 5'),
    (6, 'Decile 6'),
    (7, 'Decile 7'),
    (8, 'Decile 8'),
    (9, 'Decile 9'),
    (10, 'Decile 10 (lowest)')
)

select
    cast(decile as int) as decile,
    decile_name
from deciles
