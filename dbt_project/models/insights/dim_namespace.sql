with

identity_namespaces as (
    select
        namespace,
        kind,
        priority
    from {{ ref('identity_namespaces') }}
)

select
    namespace,
    kind,
    cast(priority as int) as priority
from identity_namespaces
