-- The macros that every staging model reads dates with, against a table of examples: a database
-- upgrade that reads one of them differently would change every number behind it.
-- Until the last of its days has come, no day reads them otherwise; its birth days have come long
-- before any day that is replayed.
{{ config(meta={'next_day': "select date '2099-12-31'"}) }}

with

examples (text, instant, birth_date) as (
    values
    ('1998-03-01T09:15:22Z', '1998-03-01 09:15:22', '1998-03-01'),
    ('1998-03-01 09:15:22', '1998-03-01 09:15:22', '1998-03-01'),
    (' 1998-03-01 09:15:22 ', '1998-03-01 09:15:22', '1998-03-01'),
    ('1998-03-01T01:15:22+02:00', '1998-02-28 23:15:22', '1998-03-01'),
    ('1998-03-01', '1998-03-01 00:00:00', '1998-03-01'),
    ('1996-02-29', '1996-02-29 00:00:00', '1996-02-29'),
    ('1997-02-29', null, null),
    ('31/02/1980', null, null),
    ('0000-00-00', null, null),
    ('0001-01-01 00:00:00', null, '0001-01-01'),
    ('1900-01-01', null, '1900-01-01'),
    ('1970-01-01 00:00:00', null, '1970-01-01'),
    ('1970-01-02 00:00:00', '1970-01-02 00:00:00', '1970-01-02'),
    ('2099-12-31 00:00:00', '2099-12-31 00:00:00', null),
    ('infinity', null, null),
    ('-infinity', null, null),
    ('epoch', null, '1970-01-01'),
    ('1998?03?01 09:15:22', null, null),
    ('n/a', null, null),
    ('', null, null)
),

read as (
    select
        text,
        instant,
        birth_date,
        cast({{ as_instant('text') }} as string) as instant_read,
        cast({{ as_birth_date('text') }} as string) as birth_date_read
    from examples
)

select
    text,
    instant,
    instant_read,
    birth_date,
    birth_date_read
from read
where instant_read is distinct from instant or birth_date_read is distinct from birth_date
