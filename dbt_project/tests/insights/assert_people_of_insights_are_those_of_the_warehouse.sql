-- People by policy, namespace, combination and segment of the day of the refresh, compared with the tables
-- they were counted in; see assert_insights_totals_equal_the_warehouse.
{% set k = var('minimum_cell_size') %}
{% set remembering = [
    'fact_profile_by_namespace', 'fact_segment', 'fact_segment_by_namespace', 'fact_namespace_overlap_by_segment',
] %}
with

this_refresh as (
    {{ this_refresh() }}
),

{% for fact in remembering %}
    {{ fact }}_now as (
        select fact.*
        from {{ ref(fact) }} as fact
        inner join this_refresh
            on
                fact.date_key = this_refresh.date_key
                and fact.merge_policy_id = this_refresh.merge_policy_id
    ),

{% endfor %}
policies as (
    select
        policy,
        stitching,
        {{ id_of('policy') }} as merge_policy_id
    from {{ ref('merge_policies') }}
),

totals as (
    select
        'people by ' || policies.policy as total,
        max(fact_profile.profile_count) as published,
        case
            when policies.stitching = 'none' then (select count(*) from {{ ref('identity_map') }})
            else (select count(*) from {{ ref('profiles') }})
        end as expected
    from policies
    cross join this_refresh
    left join {{ ref('fact_profile') }} as fact_profile
        on
            policies.merge_policy_id = fact_profile.merge_policy_id
            and this_refresh.date_key = fact_profile.date_key
    group by policies.policy, policies.stitching
    union all
    select
        'known people by ' || policies.policy as total,
        max(fact_profile.known_profile_count) as published,
        (
            -- Neither they nor the others may be few.
            select
                case
                    when
                        coalesce(
                            least(
                                nullif(count_if(policy_profiles.record_count > 0), 0),
                                nullif(count_if(policy_profiles.record_count = 0), 0)
                            ),
                            {{ k }}
                        ) >= {{ k }}
                        then count_if(policy_profiles.record_count > 0)
                end
            from {{ ref('policy_profiles') }} as policy_profiles
            where policy_profiles.policy = policies.policy
        ) as expected
    from policies
    cross join this_refresh
    left join {{ ref('fact_profile') }} as fact_profile
        on
            policies.merge_policy_id = fact_profile.merge_policy_id
            and this_refresh.date_key = fact_profile.date_key
    group by policies.policy
    union all
    select
        'people by combination of namespaces, by ' || policies.policy as total,
        coalesce(sum(fact_namespace_overlap.profile_count), 0) as published,
        (
            select case when count(distinct profile_id) >= {{ k }} then count(distinct profile_id) else 0 end
            from {{ ref('profile_identities') }}
        ) as expected
    from policies
    cross join this_refresh
    left join {{ ref('fact_namespace_overlap') }} as fact_namespace_overlap
        on
            policies.merge_policy_id = fact_namespace_overlap.merge_policy_id
            and this_refresh.date_key = fact_namespace_overlap.date_key
    where policies.stitching = 'whole_graph'
    group by policies.policy
    union all
    select
        'people by namespace' as total,
        (select coalesce(sum(profile_count), 0) from fact_profile_by_namespace_now) as published,
        (
            select coalesce(sum(shown.profile_count), 0)
            from (
                select count(distinct profile_id) as profile_count
                from {{ ref('profile_identities') }}
                group by namespace
                having count(distinct profile_id) >= {{ k }}
            ) as shown
        ) as expected
    union all
    select
        'segment members by namespace' as total,
        (select coalesce(sum(profile_count), 0) from fact_segment_by_namespace_now) as published,
        (
            select coalesce(sum(counted.profile_count), 0)
            from (
                select count(distinct shown.profile_id) as profile_count
                from {{ ref('segment_membership') }} as members
                inner join {{ ref('profile_identities') }} as shown
                    on members.profile_id = shown.profile_id
                group by members.segment_name, shown.namespace
                having count(distinct shown.profile_id) >= {{ k }}
            ) as counted
        ) as expected
    union all
    select
        'segment members by combination of namespaces' as total,
        (select coalesce(sum(profile_count), 0) from fact_namespace_overlap_by_segment_now) as published,
        (
            select coalesce(sum(counted.profile_count), 0)
            from (
                select count(*) as profile_count
                from {{ ref('segment_membership') }} as members
                where members.profile_id in (select profile_id from {{ ref('profile_identities') }})
                group by members.segment_name
                having count(*) >= {{ k }}
            ) as counted
        ) as expected
    union all
    select
        'segment members' as total,
        (select coalesce(sum(profile_count), 0) from fact_segment_now) as published,
        (
            select coalesce(sum(counted.profile_count), 0)
            from (
                select count(*) as profile_count
                from {{ ref('segment_membership') }}
                group by segment_name
                having count(*) >= {{ k }}
            ) as counted
        ) as expected
)

select
    total,
    published,
    expected
from totals
where published is distinct from expected
