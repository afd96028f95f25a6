{#- Memory, see macros/remembered_days.sql; only the last day can be replayed. -#}
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false,
    pre_hook="{{ forget_this_day('changed_on', 'membership_period', 'is_recorded') }}"
) }}

with

membership_period as (
    select *
    from {{ ref('membership_period') }}
    where is_recorded
),

members_now as (
    select
        profile_id,
        segment_name,
        reason
    from {{ ref('segment_membership') }}
),

members_before as (
    {% if is_incremental() %}
        select
            profile_id,
            segment_name
        from (
            select *
            from {{ this }}
            qualify row_number() over (
                partition by profile_id, segment_name
                order by changed_on desc
            ) = 1
        ) as last_changes
        where change = 'entered'
    {% else %}
        select
            profile_id,
            segment_name
        from members_now
        where false
    {% endif %}
),

changes as (
    select
        coalesce(members_now.profile_id, members_before.profile_id) as profile_id,
        coalesce(members_now.segment_name, members_before.segment_name) as segment_name,
        case when members_before.profile_id is null then 'entered' else 'left' end as change,
        members_now.reason
    from members_now
    full outer join members_before
        on
            members_now.profile_id = members_before.profile_id
            and members_now.segment_name = members_before.segment_name
    where members_now.profile_id is null or members_before.profile_id is null
),

rules_before as (
    {{ as_last_run_left('segments', 'segment_sizes', {
        'as_of_on': 'date', 'segment_name': 'string', 'rule_checksum': 'string', 'state': 'string'
    }) }}
),

-- What the rules were when the membership was last computed.
last_rules as (
    select
        rules_before.segment_name,
        rules_before.rule_checksum
    from rules_before
    inner join membership_period
        on rules_before.as_of_on = membership_period.last_as_of_on
    where rules_before.state = 'active'
),

moved_profiles as (
    select distinct profile_moves.profile_id
    from {{ ref('profile_moves') }} as profile_moves
    inner join membership_period
        on profile_moves.moved_at > membership_period.last_computed_at
)

select
    changes.profile_id,
    changes.segment_name,
    changes.change,
    membership_period.as_of_on as changed_on,
    case
        when changes.change = 'left' and coalesce(definitions.state <> 'active', true)
            then 'segment_ended'
        when changes.change = 'left' and profiles.profile_id is null then 'profile_ended'
        when kept_out.profile_id is not null then kept_out.cause
        when last_rules.segment_name is null then 'segment_begun'
        when last_rules.rule_checksum <> definitions.rule_checksum then 'rule_edited'
        when moved_profiles.profile_id is not null then 'identity'
        else 'rule'
    end as cause,
    changes.reason,
    {{ run_instant() }} as computed_at
from changes
cross join membership_period
left join {{ ref('definitions') }} as definitions
    on changes.segment_name = definitions.segment_name
left join {{ ref('profiles') }} as profiles
    on changes.profile_id = profiles.profile_id
left join {{ ref('kept_out') }} as kept_out
    on
        changes.profile_id = kept_out.profile_id
        and changes.segment_name = kept_out.segment_name
left join last_rules
    on changes.segment_name = last_rules.segment_name
left join moved_profiles
    on changes.profile_id = moved_profiles.profile_id
