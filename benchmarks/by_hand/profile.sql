-- What somebody writes who wants one wide row per person by the same rules, once: the newest word but
-- for what one system checks, an address from one record, what may be sent, when it was seen.
with

own_values as (
    select
        record_key,
        max(normalised_value) filter (where namespace = 'email') as email,
        max(normalised_value) filter (where namespace = 'phone') as phone,
        max(normalised_value) filter (where namespace = 'login') as login,
        max(normalised_value) filter (where namespace = 'loyalty_id') as loyalty_id
    from identity.comparison_values
    where coalesce(refusal_reason, '') not in ('blocked_value', 'unusable_value', 'too_many_records')
    group by record_key
),

placeholders as (
    select distinct value
    from policy.blocked_identity_values
    where match_kind = 'equals'
),

records as (
    select
        identity_map.profile_id,
        customer_records.* exclude (email, phone, login, loyalty_id, city),
        own_values.email,
        own_values.phone,
        own_values.login,
        own_values.loyalty_id,
        case when placeholders.value is null then customer_records.city end as city,
        row_number() over (
            partition by profile_id
            order by updated_at desc nulls last, precedence, customer_records.record_key
        ) as newest,
        row_number() over (
            partition by profile_id
            order by precedence, updated_at desc nulls last, customer_records.record_key
        ) as best
    from conformed.customer_records
    inner join identity.identity_map
        on identity_map.record_key = customer_records.record_key
    left join own_values
        on own_values.record_key = customer_records.record_key
    left join policy.source_precedence
        on source_precedence.source_system = customer_records.source_system
    left join placeholders
        on placeholders.value = lower(customer_records.city)
),

merged as (
    select
        profile_id,
        arg_min(given_name, best) as given_name,
        arg_min(middle_name, newest) as middle_name,
        arg_min(family_name, newest) as family_name,
        arg_min(organisation_name, newest) as organisation_name,
        arg_min(gender, newest) as gender,
        arg_min(email, newest) as email,
        arg_min(phone, newest) as phone,
        arg_min(login, newest) as login,
        arg_min(loyalty_id, best) as loyalty_id,
        arg_min(loyalty_tier, best) as loyalty_tier,
        arg_min(birth_date, best) as birth_date,
        arg_min(
            {
                'street': street, 'address_line_2': address_line_2, 'postal_code': postal_code,
                'city': city, 'state': state, 'country_code': country_code
            },
            newest + case when coalesce(street, postal_code, city) is null then 1000000 else 0 end
        ) filter (where coalesce(street, address_line_2, postal_code, city, state, country_code) is not null)
            as address,
        min(created_at) as first_at,
        max(coalesce(updated_at, created_at)) as last_at
    from records
    group by profile_id
),

people as (
    select
        profile_id,
        count(*) as record_count,
        count(distinct source_system) as source_system_count
    from identity.identity_map
    group by profile_id
),

activities as (
    select
        profile_id,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        bool_and(source_entity = 'event' and points is null) as has_only_browsed
    from profile.recorded_activities
    group by profile_id
),

browsers as (
    select profile_id
    from identity.profile_identities
    group by profile_id
    having bool_and(namespace = 'cookie')
),

allowed as (
    select
        contact_namespace,
        contact_value,
        max(valid_from) filter (where channel = 'email') as email_since,
        max(valid_from) filter (where channel = 'sms') as sms_since,
        max(valid_from) filter (where channel = 'phone') as phone_since,
        max(valid_from) filter (where channel = 'direct_mail') as mail_since
    from profile.effective_consent
    where purpose = 'commercial' and topic = 'any' and is_allowed and valid_to is null
    group by contact_namespace, contact_value
)

select
    people.profile_id,
    given_name,
    middle_name,
    family_name,
    organisation_name,
    gender,
    email,
    phone,
    login,
    loyalty_id,
    loyalty_tier,
    birth_date,
    address.street,
    address.address_line_2,
    address.postal_code,
    address.city,
    address.state,
    address.country_code,
    merged.profile_id is not null as is_known,
    household_id,
    of_email.email_since as may_be_emailed_since,
    of_phone.sms_since as may_be_texted_since,
    of_phone.phone_since as may_be_phoned_since,
    case when address.street is not null and coalesce(address.postal_code, address.city) is not null
        then of_person.mail_since end as may_be_mailed_since,
    people.record_count,
    people.source_system_count,
    least(merged.first_at, activities.first_at) as first_seen_at,
    greatest(merged.last_at, activities.last_at) as last_seen_at,
    case when browsers.profile_id is not null and has_only_browsed and merged.profile_id is null
        then activities.last_at + interval 14 day end as expires_at
from people
left join merged using (profile_id)
left join identity.household_members using (profile_id)
left join activities using (profile_id)
left join browsers using (profile_id)
left join allowed as of_email on of_email.contact_namespace = 'email' and of_email.contact_value = email
left join allowed as of_phone on of_phone.contact_namespace = 'phone' and of_phone.contact_value = phone
left join allowed as of_person
    on of_person.contact_namespace = 'profile' and of_person.contact_value = people.profile_id
order by people.profile_id
