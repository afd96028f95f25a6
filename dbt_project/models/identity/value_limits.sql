with

namespaces as (
    select * from {{ ref('identity_namespaces') }}
),

candidates as (
    select
        normalised_values.namespace,
        normalised_values.normalised_value
    from {{ ref('normalised_values') }} as normalised_values
    left join {{ ref('refused_on_sight') }} as refused_on_sight
        on
            refused_on_sight.record_key = normalised_values.record_key
            and refused_on_sight.namespace = normalised_values.namespace
            and refused_on_sight.identity_value = normalised_values.identity_value
    where refused_on_sight.record_key is null
),

values_by_size as (
    select
        namespace,
        record_count,
        count(*) as value_count
    from (
        select
            namespace,
            normalised_value,
            count(*) as record_count
        from candidates
        group by namespace, normalised_value
    ) as counted
    where record_count > 1
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
        namespace,
        shared_value_count,
        greatest(
            cast(
                ceil(
                    exp(
                        mean_ln
                        + {{ var('outlier_deviations', 6) }}
                        * sqrt(greatest(mean_square_ln - mean_ln * mean_ln, 0))
                    )
                ) as bigint
            ),
            {{ var('smallest_learned_limit', 10) }}
        ) as learned_limit
    from distributions
    where shared_value_count >= {{ var('fewest_values_to_learn_from', 100) }}
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
