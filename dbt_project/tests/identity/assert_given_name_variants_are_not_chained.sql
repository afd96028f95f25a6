-- A name is looked up once. Were a formal name itself a variant of another one, two spellings of
-- one name would end under two names.
with

given_name_variants as (
    select
        {{ normalise_given_name('variant') }} as variant,
        {{ normalise_given_name('given_name') }} as given_name
    from {{ ref('given_name_variants') }}
)

select
    chained.variant,
    chained.given_name
from given_name_variants as chained
inner join given_name_variants as formal
    on formal.variant = chained.given_name
where formal.variant <> formal.given_name
