-- Consents: what contacts agreed to and when they changed their minds.

-- What was recorded when the contact was made, and every change of mind.
create or replace temp table consents as
with channels as (
    select *, unnest([
        {'purpose': 'commercial', 'channel': 'email', 'share': 1.0},
        {'purpose': 'tracking', 'channel': 'email', 'share': 0.6},
        {'purpose': 'commercial', 'channel': 'sms', 'share': 0.3},
        {'purpose': 'commercial', 'channel': 'phone', 'share': 0.15}
    ]) as asked
    from readers
),

first_answers as (
    select
        person_id, contact_id, asked.purpose as purpose, asked.channel as channel,
        subkey(subkey(record_key, asked.purpose), asked.channel) as consent_key,
        created_second as recorded_second,
        case
            when asked.purpose = 'commercial' and asked.channel = 'email'
                then draw(record_key, 'consent')
            else draw(subkey(subkey(record_key, asked.purpose), asked.channel), 'answer')
        end as answer_draw,
        changed_second
    from channels
    where draw(subkey(subkey(record_key, asked.purpose), asked.channel), 'asked') < asked.share
),

answers as (
    select person_id, contact_id, purpose, channel, consent_key, recorded_second,
        case
            when answer_draw < $consent_granted_rate then 'granted'
            when answer_draw < $consent_granted_rate + $consent_denied_rate then 'denied'
            else 'pending'
        end as status,
        case when draw(consent_key, 'imported') < 0.2 then 'import' else 'form' end as captured_by
    from first_answers
    union all
    select person_id, contact_id, purpose, channel, subkey(consent_key, 'change'), changed_second,
        case when answer_draw < $consent_granted_rate then 'denied' else 'granted' end,
        'preference_centre'
    from first_answers
    where
        changed_second is not null
        and (purpose = 'commercial' and channel = 'email' or draw(consent_key, 'change too') < 0.3)
    union all
    select person_id, contact_id, 'commercial', 'email', subkey(message_key, 'unsubscribed'),
        least($end_second - 1, unsubscribed_second + 1), 'denied', 'preference_centre'
    from messages
    where
        not is_bounced and is_opened and is_unsubscribed
        and unsubscribed_second = first_unsubscribed_second
)

select
    person_id,
    'S' || contact_id[2:] || '-' || row_number() over (
        partition by contact_id order by recorded_second, purpose, channel, consent_key
    ) as consent_id,
    consent_key, contact_id, purpose, channel, status, recorded_second, captured_by
from answers;
