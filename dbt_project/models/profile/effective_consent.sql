{{
    config(
        materialized='incremental', unique_key=['contact_namespace', 'contact_value'],
        post_hook=[
            "create or replace macro {{ this.schema }}.effective_consent_as_of(instant) as table
            select contact_namespace, contact_value, purpose, channel, topic, code, status, is_allowed
            from {{ this }}
            where valid_from <= cast(instant as timestamp)
                and (valid_to is null or valid_to > cast(instant as timestamp))",
            "create or replace macro {{ this.schema }}.consent_model_of(asked_purpose, asked_channel) as (
            coalesce((
                select min_by(model, 2 * cast(purpose = 'any' as int) + cast(channel = 'any' as int))
                from {{ ref('consent_enforcement') }}
                where purpose in (asked_purpose, 'any') and channel in (asked_channel, 'any')
            ), 'restrictive'))",
            "create or replace macro {{ this.schema }}.contacts_allowed(
                asked_purpose, asked_channel, asked_topic, asked_at
            ) as table
            select contact_namespace, contact_value, any_value(model) = 'disabled' or bool_and(is_allowed) and (
                any_value(model) = 'non_restrictive'
                or count(*) filter (where purpose = asked_purpose and topic = 'any') > 0
                and count(*) filter (where purpose = asked_purpose and topic = asked_topic) > 0
            ) as is_allowed
            from (
            select *, {{ this.schema }}.consent_model_of(asked_purpose, asked_channel) as model
            from {{ this.schema }}.effective_consent_as_of(asked_at)
            where purpose in (asked_purpose, 'any') and channel = asked_channel and topic in (asked_topic, 'any')
            ) group by contact_namespace, contact_value",
            "create or replace macro {{ this.schema }}.is_contact_allowed(
                asked_namespace, asked_value, asked_purpose, asked_channel, asked_topic, asked_at
            ) as coalesce((
                select is_allowed
                from {{ this.schema }}.contacts_allowed(asked_purpose, asked_channel, asked_topic, asked_at)
                where contact_namespace = asked_namespace and contact_value = asked_value
            ), {{ this.schema }}.consent_model_of(asked_purpose, asked_channel) <> 'restrictive')"
        ]
    )
}}

{% set listed = 'contact_namespace, contact_value, purpose, channel, topic' %}
{% set unknown_care = "(select care from codes where code = 'u')" %}

with

{% call reached() %}
    select contact_namespace, contact_value from {{ changed('point_words') }}
{% endcall %}

codes as (
    select * from {{ ref('consent_codes') }}
),

words as (
    select * from {{ part(ref('point_words'), ['contact_namespace', 'contact_value']) }}
),

asked as (
    select distinct {{ listed }}
    from words
),

-- A no without a purpose is about each of them; a yes without one opens none.
applying as (
    select
        asked.*,
        words.topic <> 'any' as is_of_topic,
        words.said_by,
        words.code,
        words.care,
        words.level,
        words.is_reached,
        words.valid_from,
        words.valid_to
    from asked
    inner join words
        on
            words.contact_namespace = asked.contact_namespace
            and words.contact_value = asked.contact_value
            and words.channel = asked.channel
            and words.topic in ('any', asked.topic)
            and (words.purpose = asked.purpose or words.purpose = 'any' and words.code = 'n')
),

-- A stretch of time ends where no other begins, a word where the next one does.
instants as (
    select {{ listed }}, valid_from from applying
    union
    select {{ listed }}, valid_to as valid_from from applying
    where not is_reached and valid_to is not null
),

-- One answer each: a no at any level, else the word at the narrowest.
answers as (
    select
        instants.*,
        applying.is_of_topic,
        applying.is_reached,
        applying.care
    from instants
    inner join applying
        on
            applying.contact_namespace = instants.contact_namespace
            and applying.contact_value = instants.contact_value
            and applying.purpose = instants.purpose
            and applying.channel = instants.channel
            and applying.topic = instants.topic
            and applying.valid_from <= instants.valid_from
            and (applying.valid_to is null or applying.valid_to > instants.valid_from)
    qualify row_number() over (
        partition by
            instants.contact_namespace, instants.contact_value, instants.purpose, instants.channel,
            instants.topic, instants.valid_from, applying.said_by, applying.is_of_topic
        order by case when applying.code = 'n' then 0 else 1 end, applying.level desc, applying.care asc
    ) = 1
),

-- The most careful of all who say something. Who is not reached there opens nothing.
halves as (
    select
        {{ listed }}, valid_from, is_of_topic,
        case
            when bool_or(is_reached) then min(care)
            else least(min(care), {{ unknown_care }})
        end as care
    from answers
    group by {{ listed }}, valid_from, is_of_topic
),

-- A topic needs both its own word and the purpose's.
effective as (
    select
        {{ listed }}, valid_from,
        case
            when topic = 'any' then min(care)
            else least(
                coalesce(min(care) filter (where is_of_topic), {{ unknown_care }}),
                coalesce(min(care) filter (where not is_of_topic), {{ unknown_care }})
            )
        end as care
    from halves
    group by {{ listed }}, valid_from
),

changes as (
    select * from effective
    qualify care is distinct from lag(care) over (
        partition by contact_namespace, contact_value, purpose, channel, topic order by valid_from
    )
),

-- The policy for the purpose and channel before that for the purpose, for the channel, for all.
enforcement as (
    select
        combinations.purpose,
        combinations.channel,
        coalesce(min_by(
            policy.model,
            2 * cast(policy.purpose = 'any' as int) + cast(policy.channel = 'any' as int)
        ), 'restrictive') as model
    from (
        select distinct
            purpose,
            channel
        from asked
    ) as combinations
    left join {{ ref('consent_enforcement') }} as policy
        on
            policy.purpose in (combinations.purpose, 'any')
            and policy.channel in (combinations.channel, 'any')
    group by combinations.purpose, combinations.channel
)

select
    changes.contact_namespace,
    changes.contact_value,
    changes.purpose,
    changes.channel,
    changes.topic,
    codes.code,
    codes.status,
    enforcement.model as enforcement,
    case enforcement.model
        when 'disabled' then true
        when 'non_restrictive' then codes.allowed_if_non_restrictive
        else codes.allowed_if_restrictive
    end as is_allowed,
    changes.valid_from,
    lead(changes.valid_from) over (
        partition by
            changes.contact_namespace, changes.contact_value, changes.purpose, changes.channel,
            changes.topic
        order by changes.valid_from
    ) as valid_to
from changes
inner join codes
    on codes.care = changes.care
inner join enforcement
    on
        enforcement.purpose = changes.purpose
        and enforcement.channel = changes.channel
