-- Random numbers are hashes of what they are for: the same for any thread count, order or chunk.
-- A key is an unsigned 64-bit number that stands for one person, order, session ...

create or replace macro subkey(k, part) as hash(xor(k, hash(part)));

create or replace macro master_key(seed) as hash(seed::bigint);

create or replace macro person_key(seed, person_id) as subkey(master_key(seed), person_id::bigint);

-- Uniform in the open interval (0, 1).
create or replace macro draw(k, purpose) as
    ((hash(xor(k, hash(purpose))) >> 11)::double + 0.5) / 9007199254740992.0;

-- Whole number from 0 to n - 1.
create or replace macro pick(k, purpose, n) as
    (hash(xor(k, hash(purpose))) % n::ubigint)::integer;

create or replace macro choose(k, purpose, choices) as choices[1 + pick(k, purpose, len(choices))];

-- Distributions --------------------------------------------------------------------------------

create or replace macro exponential(k, purpose) as -ln(draw(k, purpose));

create or replace macro normal(k, purpose) as
    sqrt(-2 * ln(draw(k, purpose || ' radius')))
    * cos(2 * pi() * draw(k, purpose || ' angle'));

-- One attempt of Marsaglia and Tsang (2000) at a gamma variate of a shape of at least 1:
-- null if rejected, which happens to fewer than one in twenty.
create or replace macro gamma_accepted(x, u, d, c) as
    case
        when 1 + c * x > 0
            and ln(u) < 0.5 * x * x + d - d * power(1 + c * x, 3) + 3 * d * ln(1 + c * x)
            then d * power(1 + c * x, 3)
    end;

create or replace macro gamma_attempt(k, purpose, shape) as
    gamma_accepted(
        normal(k, purpose), draw(k, purpose || ' accept'), shape - 1 / 3.0,
        1 / sqrt(9 * (shape - 1 / 3.0))
    );

-- Four attempts leave about one in a million with the fallback, the distribution's centre.
create or replace macro gamma_from_one(k, purpose, shape) as
    coalesce(
        gamma_attempt(k, purpose || ' 1', shape), gamma_attempt(k, purpose || ' 2', shape),
        gamma_attempt(k, purpose || ' 3', shape), gamma_attempt(k, purpose || ' 4', shape),
        shape - 1 / 3.0
    );

-- Any shape, rate 1: boosted from shape + 1, which is exact for every shape above 0.
create or replace macro gamma_variate(k, purpose, shape) as
    gamma_from_one(k, purpose, shape + 1) * power(draw(k, purpose || ' boost'), 1 / shape);

-- Numbers and text -----------------------------------------------------------------------------

-- A one-to-one shuffle of 0 .. 10^digits - 1, so that record numbers say nothing about the person.
create or replace macro shuffled(n, multiplier, shift, digits) as
    lpad(
        ((n::bigint * multiplier + shift) % power(10, digits)::bigint)::varchar,
        digits::integer,
        '0'
    );

create or replace macro key_text(k) as lower(lpad(to_hex(k), 16, '0'));

create or replace macro event_id(visit_key, step) as
    'E' || key_text(visit_key) || lpad(step::varchar, 3, '0');

create or replace macro instant(epoch_second) as make_timestamp(epoch_second::bigint * 1000000);

create or replace macro euros(cents) as (cents::bigint * 0.01)::decimal(18, 2);

-- One slip of the finger: a letter lost, doubled, or swapped with its neighbour.
create or replace macro slip(word, place, kind) as
    case kind
        when 0 then substr(word, 1, place - 1) || substr(word, place + 1)
        when 1 then substr(word, 1, place) || substr(word, place)
        else substr(word, 1, place - 1) || substr(word, place + 1, 1) || substr(word, place, 1)
            || substr(word, place + 2)
    end;

create or replace macro with_typo(word, k, purpose, rate) as
    case
        when draw(k, purpose || ' typo') < rate and length(word) > 3
            then slip(
                word, 2 + pick(k, purpose || ' place', length(word) - 2),
                pick(k, purpose || ' kind', 3)
            )
        else word
    end;

create or replace macro transliterated(word) as
    strip_accents(
        replace(replace(replace(replace(replace(replace(replace(
            word,
            'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'Ä', 'Ae'), 'Ö', 'Oe'), 'Ü', 'Ue'), 'ß', 'ss'
        )
    );

-- Rows -----------------------------------------------------------------------------------------

-- What is written for one good row: itself, sometimes an exact copy, sometimes an unusable copy.
create or replace macro copies(k, duplicate_rate, spoilt_rate, defects) as
    list_concat(
        ['good'],
        case when draw(k, 'written twice') < duplicate_rate then ['duplicate'] else [] end,
        case when draw(k, 'spoilt') < spoilt_rate then [choose(k, 'defect', defects)] else [] end
    );

create or replace macro spoilt_instant(written, defect) as
    case defect
        when 'unreadable_date' then replace(written, '-', '?')
        when 'future_date' then '2099' || substr(written, 5)
        else written
    end;
