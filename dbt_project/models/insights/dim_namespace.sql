{{ config(materialized='lasting_dimension', key=['namespace_id']) }}

select
    {{ id_of('namespace') }} as namespace_id,
    namespace,
    kind,
    cast(priority as int) as priority
from {{ ref('identity_namespaces') }}
