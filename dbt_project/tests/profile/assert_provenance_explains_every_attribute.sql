-- An attribute without a source cannot be defended, one with two has been merged twice, and one whose
-- source says something else has been merged by another rule than it is explained by.
with

filled as (
    {%- for attribute in merged_attributes() %}
        select
            profile_id,
            '{{ attribute.name }}' as attribute,
            {{ attribute.text }} as attribute_value
        from {{ ref('profiles') }}
        where {{ attribute.text }} is not null
        {% if not loop.last %}union all{% endif %}
    {%- endfor %}
    {%- for attribute in declared_attributes() %}
        union all
        select
            profile_id,
            '{{ attribute.name }}' as attribute,
            cast({{ attribute.name }} as string) as attribute_value
        from {{ ref('profiles') }}
        where {{ attribute.name }} is not null
    {%- endfor %}
),

-- A cleared attribute has a source, and no value to explain.
provenance as (
    select
        profile_id,
        attribute,
        attribute_value
    from {{ ref('provenance') }}
    where place = 1 and not is_cleared
)

select
    coalesce(filled.profile_id, provenance.profile_id) as profile_id,
    coalesce(filled.attribute, provenance.attribute) as attribute
from filled
full outer join provenance
    on
        provenance.profile_id = filled.profile_id
        and provenance.attribute = filled.attribute
where
    filled.profile_id is null
    or provenance.profile_id is null
    or filled.attribute_value <> provenance.attribute_value
