-- A row of the seed whose metric or category is none of decile_values ranks nobody.
select
    rankings.ranking,
    rankings.metric,
    rankings.category_type
from {{ ref('rankings') }} as rankings
left join {{ ref('ranking_values') }} as ranking_values
    on
        ranking_values.ranking = rankings.ranking
        and ranking_values.metric = rankings.metric
        and ranking_values.category_type = rankings.category_type
where exists (select 1 from {{ ref('decile_values') }})
group by rankings.ranking, rankings.metric, rankings.category_type
having count(ranking_values.profile_id) = 0
