{#- A view: what depends on the day is worked out where it is read, so that no row of a quiet
    person changes. -#}
{{ config(materialized='view') }}

{%- set declared = declared_attributes() | map(attribute='name') | list %}

with

profiles as (
    select
        profile_id,
        is_known,
        birth_date,
        country_code,
        household_id,
        first_seen_at,
        {{ 'cast(language as string)' if 'language' in declared else 'cast(null as string)' }}
            as declared_language,
        {{ 'cast(time_zone as string)' if 'time_zone' in declared else 'cast(null as string)' }}
            as declared_time_zone
    from {{ ref('profiles') }}
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

household_sizes as (
    select
        household_id,
        count(*) as household_size
    from profiles
    where household_id is not null
    group by household_id
),

-- Who is born on 29 February has their birthday on the 28th in other years.
birthdays as (
    select
        profiles.profile_id,
        refresh_period.as_of_on,
        {{ dbt.datediff('profiles.birth_date', 'refresh_period.as_of_on', 'year') }} as years,
        cast({{ dbt.dateadd('year', 'years', 'profiles.birth_date') }} as date) as birthday_on,
        cast({{ dbt.dateadd('year', 'years + 1', 'profiles.birth_date') }} as date) as next_birthday_on
    from profiles
    cross join refresh_period
    where profiles.birth_date <= refresh_period.as_of_on
),

ages as (
    select
        birthdays.profile_id,
        birthdays.as_of_on,
        case
            when birthdays.birthday_on >= birthdays.as_of_on then birthdays.birthday_on
            else birthdays.next_birthday_on
        end as next_birthday_on,
        birthdays.years - case when birthdays.birthday_on > birthdays.as_of_on then 1 else 0 end as age
    from birthdays
),

aged as (
    select
        ages.profile_id,
        ages.age,
        age_bands.age_band,
        {{ dbt.datediff('ages.as_of_on', 'ages.next_birthday_on', 'day') }} as days_to_birthday
    from ages
    inner join {{ ref('age_bands') }} as age_bands
        on ages.age between age_bands.from_age and age_bands.to_age
),

ordered as (
    select
        profiles.profile_id,
        profiles.is_known,
        coalesce(behaviour.order_count, 0) as order_count,
        {{ dbt.datediff('cast(behaviour.first_ordered_at as date)', 'refresh_period.as_of_on', 'day') }}
            as days_since_first_order,
        {{ dbt.datediff('cast(behaviour.last_ordered_at as date)', 'refresh_period.as_of_on', 'day') }}
            as days_since_last_order
    from profiles
    cross join refresh_period
    left join {{ ref('behaviour') }} as behaviour
        on behaviour.profile_id = profiles.profile_id
),

staged as (
    select
        ordered.profile_id,
        min(lifecycle_stages.place) as place
    from ordered
    inner join {{ ref('lifecycle_stages') }} as lifecycle_stages
        on
            ordered.order_count >= lifecycle_stages.from_orders
            and coalesce(ordered.is_known = lifecycle_stages.is_known, lifecycle_stages.is_known is null)
            and (
                lifecycle_stages.days_since_first_order is null
                or ordered.days_since_first_order <= lifecycle_stages.days_since_first_order
            )
            and (
                lifecycle_stages.days_since_last_order is null
                or ordered.days_since_last_order <= lifecycle_stages.days_since_last_order
            )
    group by ordered.profile_id
)

select
    profiles.profile_id,
    cast(aged.age as int) as age,
    aged.age_band,
    cast(aged.days_to_birthday as int) as days_to_birthday,
    coalesce(profiles.declared_language, country_locales.language) as language,
    case
        when profiles.declared_language is not null then 'declared'
        when country_locales.language is not null then 'country'
    end as language_source,
    coalesce(profiles.declared_time_zone, country_locales.time_zone) as time_zone,
    case
        when profiles.declared_time_zone is not null then 'declared'
        when country_locales.time_zone is not null then 'country'
    end as time_zone_source,
    lifecycle_stages.lifecycle_stage,
    cast(
        {{ dbt.datediff('cast(profiles.first_seen_at as date)', 'refresh_period.as_of_on', 'day') }} as bigint
    ) as tenure_days,
    behaviour.preferred_channel,
    behaviour.preferred_category,
    behaviour.preferred_hour,
    cast(coalesce(household_sizes.household_size, 1) as bigint) as household_size
from profiles
cross join refresh_period
left join aged
    on aged.profile_id = profiles.profile_id
left join {{ ref('country_locales') }} as country_locales
    on country_locales.country_code = profiles.country_code
left join staged
    on staged.profile_id = profiles.profile_id
left join {{ ref('lifecycle_stages') }} as lifecycle_stages
    on lifecycle_stages.place = staged.place
left join {{ ref('behaviour') }} as behaviour
    on behaviour.profile_id = profiles.profile_id
left join household_sizes
    on household_sizes.household_id = profiles.household_id
