{{ config(materialized='incremental', unique_key=['namespace']) }}

with

{% call reached() %}
    select namespace from {{ changed('value_sizes') }}
{% endcall %}

namespaces as (
    select * from {{ part(ref('identity_namespaces'), ['namespace']) }}
),

settings as (
    select
        max(case when rule = 'outlier_deviations' then value end) as outlier_deviations,
        max(case when rule = 'smallest_limit' then value end) as smallest_limit,
        max(case when rule = 'fewest_values' then value end) as fewest_values
    from {{ ref('learned_limits') }}
),

values_by_size as (
    select
        namespace,
        record_count,
        count(*) as value_count
    from {{ part(ref('value_sizes'), ['namespace']) }}
    group by namespace, record_count
),

-- Whole numbers, so that the sums do not depend on the order of adding.
logarithms as (
    select
        namespace,
        value_count,
        cast(round(1000000 * ln(record_count)) as bigint) as micro_ln
    from values_by_size
),

distributions as (
    select
        namespace,
        cast(sum(value_count) as bigint) as shared_value_count,
        cast(sum(value_count * micro_ln) as double) / sum(value_count) / 1e6 as mean_ln,
        cast(sum(value_count * micro_ln * micro_ln) as double) / sum(value_count) / 1e12
            as mean_square_ln
    from logarithms
    group by namespace
),

learned as (
    select
        distributions.namespace,
        distributions.shared_value_count,
        greatest(
            cast(
                ceil(
                    exp(
                        distributions.mean_ln
                        + settings.outlier_deviations
                        * sqrt(greatest(
                            distributions.mean_square_ln - distributions.mean_ln * distributions.mean_ln, 0
                        ))
                    )
                ) as bigint
            ),
            cast(settings.smallest_limit as bigint)
        ) as learned_limit
    from distributions
    cross join settings
    where distributions.shared_value_count >= settings.fewest_values
)

select
    namespaces.namespace,
    cast(namespaces.max_records_per_value as bigint) as fixed_limit,
    learned.learned_limit,
    coalesce(learned.shared_value_count, 0) as shared_value_count,
    least(
        cast(namespaces.max_records_per_value as bigint),
        coalesce(learned.learned_limit, cast(namespaces.max_records_per_value as bigint))
    ) as record_limit
from namespaces
left join learned
    on learned.namespace = namespaces.namespace
