-- An attribute without a source cannot be defended, and one with two has been merged twice.
with

filled as (
    {%- for attribute in merged_attributes() if attribute != 'address' %}
        select
            profile_id,
            '{{ attribute }}' as attribute
        from {{ ref('profiles') }}
        where {{ attribute }} is not null
        union all
    {%- endfor %}
    select
        profile_id,
        'address' as attribute
    from {{ ref('profiles') }}
    where coalesce(street, postal_code, city, country_code) is not null
    {%- for attribute in declared_attributes() %}
        union all
        select
            profile_id,
            '{{ attribute.name }}' as attribute
        from {{ ref('profiles') }}
        where {{ attribute.name }} is not null
    {%- endfor %}
),

-- A cleared attribute has a source, and no value to explain.
provenance as (
    select
        profile_id,
        attribute
    from {{ ref('provenance') }}
    where not is_cleared
)

select
    coalesce(filled.profile_id, provenance.profile_id) as profile_id,
    coalesce(filled.attribute, provenance.attribute) as attribute
from filled
full outer join provenance
    on
        provenance.profile_id = filled.profile_id
        and provenance.attribute = filled.attribute
where filled.profile_id is null or provenance.profile_id is null
