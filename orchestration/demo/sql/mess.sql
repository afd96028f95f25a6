-- How a record says things: the mess in values. `k` is the record's key, so one record always
-- errs the same way, while two records of one person err apart.

create or replace macro said_first_name(
    k, given_name, nickname, placeholder_rate, missing_rate, nickname_rate, plain_rate, typo_rate
) as
    case
        when draw(k, 'placeholder name') < placeholder_rate
            then choose(k, 'placeholder first name', ['unknown', 'n/a', 'Unknown', 'test'])
        when draw(k, 'first name missing') < missing_rate then null
        when draw(k, 'nickname') < nickname_rate then nickname
        else with_typo(
            case when draw(k, 'plain name') < plain_rate then transliterated(given_name)
                else given_name end,
            k, 'first name', typo_rate
        )
    end;

create or replace macro said_last_name(
    k, family_name, placeholder_rate, missing_rate, plain_rate, typo_rate
) as
    case
        when draw(k, 'placeholder name') < placeholder_rate
            then choose(k, 'placeholder last name', ['unknown', 'n/a', 'Unknown', 'test'])
        when draw(k, 'last name missing') < missing_rate then null
        else with_typo(
            case when draw(k, 'plain name') < plain_rate then transliterated(family_name)
                else family_name end,
            k, 'last name', typo_rate
        )
    end;

create or replace macro said_email(
    k, email, placeholder_rate, missing_rate, case_rate, blank_rate
) as
    case
        when draw(k, 'placeholder e-mail') < placeholder_rate
            then choose(k, 'which e-mail', [
                'noreply@example.com', 'test@test.com', 'unknown', 'n/a', 'NoReply@example.com'
            ])
        when draw(k, 'e-mail missing') < missing_rate then null
        when draw(k, 'e-mail case') < case_rate / 2 then upper(email)
        when draw(k, 'e-mail case') < case_rate then upper(email[1]) || email[2:]
        when draw(k, 'e-mail blank') < blank_rate then ' ' || email || '  '
        else email
    end;

-- International, national and half-way forms; national ones need the country to be understood.
create or replace macro said_phone(
    k, country_prefix, area, phone_number, placeholder_rate, missing_rate
) as
    case
        when draw(k, 'placeholder phone') < placeholder_rate then '+49 000 0000000'
        when draw(k, 'phone missing') < missing_rate then null
        else choose(k, 'phone form', [
            '+' || country_prefix || ' ' || area || ' ' || phone_number,
            '0' || area || '-' || phone_number,
            '00' || country_prefix || area || phone_number,
            '+' || country_prefix || area || phone_number,
            '(0' || area || ') ' || phone_number[1:4] || ' ' || phone_number[5:]
        ])
    end;

create or replace macro abbreviated(street_name) as
    replace(replace(replace(replace(replace(replace(
        street_name, 'straße', 'str.'), 'straat', 'str.'), 'Avenue', 'Av.'), 'Boulevard', 'Bd'),
        'Road', 'Rd'), 'Street', 'St');

create or replace macro said_street(
    k, street_name, country_code, house_number, missing_rate, abbreviation_rate, typo_rate
) as
    case
        when draw(k, 'street missing') < missing_rate then null
        when country_code in ('GB', 'FR')
            then house_number || ' ' || with_typo(
                case when draw(k, 'street short') < abbreviation_rate then abbreviated(street_name)
                    else street_name end,
                k, 'street', typo_rate
            )
        else with_typo(
            case when draw(k, 'street short') < abbreviation_rate then abbreviated(street_name)
                else street_name end,
            k, 'street', typo_rate
        ) || ' ' || house_number
    end;

create or replace macro postal_letter(k, purpose) as
    choose(k, purpose, ['A', 'B', 'D', 'E', 'H', 'L', 'N', 'P', 'R', 'S', 'T', 'W', 'X', 'Z']);

create or replace macro postal_code(k, country_code, postal_stem) as
    case country_code
        when 'NL' then postal_stem || lpad(pick(k, 'postal', 100)::varchar, 2, '0') || ' '
            || postal_letter(k, 'postal 1') || postal_letter(k, 'postal 2')
        when 'GB' then postal_stem || (1 + pick(k, 'postal', 20)) || ' ' || pick(k, 'inward', 10)
            || postal_letter(k, 'postal 1') || postal_letter(k, 'postal 2')
        else postal_stem || lpad(pick(k, 'postal', 100)::varchar, 2, '0')
    end;

create or replace macro said_birth_date(
    k, birth_date, placeholder_rate, invalid_rate, missing_rate
) as
    case
        when draw(k, 'placeholder birth date') < placeholder_rate then '1900-01-01'
        when draw(k, 'birth date invalid') < invalid_rate
            then choose(k, 'which birth date', ['31/02/1980', '0000-00-00', '1985-13-01'])
        when draw(k, 'birth date missing') < missing_rate then null
        else strftime(birth_date, '%Y-%m-%d')
    end;
