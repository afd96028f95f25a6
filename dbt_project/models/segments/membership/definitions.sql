{% set words = ['name', 'title', 'description', 'purpose', 'owner', 'state', 'uses', 'checksum'] %}

with

-- A project may have no segment, so there is a row of none.
declared (
    segment_name, title, description, purpose, owner, state, uses, rule_checksum,
    segment_id, keeps_opted_out
) as (
    values
    (
        {%- for _ in words %}
            cast(null as string),
        {%- endfor %}
        null,
        null
    )
    {%- for segment in declared_segments() %},
        (
            {%- for word in words -%}
                {{ dbt.string_literal(dbt.escape_single_quotes(segment[word])) }},{{ ' ' }}
            {%- endfor -%}
            {{ segment.segment_id }}, {{ segment.keeps_opted_out | lower }})
    {%- endfor %}
)

select
    segment_name,
    cast(segment_id as integer) as segment_id,
    title,
    description,
    purpose,
    owner,
    state,
    uses,
    keeps_opted_out,
    rule_checksum
from declared
where segment_name is not null
