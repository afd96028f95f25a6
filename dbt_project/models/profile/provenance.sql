{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('ranked_records') }}
    union all
    select profile_id from {{ changed('attribute_values') }}
{% endcall %}

ranked_records as (
    select * from {{ part(ref('ranked_records'), ['profile_id']) }}
),

merge_policies as (
    select * from {{ ref('merge_policies') }}
),

best_ranks as (
    select
        profile_id,
        {%- for attribute in merged_attributes() %}
            min({{ attribute }}_rank) as {{ attribute }}_rank
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from ranked_records
    group by profile_id
),

-- Compared once: a join per attribute costs twice as much.
judged as (
    select
        ranked_records.profile_id,
        ranked_records.source_system,
        ranked_records.source_record_id,
        {%- for attribute in merged_attributes() %}
            ranked_records.{{ attribute }}_rank = best_ranks.{{ attribute }}_rank as wins_{{ attribute }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from ranked_records
    inner join best_ranks
        on best_ranks.profile_id = ranked_records.profile_id
),

won as (
    select
        profile_id,
        source_system,
        source_record_id,
        unnest([
            {%- for attribute in merged_attributes() %}
                case when wins_{{ attribute }} then '{{ attribute }}' end
                {%- if not loop.last %},{% endif %}
            {%- endfor %}
        ]) as attribute
    from judged
),

winners as (
    select * from won
    where attribute is not null
)

select
    winners.profile_id,
    winners.attribute,
    winners.source_system,
    winners.source_record_id,
    coalesce(merge_policies.rule, 'recent') as rule,
    false as is_cleared
from winners
left join merge_policies
    on merge_policies.attribute = winners.attribute
union all
select
    profile_id,
    attribute,
    source_system,
    source_record_id,
    merge_rule as rule,
    is_cleared
from {{ part(ref('attribute_values'), ['profile_id']) }}
where attribute_rank = 1
