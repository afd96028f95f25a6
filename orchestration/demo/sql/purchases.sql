-- BG/NBD x Gamma-Gamma, simulated person by person as the model tells it.

create or replace temp table buyers as
with gammas as (
    select
        people.person_id,
        subkey(people.k, 'purchases') as k,
        members_of.known_since_second as first_second,
        gamma_variate(people.k, 'purchase rate', $r) / $alpha as purchase_rate,
        gamma_variate(people.k, 'leaving', $a) as leaving_gamma,
        gamma_variate(people.k, 'staying', $b) as staying_gamma,
        gamma_variate(people.k, 'spend rate', $q) / $gamma as spend_rate
    from people
    inner join members_of using (person_id)
    where members_of.is_buyer
)

select
    person_id,
    k,
    first_second,
    ($end_second - first_second) / 604800.0 as horizon_weeks,
    purchase_rate,
    leaving_gamma / (leaving_gamma + staying_gamma) as dropout_probability,
    spend_rate
from gammas;

-- The first order opens the relation. Then exponential waits; after every repeat order a coin says
-- whether the buyer leaves for good. (There is no coin after the first one: that is the model.)
create or replace temp table purchases as
with recursive buying as (
    select person_id, k, purchase_rate, dropout_probability, horizon_weeks,
        1 as purchase_number, 0.0::double as elapsed_weeks, true as is_alive
    from buyers
    union all
    select person_id, k, purchase_rate, dropout_probability, horizon_weeks,
        purchase_number + 1,
        elapsed_weeks + exponential(subkey(k, purchase_number), 'wait') / purchase_rate,
        draw(subkey(k, purchase_number), 'leave') >= dropout_probability
    from buying
    where
        is_alive
        and elapsed_weeks + exponential(subkey(k, purchase_number), 'wait') / purchase_rate
        < horizon_weeks
)

select
    buying.person_id,
    buying.purchase_number,
    subkey(subkey(buying.k, 'order'), buying.purchase_number) as order_key,
    least(
        $end_second - 1,
        buyers.first_second + floor(buying.elapsed_weeks * 604800)::bigint
    ) as ordered_second,
    greatest(
        1,
        round(
            100
            * gamma_variate(subkey(subkey(buying.k, 'order'), buying.purchase_number), 'value', $p)
            / buyers.spend_rate
        )
    )::bigint as total_cents
from buying
inner join buyers using (person_id);
