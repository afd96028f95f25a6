-- title: Destinations at a glance
-- question: How many destinations are there, and how many segments go to one?
-- grain: One row.
-- chart: a card per figure.
with

mapped as (
    select count(distinct segment_id) as mapped_count
    from insights.segment_destination
),

destinations as (
    select
        count(*) as destination_count,
        count(*) filter (where state = 'enabled') as enabled_count,
        count(*) filter (where state = 'disabled') as disabled_count
    from insights.dim_destination
    where state <> 'removed'
),

segments as (
    select count(*) as segment_count
    from insights.dim_segment
)

select
    destinations.destination_count,
    destinations.enabled_count,
    destinations.disabled_count,
    segments.segment_count,
    mapped.mapped_count,
    segments.segment_count - mapped.mapped_count as unmapped_count
from destinations
cross join segments
cross join mapped
