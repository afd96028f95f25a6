select
    source_system,
    source_record_id,
    namespace,
    identity_value,
    comparison_value,
    refusal_reason as reason,
    refusal_evidence as evidence
from {{ ref('comparison_values') }}
where refusal_reason is not null
