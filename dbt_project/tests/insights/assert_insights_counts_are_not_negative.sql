-- Counts and gross amounts cannot be below zero; net amounts can, where more was returned than
-- bought, so they are not here.
select
    'fact_profile' as table_name,
    cast(date_key as string) as grain
from {{ ref('fact_profile') }}
where
    least(profile_count, known_profile_count, anonymous_profile_count) < 0
    or least(single_identity_profile_count, unsegmented_profile_count, record_count) < 0
union all
select
    'fact_profile_by_namespace' as table_name,
    namespace as grain
from {{ ref('fact_profile_by_namespace') }}
where profile_count < 0
union all
select
    'fact_segment' as table_name,
    segment_name as grain
from {{ ref('fact_segment') }}
where least(profile_count, order_count) < 0
union all
select
    'fact_segment_overlap' as table_name,
    segment_name_a || ' and ' || segment_name_b as grain
from {{ ref('fact_segment_overlap') }}
where profile_count < 0 or jaccard < 0 or jaccard > 1
union all
select
    'fact_clv_decile' as table_name,
    category || ', ' || look_back as grain
from {{ ref('fact_clv_decile') }}
where profile_count < 1 or min_amount > max_amount
union all
select
    'fact_revenue' as table_name,
    cast(month_start_on as string) as grain
from {{ ref('fact_revenue') }}
where order_count < 0 or gross_amount < 0 or returned_amount < 0
union all
select
    'fact_rfm' as table_name,
    rfm_segment as grain
from {{ ref('fact_rfm') }}
where profile_count < 1
union all
select
    'fact_lifetime_value' as table_name,
    method || ', ' || cast(decile as string) as grain
from {{ ref('fact_lifetime_value') }}
where
    profile_count < 1
    or high_value_profile_count not between 0 and profile_count
    or expected_purchase_count < 0
union all
select
    'fact_campaign' as table_name,
    campaign_id as grain
from {{ ref('fact_campaign') }}
where
    least(sent_count, delivered_count, bounced_count) < 0
    or least(unique_open_count, unique_click_count, unsubscribed_count) < 0
union all
select
    'fact_campaign_by_segment' as table_name,
    campaign_id || ', ' || segment_name as grain
from {{ ref('fact_campaign_by_segment') }}
where
    least(sent_count, delivered_count, bounced_count) < 0
    or least(unique_open_count, unique_click_count, unsubscribed_count) < 0
union all
select
    'fact_message_response' as table_name,
    campaign_id as grain
from {{ ref('fact_message_response') }}
where least({{ var('message_counts') | join(', ') }}) < 0
union all
-- Rows are told in groups of people, all of them together are exact.
select
    'fact_message_response' as table_name,
    'all campaigns' as grain
from {{ ref('fact_message_response') }}
having
    sum(delivered_count) + sum(bounced_count) > sum(sent_count)
    or sum(hard_bounced_count) + sum(soft_bounced_count) > sum(bounced_count)
union all
select
    'fact_row_conservation' as table_name,
    source_system || ', ' || entity as grain
from {{ ref('fact_row_conservation') }}
where least(rows_read, rows_accepted, rows_set_aside) < 0
union all
select
    'fact_set_aside' as table_name,
    reason as grain
from {{ ref('fact_set_aside') }}
where row_count < 1
union all
select
    'fact_measure' as table_name,
    measure || ', ' || dimension_value as grain
from {{ ref('fact_measure') }}
where profile_count < 0
union all
select
    'fact_consent' as table_name,
    purpose || ', ' || channel as grain
from {{ ref('fact_consent') }}
where profile_count < 1
union all
select
    'fact_attribute_completeness' as table_name,
    cast(date_key as string) || ', ' || attribute as grain
from {{ ref('fact_attribute_completeness') }}
where
    distinct_count < 0 or distinct_count > valid_count or valid_count > filled_count
    or filled_count > profile_count
union all
select
    'fact_segment_size' as table_name,
    cast(date_key as string) || ', ' || segment_name as grain
from {{ ref('fact_segment_size') }}
where profile_count < 0 or left_count < 0 or entered_count not between 0 and profile_count
union all
select
    'fact_profile_completeness' as table_name,
    cast(date_key as string) || ', ' || bucket as grain
from {{ ref('fact_profile_completeness') }}
where profile_count < 0 or mean_percent not between 0 and 100
