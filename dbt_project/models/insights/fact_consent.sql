{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

channels as (
    select distinct
        channel,
        point_kind
    from {{ ref('consent_channels') }}
),

-- Where each person is reached on each channel.
own_points as (
    select
        profiles.profile_id,
        channels.channel,
        channels.point_kind,
        case channels.point_kind
            when 'email' then profiles.email
            when 'phone' then profiles.phone
            when 'profile'
                then case
                    when
                        profiles.street is not null
                        and coalesce(profiles.postal_code, profiles.city) is not null
                        then profiles.profile_id
                end
        end as contact_value
    from {{ ref('profiles') }} as profiles
    cross join channels
),

effective as (
    select
        own_points.profile_id,
        consent.purpose,
        consent.channel,
        consent.status,
        consent.is_allowed
    from own_points
    inner join {{ ref('effective_consent') }} as consent
        on
            consent.contact_namespace = own_points.point_kind
            and consent.contact_value = own_points.contact_value
            and consent.channel = own_points.channel
    where consent.topic = 'any' and consent.valid_to is null
),

-- Who can't be reached there counts by the most careful of the own words.
said as (
    select
        consent.profile_id,
        consent.purpose,
        consent.channel,
        consent.status
    from {{ ref('consent') }} as consent
    inner join {{ ref('consent_codes') }} as codes
        on codes.code = consent.code
    left join effective
        on
            effective.profile_id = consent.profile_id
            and effective.purpose = consent.purpose
            and effective.channel = consent.channel
    where consent.topic = 'any' and effective.profile_id is null
    qualify row_number() over (
        partition by consent.profile_id, consent.purpose, consent.channel
        order by codes.care asc
    ) = 1
),

people as (
    select * from effective
    union all
    select
        said.*,
        false as is_allowed
    from said
),

consent_counts as (
    select
        purpose,
        channel,
        status,
        count(*) as profile_count,
        count(*) filter (where is_allowed) as contactable_profile_count
    from people
    group by purpose, channel, status
),

pooled_statuses as (
    select
        *,
        {{ is_pooled(
            'profile_count < ' ~ minimum_cell_size(), 'profile_count', ['purpose', 'channel'], 'status'
        ) }} as is_pooled
    from consent_counts
),

shown_counts as (
    select
        purpose,
        channel,
        case when is_pooled then 'other' else status end as status,
        sum(profile_count) as profile_count,
        sum(contactable_profile_count) as contactable_profile_count
    from pooled_statuses
    group by purpose, channel, case when is_pooled then 'other' else status end
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    shown_counts.purpose,
    shown_counts.channel,
    shown_counts.status,
    {{ unless_small('shown_counts.profile_count') }} as profile_count,
    {{ unless_small('shown_counts.contactable_profile_count', others='shown_counts.profile_count') }}
        as contactable_profile_count
from shown_counts
cross join this_refresh
