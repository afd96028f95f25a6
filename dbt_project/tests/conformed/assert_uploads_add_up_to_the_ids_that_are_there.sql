-- What the files have brought and taken away, one after the other, is what staging has let pass.
with

counted as (
    select
        source_system,
        cast(sum(new_count - deleted_count) as bigint) as id_count
    from {{ ref('attribute_uploads') }}
    group by source_system
),

accepted as (
    select
        uploaded_records.source_system,
        count(distinct customer_records.source_record_id) as id_count
    from {{ ref('uploaded_records') }} as uploaded_records
    left join {{ ref('customer_records') }} as customer_records
        on
            customer_records.source_system = uploaded_records.source_system
            and customer_records.source_record_id = uploaded_records.source_record_id
    group by uploaded_records.source_system
)

select
    counted.source_system,
    counted.id_count,
    accepted.id_count as accepted_count
from counted
inner join accepted
    on accepted.source_system = counted.source_system
where counted.id_count <> accepted.id_count
