{{ config(materialized='incremental', unique_key=['profile_id']) }}

{%- set free_text = [
    'given_name', 'middle_name', 'family_name', 'organisation_name', 'street', 'address_line_2',
    'postal_code', 'city', 'state'
] -%}
{%- set other_name = {'given_name': 'family_name', 'family_name': 'given_name'} -%}
{%- set own_identities = ['email', 'phone', 'login', 'loyalty_id'] -%}
{%- set record = ['source_system', 'source_record_id'] -%}
{%- set name = 'customer_records.given_name' -%}
{%- set untitled -%}
    case
        when title_2.title is not null then {{ regexp_replace_all(name, '^([^ ]+ +){2}', '') }}
        when title_1.title is not null then {{ regexp_replace_all(name, '^[^ ]+ +', '') }}
        else {{ name }}
    end
{%- endset %}
{#- Read twice, because keeping the wide rows costs more. -#}
{%- set customer_records = part(ref('customer_records'), record, of='identity_map') %}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join (
        select {{ record | join(', ') }} from {{ changed('customer_records') }}
        union all
        select {{ record | join(', ') }} from {{ changed('comparison_values') }}
    ) as changed_records using ({{ record | join(', ') }})
{% endcall %}

identity_map as (
    select * from {{ part(ref('identity_map'), ['profile_id']) }}
),

placeholders as (
    select * from {{ ref('blocked_identity_values') }}
    where match_kind = 'equals'
),

{% for attribute in free_text -%}
    no_{{ attribute }} as (
        select
            value,
            min(reason) as reason
        from placeholders
        where namespace in ('any', '{{ attribute }}')
        group by value
    ),

{% endfor -%}
of_people as (
    select
        identity_map.profile_id,
        customer_records.record_key,
        customer_records.updated_at,
        -- Systems that are not listed rank behind all that are.
        coalesce(source_precedence.precedence, 2147483647) as precedence
    from {{ customer_records }} as customer_records
    inner join identity_map
        on identity_map.record_key = customer_records.record_key
    left join {{ ref('source_precedence') }} as source_precedence
        on source_precedence.source_system = customer_records.source_system
),

-- By themselves, because sorting wide rows costs more than reading them twice.
places as (
    select
        profile_id,
        record_key,
        precedence,
        row_number() over (
            partition by profile_id
            order by updated_at desc nulls last, precedence asc, record_key asc
        ) as recent_rank,
        row_number() over (
            partition by profile_id
            order by precedence asc, updated_at desc nulls last, record_key asc
        ) as precedence_rank,
        count(*) over (partition by profile_id) as record_count
    from of_people
),

cleaned as (
    select
        places.profile_id,
        customer_records.record_key,
        customer_records.source_system,
        customer_records.source_record_id,
        {%- for attribute in free_text %}
            case
                when
                    no_{{ attribute }}.value is null
                    {%- if attribute in other_name %}
                        or {{ is_name_after_all(
                            'no_' ~ attribute, 'customer_records.' ~ attribute,
                            'customer_records.' ~ other_name[attribute],
                            'no_' ~ other_name[attribute], 'customer_records.email'
                        ) }}
                    {%- endif %}
                    then {{ untitled if attribute == 'given_name' else 'customer_records.' ~ attribute }}
            end as {{ attribute }},
        {%- endfor %}
        {%- for namespace in own_identities %}
            own_{{ namespace }}.normalised_value as {{ namespace }},
        {%- endfor %}
        customer_records.gender,
        customer_records.loyalty_tier,
        case when no_birth_date.value is null then customer_records.birth_date end as birth_date,
        customer_records.country_code,
        {%- for attribute in merged_attributes() %}
            {%- set said = 'customer_records.' ~ attribute.fields | join(', customer_records.') %}
            coalesce({{ said }}) is not null as {{ attribute.name }}_is_said,
        {%- endfor %}
        customer_records.updated_at,
        places.precedence,
        places.recent_rank,
        places.precedence_rank,
        places.record_count
    from {{ customer_records }} as customer_records
    inner join places
        on places.record_key = customer_records.record_key
    left join placeholders as no_birth_date
        on
            no_birth_date.namespace = 'birth_date'
            and no_birth_date.value = cast(customer_records.birth_date as string)
    {#- An address under which nobody, or half the world, is reached is not the person's. #}
    {%- for namespace in own_identities %}
        left join {{ part(ref('comparison_values'), record, of='identity_map') }} as own_{{ namespace }}
            on
                own_{{ namespace }}.namespace = '{{ namespace }}'
                and own_{{ namespace }}.record_key = customer_records.record_key
                and own_{{ namespace }}.identity_value = customer_records.{{ namespace }}
                and (
                    own_{{ namespace }}.refusal_reason is null
                    or own_{{ namespace }}.refusal_reason not in (
                        'blocked_value', 'unusable_value', 'too_many_records'
                    )
                )
    {%- endfor %}
    {#- By length, because DuckDB 2.0 can't bind `<> ''` here where no record has a given name. #}
    {%- for place in [1, 2] %}
        left join {{ ref('name_titles') }} as title_{{ place }}
            on
                title_{{ place }}.title = replace(lower(split_part({{ name }}, ' ', {{ place }})), '.', '')
                and length(split_part({{ name }}, ' ', {{ place + 1 }})) > 0
                and title_{{ place }}.may_be_name = false
                {%- if place == 2 %} and title_1.title is not null{% endif %}
    {%- endfor %}
    {%- for attribute in free_text %}
        left join no_{{ attribute }}
            on no_{{ attribute }}.value = lower(customer_records.{{ attribute }})
    {%- endfor %}
)

select
    cleaned.profile_id,
    cleaned.record_key,
    cleaned.source_system,
    cleaned.source_record_id,
    cleaned.given_name,
    cleaned.middle_name,
    cleaned.family_name,
    cleaned.organisation_name,
    cleaned.gender,
    cleaned.email,
    cleaned.phone,
    cleaned.login,
    cleaned.loyalty_id,
    cleaned.loyalty_tier,
    cleaned.birth_date,
    cleaned.street,
    cleaned.address_line_2,
    cleaned.postal_code,
    cleaned.city,
    cleaned.state,
    cleaned.country_code,
    nullif(concat_ws(
        {%- for attribute in merged_attributes() %}
            {{ "' '," if loop.first }}
            {%- set is_refused = attribute.name ~ '_is_said and ' ~ attribute.text ~ ' is null' %}
            case when {{ is_refused }} then '{{ attribute.name }}' end
            {{- '' if loop.last else ',' }}
        {%- endfor %}
    ), '') as refused_attributes,
    cleaned.updated_at,
    cleaned.precedence,
    cleaned.recent_rank,
    cleaned.precedence_rank,
    cleaned.record_count
from cleaned
