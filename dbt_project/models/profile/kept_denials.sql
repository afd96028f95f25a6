{#- What the last run has noted, read as a table and not as a model: the memory is written after. -#}
{{ config(materialized='incremental', unique_key=['source_system', 'source_record_id']) }}

{% set record = ['source_system', 'source_record_id'] %}
{% set stated = {'source_system': 'source_system', 'consent_id': 'named_consent_id'} %}
{#- What was said after a day that is replayed is not known on it. -#}
{% set is_known = 'not ' ~ is_after_today('coalesce(recorded_at, noted_at)') if as_of_day() else 'true' %}
{% set noted = as_last_run_left('profile', 'denial_history', columns_of_model('denial_history', 'profile')) %}

with

{% call reached() %}
    select {{ record | join(', ') }} from {{ changed('consents') }}
    union all
    select {{ record | join(', ') }} from {{ changed('normalised_values') }}
    union all
    select {{ record | join(', ') }}
    from ({{ noted }})
    where
        consent_id like 'unread:%'
        or point_value in (select profile_id from {{ changed('profile_ledger') }})
{% endcall %}

noted as (
    select
        *,
        coalesce(stated_id, consent_id) as named_consent_id,
        -- Of unsure time: since it was first seen.
        coalesce(recorded_at, noted_at, timestamp '1970-01-01 00:00:00') as said_at
    from {{ part('(' ~ noted ~ ')', record) }}
    where code = 'n' and {{ is_known }}
),

-- Statements that still stand: as they were, with a later word, or such that they can be read.
standing as (
    select
        noted.source_system,
        noted.consent_id,
        max(consents.code) as code,
        max(consents.recorded_at) as recorded_at
    from noted
    inner join {{ part(ref('consents'), stated, of='noted') }} as consents
        on
            consents.source_system = noted.source_system
            and consents.consent_id = noted.named_consent_id
    where
        consents.recorded_at >= noted.said_at
        or noted.recorded_at is null
        and {{ delivery_of('consents.source_file') }} >= {{ delivery_of('noted.source_file') }}
    group by noted.source_system, noted.consent_id
    union all
    select
        source_system,
        denial_id as consent_id,
        'n' as code,
        max(recorded_at) as recorded_at
    from {{ ref('unread_consents') }}
    group by source_system, denial_id
),

shown as (
    select distinct
        source_system,
        source_record_id,
        namespace,
        normalised_value
    from {{ part(ref('normalised_values'), record, of='noted') }}
),

judged as (
    select
        noted.*,
        standing.consent_id is null as is_gone,
        greatest(noted.said_at, standing.recorded_at) as last_said_at,
        coalesce(ledger.current_profile_id, noted.point_value) as address
    from noted
    left join standing
        on
            standing.source_system = noted.source_system
            and standing.consent_id = noted.consent_id
    left join {{ ref('profile_ledger') }} as ledger
        on noted.point_namespace = 'profile' and ledger.profile_id = noted.point_value
    where coalesce(standing.code, 'n') = 'n'
),

-- Of addresses that are the record's no more. Those that were its person's count where it is gone.
addresses as (
    select judged.*
    from judged
    left join shown
        on
            shown.source_system = judged.source_system
            and shown.source_record_id = judged.source_record_id
            and shown.namespace = judged.point_namespace
            and shown.normalised_value = judged.point_value
    where
        judged.address <> judged.contact_value
        and (shown.normalised_value is null or judged.contact_value <> 'any')
        and (
            coalesce(judged.is_own, true)
            or (judged.source_system, judged.source_record_id) not in (
                select (records.source_system, records.source_record_id)
                from shown as records
            )
        )
)

select distinct
    source_system,
    consent_id,
    source_record_id,
    contact_namespace,
    contact_value,
    purpose,
    channel,
    topic,
    said_at as recorded_at,
    'kept' as origin
from judged
where is_gone
union
select
    source_system,
    consent_id,
    source_record_id,
    point_namespace as contact_namespace,
    address as contact_value,
    purpose,
    channel,
    topic,
    max(last_said_at) as recorded_at,
    'address' as origin
from addresses
group by source_system, consent_id, source_record_id, point_namespace, address, purpose, channel, topic
