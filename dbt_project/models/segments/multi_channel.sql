with

activity_channels as (
    select
        activity_type,
        channel
    from {{ ref('activity_channels') }}
),

activities as (
    select
        profile_id,
        activity_type,
        channel
    from {{ ref('recorded_activities') }}
    where {{ within_last('occurred_at', 12, 'month') }}
),

-- Only what people do themselves: being sent a message is no use of a channel.
channels_used as (
    select
        activities.profile_id,
        count(distinct coalesce(activities.channel, activity_channels.channel)) as channel_count
    from activities
    inner join activity_channels
        on activities.activity_type = activity_channels.activity_type
    group by activities.profile_id
)

select
    profile_id,
    cast(channel_count as string) || ' channels in a year' as reason
from channels_used
where channel_count >= 2
