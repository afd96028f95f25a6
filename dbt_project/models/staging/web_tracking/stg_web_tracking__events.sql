with

typed as (
    select
        'web_tracking' as source_system,
        nullif(trim(event_id), '') as event_id,
        nullif(trim(cookie_id), '') as source_record_id,
        lower(nullif(trim(event_type), '')) as event_type,
        {{ as_instant('occurred_at') }} as occurred_at,
        nullif(trim(login), '') as login,
        nullif(trim(product_id), '') as product_id,
        -- Without host and query: a query may hold an e-mail address.
        nullif(regexp_extract(url, '^([a-z]+://[^/?#]*)?([^?#]*)', 2), '') as url_path,
        lower(nullif(trim(device_type), '')) as device_type,
        source_file,
        source_row,
        is_deleted
    from {{ source('web_tracking', 'events') }}
),

-- Few cookies have so many events at all; counting minutes for them only saves a wide group by.
busy_cookies as (
    select source_record_id
    from typed
    where source_record_id is not null
    group by source_record_id
    having count(*) > 50
),

-- Nobody clicks fifty times in a minute, and what did so once is a program all the time.
busy_minutes as (
    select source_record_id
    from typed
    where
        occurred_at is not null
        and source_record_id in (select source_record_id from busy_cookies)
    group by source_record_id, {{ dbt.date_trunc('minute', 'occurred_at') }}
    having count(*) > 50
),

bot_cookies as (
    select distinct source_record_id
    from busy_minutes
),

checked as (
    select
        typed.*,
        {{ first_fault([
            ('typed.event_id is null', 'missing_key', 'event_id'),
            ('typed.source_record_id is null', 'missing_reference', 'cookie_id'),
            ('typed.occurred_at is null', 'invalid_timestamp', 'occurred_at'),
            (is_after_today('typed.occurred_at'), 'future_timestamp', 'occurred_at'),
            ('typed.event_type is null', 'invalid_code', 'event_type'),
            ('bot_cookies.source_record_id is not null', 'bot_traffic', none),
        ]) }}
    from typed
    left join bot_cookies
        on typed.source_record_id = bot_cookies.source_record_id
),

judged as (
    {{ judge_versions('checked', key=['event_id'], newest_by='occurred_at') }}
)

select
    source_system,
    event_id,
    source_record_id,
    event_type,
    occurred_at,
    login,
    product_id,
    url_path,
    device_type,
    cast(null as bigint) as points,
    cast(null as string) as order_id,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
