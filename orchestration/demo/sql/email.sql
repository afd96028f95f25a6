-- Campaigns, messages and what became of them, consents.

create or replace temp table campaigns as
select
    range::integer as campaign_number,
    'M' || lpad(range::varchar, 3, '0') as campaign_id,
    strftime(instant($start_second + (range - 0.5) * month_seconds), '%Y-%m') || ' '
    || ['Letter', 'Members'' week', 'Welcome', 'Letter', 'Season sale', 'New arrivals'][
        1 + (range - 1) % 6
    ] as campaign_name,
    ['Our picks for you', 'Only for members: double points', 'Good to have you, 10 % off',
        'Read, tried, recommended', 'The season sale, "up to 50 %"', 'New, and already loved'][
        1 + (range - 1) % 6
    ] as subject,
    ['everyone', 'loyalty_members', 'new_contacts', 'everyone', 'everyone', 'loyalty_members'][
        1 + (range - 1) % 6
    ] as audience,
    -- Nine in the morning in the middle of each month of the period.
    (($start_second + (range - 0.5) * month_seconds) // 86400)::bigint * 86400 + 32400
        as started_second
from (
    select range, ($end_second - $start_second) / $months::double as month_seconds
    from range(1, $months::bigint + 1)
);

-- How readily a contact reads: rises with the true rate of buying.
create or replace temp table readers as
select
    contacts.person_id,
    contacts.contact_id,
    contacts.record_key,
    contacts.created_second,
    members_of.in_loyalty,
    coalesce(told_records.email is null or not contains(told_records.email, '@')
        or lower(told_records.email) in ('noreply@example.com', 'test@test.com'), true)
        as is_unreachable,
    coalesce(
        buyers.purchase_rate / (buyers.purchase_rate + $r / $alpha),
        0.25 * draw(contacts.record_key, 'interest')
    ) as interest,
    draw(contacts.record_key, 'consent') < $consent_granted_rate as has_granted,
    case when draw(contacts.record_key, 'consent changes') < $consent_change_rate
        then contacts.created_second
            + (($end_second - contacts.created_second) * draw(contacts.record_key, 'changes at'))
            ::bigint
    end as changed_second
from contacts
inner join members_of using (person_id)
inner join told_records
    on contacts.contact_id = told_records.source_record_id
    and told_records.source_system = 'email_marketing' and told_records.version = 2
left join buyers using (person_id);

create or replace temp table messages as
with addressed as (
    select
        readers.person_id,
        readers.contact_id,
        readers.interest,
        readers.is_unreachable,
        draw(readers.record_key, 'fetches pictures') < $picture_proxy_rate as is_fetched,
        draw(readers.record_key, 'scans links') < $link_scanner_rate as is_scanned,
        campaigns.campaign_id,
        campaigns.campaign_id || '-' || readers.contact_id as message_id,
        subkey(readers.record_key, campaigns.campaign_number) as message_key,
        campaigns.started_second
        + pick(subkey(readers.record_key, campaigns.campaign_number), 'sent', 7200) as sent_second
    from readers
    cross join campaigns
    where
        readers.has_granted
        and readers.created_second < campaigns.started_second
        and coalesce(campaigns.started_second + 7200 < readers.changed_second, true)
        and draw(subkey(readers.record_key, campaigns.campaign_number), 'addressed') < case
            when campaigns.audience = 'everyone' then $reach_everyone
            when campaigns.audience = 'loyalty_members'
                then case when readers.in_loyalty then $reach_members else 0 end
            when readers.created_second > campaigns.started_second - 120 * 86400 then $reach_new
            else 0
        end
),

fates as (
    select
        *,
        is_unreachable or draw(message_key, 'bounced') < $bounce_rate as is_bounced,
        not is_unreachable and draw(message_key, 'bounced') < $bounce_rate
            and draw(message_key, 'bounced late') < $late_bounce_rate as is_bounced_late,
        sent_second + 1 + pick(message_key, 'delivered', 600) as delivered_second,
        draw(message_key, 'opened') < $open_base_rate + $open_lift * interest as is_opened,
        draw(message_key, 'clicked') < $click_base_rate + $click_lift * interest as is_clicked,
        draw(message_key, 'unsubscribed') < $unsubscribe_rate as is_unsubscribed
    from addressed
),

timed as (
    select
        *,
        delivered_second + 30 + (exponential(message_key, 'opens') * 14400)::bigint as opened_second
    from fates
),

last_steps as (
    select
        *,
        opened_second + 5 + pick(message_key, 'clicks', 900) as clicked_second,
        opened_second + 1000 + pick(message_key, 'leaves', 3600) as unsubscribed_second,
        min(
            case when not is_bounced and is_opened and is_unsubscribed
                    and opened_second + 1000 + pick(message_key, 'leaves', 3600) < $end_second
                then opened_second + 1000 + pick(message_key, 'leaves', 3600)
            end
        ) over (partition by contact_id) as first_unsubscribed_second
    from timed
)

-- Who has unsubscribed gets no more messages.
select person_id, contact_id, campaign_id, message_id, message_key, sent_second, is_bounced,
    is_bounced_late, is_fetched, is_scanned, delivered_second, is_opened, opened_second, is_clicked, clicked_second,
    is_unsubscribed, unsubscribed_second, first_unsubscribed_second
from last_steps
where coalesce(sent_second < first_unsubscribed_second, true);

-- Proxies fetch the pictures and scanners follow every link within seconds of delivery, whoever reads;
-- that looks like an open and like clicks. A late bounce comes after the message was said to be there.
create or replace temp table message_events as
with happened as (
    select *, unnest([
        {'what': 'se', 'event_type': 'sent', 'second': sent_second, 'happens': true},
        {'what': 'bo', 'event_type': 'bounced', 'second': delivered_second
            + case when is_bounced_late then 60 + pick(message_key, 'bounces', 7200) else 0 end,
            'happens': is_bounced},
        {'what': 'de', 'event_type': 'delivered', 'second': delivered_second,
            'happens': not is_bounced or is_bounced_late},
        {'what': 'op', 'event_type': 'opened', 'second': opened_second,
            'happens': not is_bounced and is_opened},
        {'what': 'cl', 'event_type': 'clicked', 'second': clicked_second,
            'happens': not is_bounced and is_opened and is_clicked},
        {'what': 'un', 'event_type': 'unsubscribed', 'second': unsubscribed_second,
            'happens': not is_bounced and is_opened and is_unsubscribed},
        {'what': 'fetched', 'event_type': 'opened',
            'second': delivered_second + 1 + pick(message_key, 'fetched', 5),
            'happens': not is_bounced and is_fetched},
        {'what': 'link1', 'event_type': 'clicked', 'second': delivered_second + 2,
            'happens': not is_bounced and is_scanned},
        {'what': 'link2', 'event_type': 'clicked', 'second': delivered_second + 2,
            'happens': not is_bounced and is_scanned}
    ]) as event
    from messages
)

select
    person_id,
    message_id || '-' || event.what as message_event_id,
    subkey(message_key, case when length(event.what) = 2 then event.event_type else event.what end)
        as event_key,
    message_id,
    campaign_id,
    contact_id,
    event.event_type as event_type,
    event.second as occurred_second,
    case when event.event_type = 'clicked'
        then 'https://shop.example.com/offers/' || campaign_id || '/' || case event.what
            when 'cl' then 1 + pick(message_key, 'link', 6)
            else event.what[5:]::bigint
        end || '?utm_campaign=' || campaign_id
    end as url
from happened
where event.happens and event.second < $end_second;
