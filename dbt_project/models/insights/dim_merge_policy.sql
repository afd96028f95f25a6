{{ config(
    materialized='lasting_dimension', key=['merge_policy_id'], when_gone={'is_default': 'false'}
) }}

select
    {{ id_of('policy') }} as merge_policy_id,
    policy as merge_policy_name,
    is_default
from {{ ref('merge_policies') }}
