-- Nobody is of two business units, whatever value, score, rule or decision joins the records; and a
-- unit lies in one region.
select
    identity_map.profile_id as held_by,
    min(record_units.business_unit_id) as one,
    max(record_units.business_unit_id) as another
from {{ ref('identity_map') }} as identity_map
inner join {{ ref('record_units') }} as record_units
    on record_units.record_key = identity_map.record_key
group by identity_map.profile_id
having min(record_units.business_unit_id) < max(record_units.business_unit_id)
union all
select
    business_unit_id as held_by,
    min(coalesce(region, '')) as one,
    max(coalesce(region, '')) as another
from {{ ref('business_units') }}
group by business_unit_id
having min(coalesce(region, '')) < max(coalesce(region, ''))
