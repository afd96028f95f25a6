{#-
    The combinations of namespaces that profiles have, as a query: stitching, namespaces, profile_count,
    overlap_id. Of each stitching the largest have an id of their own, as many as `namespace_overlaps`
    says; the others share the id 0.
-#}
{% macro namespace_overlaps() -%}
    select
        stitching,
        namespaces,
        count(*) as profile_count,
        case
            when {{ is_pooled('count(*) < ' ~ minimum_cell_size(), 'count(*)', ['stitching'], 'namespaces') }}
                then 0
            when
                row_number() over (partition by stitching order by count(*) desc, namespaces asc)
                <= {{ var('namespace_overlaps') }}
                then {{ id_of('namespaces') }}
            else 0
        end as overlap_id
    from {{ ref('profile_namespaces') }}
    where namespaces is not null
    group by stitching, namespaces
{%- endmacro %}
