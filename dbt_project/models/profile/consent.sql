{{ config(materialized='incremental', unique_key=['profile_id']) }}

{% set scope = ['profile_id', 'contact_namespace', 'contact_value', 'purpose', 'channel', 'topic'] %}

with

{% call reached() %}
    select profile_id from {{ changed('consent_words') }}
{% endcall %}

codes as (
    select * from {{ ref('consent_codes') }}
),

-- Whoever no record stands for any more is no profile; effective_consent knows the word.
words as (
    select
        all_words.profile_id,
        all_words.said_by,
        all_words.contact_namespace,
        all_words.contact_value,
        all_words.purpose,
        all_words.channel,
        all_words.topic,
        all_words.code,
        codes.care,
        all_words.valid_from,
        all_words.source_system,
        all_words.consent_id,
        all_words.origin
    from {{ part(ref('consent_words'), ['profile_id']) }} as all_words
    inner join codes
        on codes.code = all_words.code
    where all_words.valid_to is null and all_words.profile_id is not null
),

scopes as (
    select distinct {{ scope | join(', ') }}
    from words
),

-- One answer of each record: a no at any level, else the word at the narrowest.
answers as (
    select
        scopes.*,
        words.topic <> 'any' as is_of_topic,
        words.code,
        words.care,
        words.valid_from,
        words.source_system,
        words.consent_id,
        words.origin
    from scopes
    inner join words
        on
            words.profile_id = scopes.profile_id
            and words.contact_value in ('any', scopes.contact_value)
            and words.contact_namespace in ('any', scopes.contact_namespace)
            and words.channel in ('any', scopes.channel)
            and words.topic in ('any', scopes.topic)
            and (
                words.purpose = scopes.purpose
                or words.purpose = 'any' and words.code = 'n'
            )
    qualify row_number() over (
        partition by
            {%- for column in scope %}
                scopes.{{ column }},
            {%- endfor %}
            words.said_by,
            words.topic <> 'any'
        order by
            case when words.code = 'n' then 0 else 1 end,
            case when words.contact_value = 'any' then 1 else 0 end,
            case when words.channel = 'any' then 1 else 0 end,
            words.care asc, words.valid_from desc, words.source_system asc, words.consent_id asc
    ) = 1
),

-- A topic needs the word of its purpose as well: none is unknown.
with_what_is_missing as (
    select * from answers
    union all
    select
        scopes.*,
        false as is_of_topic,
        codes.code,
        codes.care,
        cast(null as timestamp) as valid_from,
        cast(null as string) as source_system,
        cast(null as string) as consent_id,
        cast(null as string) as origin
    from scopes
    inner join codes
        on codes.code = 'u'
    left join answers
        on
            not answers.is_of_topic
            {%- for column in scope %}
                and answers.{{ column }} = scopes.{{ column }}
            {%- endfor %}
    where scopes.topic <> 'any' and answers.profile_id is null
),

most_careful as (
    select
        with_what_is_missing.profile_id,
        with_what_is_missing.contact_namespace,
        with_what_is_missing.contact_value,
        with_what_is_missing.purpose,
        with_what_is_missing.channel,
        with_what_is_missing.topic,
        with_what_is_missing.code,
        codes.status,
        with_what_is_missing.valid_from as recorded_at,
        with_what_is_missing.source_system,
        with_what_is_missing.consent_id,
        with_what_is_missing.origin
    from with_what_is_missing
    inner join codes
        on codes.code = with_what_is_missing.code
    -- The most careful of all the person's records.
    qualify row_number() over (
        partition by
            with_what_is_missing.profile_id,
            with_what_is_missing.contact_namespace,
            with_what_is_missing.contact_value,
            with_what_is_missing.purpose,
            with_what_is_missing.channel,
            with_what_is_missing.topic
        order by
            with_what_is_missing.care asc,
            with_what_is_missing.valid_from desc nulls last,
            with_what_is_missing.source_system asc nulls last,
            with_what_is_missing.consent_id asc nulls last
    ) = 1
)

select
    profile_id,
    contact_namespace,
    contact_value,
    purpose,
    channel,
    topic,
    code,
    status,
    recorded_at,
    source_system,
    consent_id,
    origin
from most_careful
-- A look-up of a person then reads the row groups only that the id can be in.
order by profile_id
