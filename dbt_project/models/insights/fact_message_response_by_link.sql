{% set order = ['first_sent_on', 'campaign_id', 'channel', 'link'] %}
with

settings as (
    select greatest(max(value), {{ minimum_cell_size() }}) as least_people_per_link
    from {{ ref('message_settings') }}
    where setting = 'least_people_per_link'
),

clicks as (
    select
        activities.profile_id,
        activities.campaign_id,
        coalesce(activities.channel, campaigns.channel, 'unknown') as channel,
        activities.sent_on,
        coalesce(activities.link, '') as link,
        activities.is_machine
    from {{ ref('message_activities') }} as activities
    left join {{ ref('dim_campaign') }} as campaigns
        on campaigns.campaign_id = activities.campaign_id
    where activities.event_type = 'clicked'
),

link_sizes as (
    select
        campaign_id,
        link,
        count(distinct profile_id) as profile_count
    from clicks
    group by campaign_id, link
),

-- Nothing that may name a person leaves: neither an address nor what one person alone was sent.
shown as (
    select
        clicks.profile_id,
        clicks.campaign_id,
        clicks.channel,
        clicks.sent_on,
        clicks.is_machine,
        case
            when
                clicks.link = ''
                or link_sizes.profile_count < settings.least_people_per_link
                or contains(clicks.link, '@')
                or contains(clicks.link, '%40')
                then 'Other links'
            else clicks.link
        end as link
    from clicks
    cross join settings
    inner join link_sizes
        on
            link_sizes.campaign_id = clicks.campaign_id
            and link_sizes.link = clicks.link
),

people as (
    select
        campaign_id,
        channel,
        link,
        profile_id,
        sent_on,
        count(*) filter (where not is_machine) as click_count
    from shown
    group by campaign_id, channel, link, profile_id, sent_on
),

counted as (
    select
        campaign_id,
        channel,
        link,
        min(min(sent_on)) over (partition by campaign_id) as first_sent_on,
        cast(count(*) filter (where click_count > 0) as bigint) as unique_click_count,
        cast(count(*) filter (where click_count = 0) as bigint) as machine_click_count,
        cast(sum(click_count) as bigint) as click_count
    from people
    group by campaign_id, channel, link
),

told as (
    select
        campaign_id,
        channel,
        link,
        {{ told_in_groups('unique_click_count', order) }} as unique_click_count,
        {{ told_in_groups('machine_click_count', order) }} as machine_click_count,
        {{ told_in_groups('click_count', order) }} as click_count
    from counted
)

-- A row that tells nothing would tell that somebody is in it.
select
    campaign_id,
    channel,
    link,
    unique_click_count,
    machine_click_count,
    click_count
from told
where
    {{ minimum_cell_size() }} = 1
    or greatest(unique_click_count, machine_click_count, click_count) > 0
