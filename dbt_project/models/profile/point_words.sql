{{
    config(
        materialized='incremental',
        unique_key=['contact_namespace', 'contact_value']
    )
}}

{% set point = ['contact_namespace', 'contact_value'] %}

with

{% call reached() %}
    select contact_namespace, contact_value from {{ changed('contact_points') }}
    union all
    select contact_namespace, contact_value
    from {{ ref('contact_points') }} semi join {{ changed('consent_words') }} using (person_key)
    union all
    select
        others.namespace as contact_namespace,
        own_words.contact_value
    from {{ changed('consent_words') }} as own_words
    inner join {{ ref('identity_namespaces') }} as named
        on named.namespace = own_words.contact_namespace
    inner join {{ ref('identity_namespaces') }} as others
        on others.kind = named.kind
    where own_words.contact_value <> 'any'
    union all
    select contact_namespace, contact_value
    from {{ changed('consent_words') }} where contact_namespace = 'profile'
{% endcall %}

people as (
    select * from {{ part(ref('contact_points'), point) }}
),

channels as (
    select distinct
        channel,
        point_kind
    from {{ ref('consent_channels') }}
),

namespaces as (
    select
        namespace,
        kind
    from {{ ref('identity_namespaces') }}
    union all
    select
        'profile' as namespace,
        'profile' as kind
),

codes as (
    select * from {{ ref('consent_codes') }}
),

-- What is said of a point: by its people about all that they have, by anybody about this one, which
-- other namespaces of its kind may hold, too.
words as (
    select
        people.contact_namespace,
        people.contact_value,
        people.point_kind,
        people.is_usable,
        0 as names_point,
        all_words.said_by,
        all_words.purpose,
        all_words.channel,
        all_words.topic,
        all_words.code,
        all_words.valid_from,
        all_words.valid_to
    from {{ part(ref('consent_words'), ['person_key'], of='people') }} as all_words
    inner join people
        on people.person_key = all_words.person_key
    where all_words.contact_value = 'any'
    union all
    select
        others.namespace as contact_namespace,
        own_words.contact_value,
        others.kind as point_kind,
        true as is_usable,
        1 as names_point,
        own_words.said_by,
        own_words.purpose,
        own_words.channel,
        own_words.topic,
        own_words.code,
        own_words.valid_from,
        own_words.valid_to
    from {{ part(ref('consent_words'), ['contact_value']) }} as own_words
    inner join namespaces
        on namespaces.namespace = own_words.contact_namespace
    inner join namespaces as others
        on others.kind = namespaces.kind
    where own_words.contact_value <> 'any'
),

on_channels as (
    select
        words.contact_namespace,
        words.contact_value,
        words.is_usable,
        words.said_by,
        words.purpose,
        channels.channel,
        words.topic,
        words.code,
        codes.care,
        2 * words.names_point + case when words.channel = 'any' then 0 else 1 end as level,
        words.valid_from,
        words.valid_to
    from {{ part('words', point) }} as words
    inner join channels
        on
            channels.point_kind = words.point_kind
            and words.channel in ('any', channels.channel)
    inner join codes
        on codes.code = words.code
),

{% set scope = 'contact_namespace, contact_value, purpose, channel, topic, code, care' %}

-- Of an address that half the world shows it is enough to know that anybody says so, in one stretch.
of_anybody as (
    select
        *,
        coalesce(valid_to, timestamp '9999-12-31 00:00:00') as ends_at,
        max(coalesce(valid_to, timestamp '9999-12-31 00:00:00')) over (
            partition by {{ scope }}
            order by valid_from, valid_to
            rows between unbounded preceding and 1 preceding
        ) as ended_at
    from on_channels
    where not is_usable
),

stretches as (
    select
        *,
        count(*) filter (where ended_at is null or valid_from > ended_at) over (
            partition by {{ scope }}
            order by valid_from, valid_to
            rows between unbounded preceding and current row
        ) as stretch
    from of_anybody
)

select
    contact_namespace,
    contact_value,
    said_by,
    purpose,
    channel,
    topic,
    code,
    care,
    level,
    true as is_reached,
    valid_from,
    valid_to
from on_channels
where is_usable
union all
select
    contact_namespace,
    contact_value,
    'anybody: ' || code as said_by,
    purpose,
    channel,
    topic,
    code,
    care,
    0 as level,
    false as is_reached,
    min(valid_from) as valid_from,
    nullif(max(ends_at), timestamp '9999-12-31 00:00:00') as valid_to
from stretches
group by {{ scope }}, stretch
