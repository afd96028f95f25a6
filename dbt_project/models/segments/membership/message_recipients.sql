with

responses as (
    select
        profile_id,
        campaign_id,
        channel,
        sent_on,
        record_key,
        state_on
    from {{ ref('message_responses') }}
),

refreshes as (
    select
        as_of_on,
        max(computed_at) as computed_at
    from {{ ref('segment_sizes') }}
    group by as_of_on
),

state_days as (
    select distinct state_on
    from responses
),

-- The last refresh whose data ended on that day or before.
recorded_days as (
    select
        state_days.state_on,
        refreshes.as_of_on as recorded_on,
        refreshes.computed_at
    from state_days
    inner join refreshes
        on refreshes.as_of_on <= state_days.state_on
    qualify
        row_number() over (
            partition by state_days.state_on
            order by refreshes.as_of_on desc nulls last
        ) = 1
),

-- Whose the record was then: people may have merged or been split since. A record that no refresh
-- knew yet was of the person that it was first given to.
owners as (
    select
        responses.profile_id,
        responses.campaign_id,
        responses.channel,
        responses.sent_on,
        recorded_days.recorded_on,
        record_history.profile_id as profile_id_then
    from responses
    inner join recorded_days
        on recorded_days.state_on = responses.state_on
    inner join {{ ref('record_history') }} as record_history
        on record_history.record_key = responses.record_key
    qualify
        row_number() over (
            partition by
                responses.profile_id, responses.campaign_id, responses.channel, responses.sent_on
            order by
                case
                    when record_history.valid_from <= recorded_days.computed_at
                        then record_history.valid_from
                end desc nulls last,
                record_history.valid_from asc nulls last
        ) = 1
),

decile_migrations as (
    select
        profile_id,
        category,
        as_of_on,
        decile
    from {{ ref('decile_migrations') }}
    where metric = 'net_revenue' and category_type = 'loyalty_tier' and look_back = 'lifetime'
),

first_day as (
    select min(as_of_on) as as_of_on
    from decile_migrations
),

people_then as (
    select distinct
        profile_id_then,
        recorded_on
    from owners
),

-- Who changed tiers left one list and entered another.
places_then as (
    select
        people_then.profile_id_then,
        people_then.recorded_on,
        decile_migrations.decile
    from people_then
    inner join decile_migrations
        on
            decile_migrations.profile_id = people_then.profile_id_then
            and decile_migrations.as_of_on <= people_then.recorded_on
    qualify
        row_number() over (
            partition by
                people_then.profile_id_then, people_then.recorded_on, decile_migrations.category
            order by decile_migrations.as_of_on desc nulls last
        ) = 1
),

deciles_then as (
    select
        profile_id_then,
        recorded_on,
        min(decile) as decile
    from places_then
    group by profile_id_then, recorded_on
)

select
    responses.profile_id,
    responses.campaign_id,
    responses.channel,
    responses.sent_on,
    owners.recorded_on,
    owners.profile_id_then,
    cast(
        case
            when recomputed.profile_id is not null then recomputed.decile
            when owners.recorded_on >= first_day.as_of_on then coalesce(deciles_then.decile, 0)
            else -2
        end as int
    ) as decile,
    case
        when recomputed.profile_id is not null then 'recomputed'
        when owners.recorded_on >= first_day.as_of_on then 'recorded'
        else 'unknown'
    end as decile_basis
from responses
cross join first_day
left join owners
    on
        owners.profile_id = responses.profile_id
        and owners.campaign_id = responses.campaign_id
        and owners.channel is not distinct from responses.channel
        and owners.sent_on = responses.sent_on
left join deciles_then
    on
        deciles_then.profile_id_then = owners.profile_id_then
        and deciles_then.recorded_on = owners.recorded_on
left join {{ ref('recomputed_deciles') }} as recomputed
    on
        recomputed.state_on = responses.state_on
        and recomputed.profile_id = responses.profile_id
