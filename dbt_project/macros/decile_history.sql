{#- Each member's decile as the run before this refresh left it; nothing before the first one. -#}
{% macro last_known_deciles() -%}
    select
        history.profile_id,
        history.metric,
        history.category_type,
        history.category,
        history.look_back,
        history.as_of_on,
        history.decile
    from (
        {{ as_last_run_left('value', 'decile_migrations', {
            'profile_id': 'string', 'metric': 'string', 'category_type': 'string', 'category': 'string',
            'look_back': 'string', 'as_of_on': 'date', 'decile': 'int'
        }) }}
    ) as history
    inner join {{ ref('refresh_period') }} as clock
        on history.as_of_on < clock.as_of_on
    qualify
        row_number() over (
            partition by
                history.profile_id, history.metric, history.category_type, history.category,
                history.look_back
            order by history.as_of_on desc nulls last
        ) = 1
{%- endmacro %}

{#- Whether the history holds no refresh after this one, as a condition. -#}
{% macro nothing_is_known_after_this_refresh() -%}
    not exists (
        select 1
        from {{ this }} as known
        where known.as_of_on > (select clock.as_of_on from {{ ref('refresh_period') }} as clock)
    )
{%- endmacro %}
