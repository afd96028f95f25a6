{#- A view: who has expired is a question of the day. Nothing is deleted: who signs in after all has the
    whole history. -#}
{{ config(materialized='view') }}

with

profiles as (
    select
        profile_id,
        expires_at
    from {{ ref('profiles') }}
),

refresh_period as (
    select as_of_at
    from {{ ref('refresh_period') }}
)

select
    profiles.profile_id,
    profiles.expires_at
from profiles
inner join refresh_period
    on profiles.expires_at <= refresh_period.as_of_at
