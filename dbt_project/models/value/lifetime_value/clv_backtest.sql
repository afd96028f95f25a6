{#- Append-only: a version is judged once, its rows never change, and no full refresh drops them. -#}
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false,
    on_schema_change='append_new_columns'
) }}

with

fits as (
    select
        version,
        model,
        split,
        min(status) as status,
        min(reason) as reason,
        min(log_likelihood) as log_likelihood,
        min(window_to) as window_to,
        min(fitted_at) as fitted_at
    from {{ ref('clv_parameters') }}
    group by version, model, split
),

settings as (
    select
        max(case when setting = 'largest_bias' then value end) as largest_bias,
        max(case when setting = 'challenger_margin' then value end) as challenger_margin
    from {{ ref('clv_settings') }}
),

runs as (
    select
        version,
        max(fitted_at) as refreshed_at,
        max(case when split = 'calibration' then window_to end) as calibrated_until_on,
        max(case when split = 'refresh' then window_to end) as evaluated_until_on,
        max(case when status = 'too_little_data' then reason end) as too_little_reason
    from fits
    group by version
),

-- A method is as good as the worst of its fits; those without a purchase model have none.
method_fits as (
    {%- for method in clv_methods() %}
        select
            '{{ method }}' as model,
            max(log_likelihood) filter (
                where model = '{{ method | replace("_gamma_gamma", "") }}' and split = 'calibration'
            ) as log_likelihood,
            min(model || ', ' || split || ': ' || reason) filter (
                where '{{ method }}' = model || '_gamma_gamma'
                or ('{{ method }}' like '%_gamma_gamma' and model = 'gamma_gamma')
            ) as reason
        from fits
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

sums as (
    select
        model,
        cast(sum(customer_count) as double) as n,
        cast(sum(predicted_amount) as decimal(18, 2)) as predicted_amount,
        cast(sum(actual_amount) as decimal(18, 2)) as actual_amount,
        cast(sum(case when decile = 1 then actual_amount else 0 end) as double) as top_amount,
        cast(sum(squared_error) as double) as squared_error,
        cast(sum(hit_count) as double) as hits,
        cast(sum(high_value_count) as double) as high_values,
        cast(sum(predicted_rank_sum) as double) as x,
        cast(sum(actual_rank_sum) as double) as y,
        cast(sum(predicted_rank_squares) as double) as xx,
        cast(sum(actual_rank_squares) as double) as yy,
        cast(sum(rank_products) as double) as xy
    from {{ ref('clv_calibration') }}
    group by model
),

metrics as (
    select
        model as measured,
        cast(n as bigint) as customer_count,
        predicted_amount,
        actual_amount,
        top_amount / nullif(cast(actual_amount as double), 0) as top_decile_share,
        (n * xy - x * y) / nullif(sqrt((n * xx - x * x) * (n * yy - y * y)), 0) as spearman,
        cast(predicted_amount as double) / nullif(cast(actual_amount as double), 0) - 1 as bias,
        sqrt(squared_error / n) as rmse,
        hits / nullif(high_values, 0) as hit_rate
    from sums
),

judged as (
    select
        method_fits.model,
        method_fits.log_likelihood,
        metrics.*,
        metrics.rmse
        / nullif(max(case when metrics.measured = 'baseline' then metrics.rmse end) over (), 0)
            as rmse_to_baseline,
        metrics.hit_rate
        - max(case when metrics.measured = 'baseline' then metrics.hit_rate end) over ()
            as hit_rate_above_baseline,
        case
            when metrics.measured is null then 'diverged'
            when metrics.top_decile_share is null then 'nothing_sold'
            when abs(metrics.bias) > settings.largest_bias then 'biased'
            else 'usable'
        end as status,
        case
            when metrics.measured is null
                then coalesce(method_fits.reason, 'there was nothing to share out')
            when metrics.top_decile_share is null then 'nobody spent anything in the held-out months'
            when abs(metrics.bias) > settings.largest_bias
                then 'the held-out total is off by more than largest_bias'
        end as reason
    from method_fits
    cross join settings
    left join metrics
        on method_fits.model = metrics.measured
),

best as (
    select
        model,
        top_decile_share
    from judged
    where status = 'usable'
    qualify row_number() over (
        order by top_decile_share desc nulls last, rmse asc nulls last, model asc nulls last
    ) = 1
),

-- The method in use stays until another one is better by the margin.
in_use as (
    select
        judged.model,
        judged.top_decile_share
    from judged
    {% if is_incremental() %}
        inner join {{ this }} as earlier
            on judged.model = earlier.model
        cross join runs
        where
            judged.status = 'usable'
            and earlier.is_champion
            and earlier.refreshed_at < runs.refreshed_at
        qualify row_number() over (
            order by earlier.refreshed_at desc nulls last, earlier.version asc nulls last
        ) = 1
    {% else %}
        where false
    {% endif %}
),

champion as (
    select
        case
            when in_use.top_decile_share + settings.challenger_margin >= best.top_decile_share
                then in_use.model
            else best.model
        end as model
    from best
    cross join settings
    left join in_use
        on best.model is not null
)

select
    runs.version,
    runs.refreshed_at,
    judged.model,
    runs.calibrated_until_on,
    runs.evaluated_until_on,
    judged.customer_count,
    judged.predicted_amount,
    judged.actual_amount,
    judged.top_decile_share,
    judged.spearman,
    judged.bias,
    judged.rmse,
    judged.rmse_to_baseline,
    judged.hit_rate,
    judged.hit_rate_above_baseline,
    case
        when judged.hit_rate_above_baseline >= 0.05 then 'A'
        when judged.hit_rate_above_baseline >= 0 then 'B'
        when judged.hit_rate_above_baseline < 0 then 'C'
    end as grade,
    judged.log_likelihood,
    case when runs.too_little_reason is null then judged.status else 'too_little_data' end as status,
    coalesce(runs.too_little_reason, judged.reason) as reason,
    coalesce(judged.model = champion.model, false) as is_champion
from runs
cross join judged
left join champion
    on judged.model = champion.model
{% if is_incremental() %}
    where runs.version not in (select known.version from {{ this }} as known)
{% endif %}
