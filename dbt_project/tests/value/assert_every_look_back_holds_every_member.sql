-- Every look-back of the seed has a row per member, and a longer window has at least as many
-- active members: a window of the seed that the model does not sum would have none.
with

member_counts as (
    select count(*) as member_count
    from {{ ref('decile_values') }}
),

window_counts as (
    select
        look_backs.look_back,
        coalesce(look_backs.months, 100000) as months,
        count(deciles.profile_id) as row_count,
        count(deciles.profile_id) filter (where deciles.has_activity) as active_count
    from {{ ref('look_backs') }} as look_backs
    left join {{ ref('deciles') }} as deciles
        on look_backs.look_back = deciles.look_back
    group by look_backs.look_back, look_backs.months
),

ordered_windows as (
    select
        look_back,
        row_count,
        active_count,
        lag(active_count) over (order by months asc nulls last, look_back asc nulls last)
            as active_in_shorter
    from window_counts
)

select
    ordered_windows.look_back,
    ordered_windows.row_count,
    member_counts.member_count,
    ordered_windows.active_count,
    ordered_windows.active_in_shorter
from ordered_windows
cross join member_counts
where
    ordered_windows.row_count <> member_counts.member_count
    or ordered_windows.active_count < ordered_windows.active_in_shorter
