with

definitions as (
    {%- for segment in declared_segments() %}
    select
        {{ dbt.string_literal(dbt.escape_single_quotes(segment.name)) }} as segment_name,
        cast({{ segment.segment_id }} as integer) as segment_id,
        {%- for word in ('title', 'description', 'purpose', 'owner', 'state', 'uses') %}
        {{ dbt.string_literal(dbt.escape_single_quotes(segment[word])) }} as {{ word }},
        {%- endfor %}
        {{ segment.keeps_opted_out | lower }} as keeps_opted_out,
        '{{ segment.checksum }}' as rule_checksum
    union all
    {%- endfor %}
    -- A project may have no segment.
    select
        cast(null as string) as segment_name,
        cast(null as integer) as segment_id,
        cast(null as string) as title,
        cast(null as string) as description,
        cast(null as string) as purpose,
        cast(null as string) as owner,
        cast(null as string) as state,
        cast(null as string) as uses,
        cast(null as boolean) as keeps_opted_out,
        cast(null as string) as rule_checksum
    where false
)

select
    segment_name,
    segment_id,
    title,
    description,
    purpose,
    owner,
    state,
    uses,
    keeps_opted_out,
    rule_checksum
from definitions
