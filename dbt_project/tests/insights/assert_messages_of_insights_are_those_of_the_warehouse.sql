-- Who was sent what and did what, compared with the tables it was counted in; see
-- assert_insights_totals_equal_the_warehouse. All rows together are exact, unless they tell of too few
-- people in all; of a day they are as near as whole groups of people can be (`told_in_groups`).
{% set counts = var('message_counts') %}
{# So many people are told of at all, by fact. #}
{% set fewest = {} %}
{% for fact in ['fact_campaign', 'fact_message_response', 'fact_message_response_by_day'] %}
    {% do fewest.update({fact: 2 * minimum_cell_size(fact) | int - 1}) %}
{% endfor %}
{% set days = {'fact_message_response': 'sent_on', 'fact_message_response_by_day': 'event_on'} %}
with

responses as (
    select * from {{ ref('message_responses') }}
),

happened as (
    {%- for name in counts %}
        select
            sent_on,
            {{ counts[name] }} as event_on,
            '{{ name }}' as what
        from responses
        where {{ counts[name] }} is not null
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{% for fact, day in days.items() %}
    {{ fact }}_told as (
        unpivot (
            select
                {{ day }} as told_on,
                {{ counts | join(', ') }}
            from {{ ref(fact) }}
        )
        on {{ counts | join(', ') }}
        into name what value people
    ),

    {{ fact }}_days as (
        select
            'a day of {{ fact }}, ' || what || ', ' || cast(told_on as string) as total,
            sum(people) as published,
            sum(expected) as expected
        from (
            select
                what,
                told_on,
                people,
                0 as expected
            from {{ fact }}_told
            union all
            select
                what,
                {{ day }} as told_on,
                0 as people,
                1 as expected
            from happened
        ) as both_sides
        group by what, told_on
        having abs(sum(people) - sum(expected)) > 3 * ({{ minimum_cell_size(fact) }} - 1)
    ),

{% endfor %}
totals as (
    select
        'people sent a campaign' as total,
        (select coalesce(sum(sent_count), 0) from {{ ref('fact_campaign') }}) as published,
        (
            select case when count(*) >= {{ fewest.fact_campaign }} then count(*) else 0 end
            from {{ ref('campaign_responses') }}
            where is_sent
        ) as expected
    union all
    select
        'people who clicked in a campaign' as total,
        (select coalesce(sum(unique_click_count), 0) from {{ ref('fact_campaign') }}) as published,
        (
            select case when count(*) >= {{ fewest.fact_campaign }} then count(*) else 0 end
            from {{ ref('campaign_responses') }}
            where is_clicked
        ) as expected
    {%- for name in counts %}
        union all
        select
            '{{ name }} of messages' as total,
            (select coalesce(sum({{ name }}), 0) from {{ ref('fact_message_response') }}) as published,
            (
                select
                    case
                        when count({{ counts[name] }}) >= {{ fewest.fact_message_response }}
                            then count({{ counts[name] }})
                        else 0
                    end
                from responses
            ) as expected
        union all
        select
            '{{ name }} of messages by day' as total,
            (select coalesce(sum({{ name }}), 0) from {{ ref('fact_message_response_by_day') }}) as published,
            (select coalesce(sum({{ name }}), 0) from {{ ref('fact_message_response') }}) as expected
    {%- endfor %}
    {%- for model in ['clicked', 'received'] %}
        {%- for fact in ['fact_message_response', 'fact_message_response_by_day'] %}
            union all
            select
                'revenue of messages {{ model }}, {{ fact }}' as total,
                (select coalesce(sum({{ model }}_net_amount), 0) from {{ ref(fact) }}) as published,
                (
                    select coalesce(sum(conversions.net_amount), 0)
                    from {{ ref('message_conversions') }} as conversions
                    where
                        conversions.attribution_model = 'last_{{ model }}'
                        and (
                            select count({{ counts[model ~ '_conversion_count'] }}) from responses
                        ) >= {{ fewest[fact] }}
                ) as expected
        {%- endfor %}
    {%- endfor %}
)

select
    total,
    published,
    expected
from totals
where published is distinct from expected
union all
{%- for fact in days %}
    select
        total,
        published,
        expected
    from {{ fact }}_days
    {{ 'union all' if not loop.last }}
{%- endfor %}
