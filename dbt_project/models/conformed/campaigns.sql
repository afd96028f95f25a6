with

accepted as (
    {{ union_staged('campaigns', [
        'source_system', 'campaign_id', 'campaign_name', 'subject', 'audience',
        'channel', 'started_at', 'source_file'
    ]) }}
)

select
    source_system,
    campaign_id,
    campaign_name,
    subject,
    audience,
    channel,
    started_at,
    source_file
from accepted
