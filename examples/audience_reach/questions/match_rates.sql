-- title: Match rates
-- question: How many people of each segment does each platform recognise?
-- grain: One row per platform, destination and segment, the best known first.
-- chart: bars of match_rate_lower by title, per platform.
select
    platforms.title as platform_title,
    destinations.title as destination_title,
    coalesce(segments.title, reach.external_audience_id) as title,
    reach.profile_count,
    reach.reach_lower_bound,
    reach.reach_upper_bound,
    reach.match_rate_lower,
    reach.match_rate_upper
from insights.external_audience_reach as reach
left join insights.dim_segment as segments
    on reach.segment_id = segments.segment_id
left join insights.dim_destination as destinations
    on reach.destination_id = destinations.destination_id
left join insights.dim_destination_platform as platforms
    on destinations.destination_platform_id = platforms.destination_platform_id
order by reach.match_rate_lower desc nulls last, title asc, destination_title asc
