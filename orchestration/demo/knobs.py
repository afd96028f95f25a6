"""Every number of the demo company in one place, each with the reason for its value.

The fields are bound by name to the SQL in `sql/` (`$typo_rate` and so on) and written to
`truth/parameters.json`, so what a file says it holds is what it was made with.
Rates are shares between 0 and 1, points in time seconds, money euros unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PurchaseProcess:
    """BG/NBD x Gamma-Gamma: what a fit over the orders must recover."""

    r: float = 0.60  # shape of the purchase rates: many slow buyers, few very keen ones
    alpha: float = 9.0  # weeks; r / alpha gives one order in 15 weeks for the average buyer
    a: float = 0.8  # with b: on average 22 % leave after a repeat order,
    b: float = 2.8  # but a third of the buyers are much more faithful
    p: float = 6.0  # shape of one buyer's order values: they vary by about 40 %
    q: float = 4.0  # with gamma: buyers differ, the mean order value is p * gamma / (q - 1)
    gamma: float = 16.0  # euros; that is 32 euros, an everyday web shop


@dataclass(frozen=True)
class Company:
    """Who is where and how much happens. None of it is mess."""

    # Systems. The base rates give 70 / 45 / 50 % once nobody is left without any system.
    shop_base_rate: float = 0.66
    loyalty_base_rate: float = 0.42
    contact_base_rate: float = 0.465
    only_shop_rate: float = 0.40  # those in no system by the base rates get exactly one of the
    only_loyalty_rate: float = 0.30  # three (the rest becomes a contact), so everyone exists
    buyer_rate: float = 0.93  # some register and never buy
    growth: float = 0.6  # 60 % more new customers a day at the end than at the start
    # Households: blocks of four consecutive people, so that they never span two chunks.
    pair_rate: float = 0.30  # blocks in which two live together
    family_rate: float = 0.15  # blocks in which all four do
    own_family_name_rate: float = 0.12  # not everybody takes the partner's name
    # Orders
    cancelled_attempt_rate: float = 0.02  # failed payment before the order: extra, not a purchase
    return_rate: float = 0.04  # of lines; enough to make net and gross revenue differ visibly
    return_max_days: int = 30  # the usual right of withdrawal
    # Loyalty
    bonuses_a_year: float = 3.0  # from partners; puts about a tenth of the members above 1000
    bonus_max_points: int = 400
    redeemer_rate: float = 0.5  # the others save their points for ever
    redemption_step: int = 250  # points, as the programme's terms say
    expiry_days: int = 365  # points expire a year after the last one was earned
    # Web
    tracked_order_rate: float = 0.55  # the rest refused tracking or ordered in the app
    browsing_mean: float = 1.6  # visits a person; with the orders about nine events a customer
    web_person_rate: float = 0.85  # some are never seen on the site
    second_cookie_rate: float = 0.35  # phone and desktop
    third_cookie_rate: float = 0.08  # ... and tablet
    bot_rate: float = 0.0022  # bots per person: about 0.3 % of the cookies
    bot_min_events: int = 150  # all within minutes: more than 50 in a clock minute, always
    bot_max_events: int = 320
    # E-mail
    reach_everyone: float = 0.50  # shares of the audience a campaign is sent to:
    reach_members: float = 0.75  # together about six message events a contact
    reach_new: float = 0.90
    bounce_rate: float = 0.03
    late_bounce_rate: float = 0.2  # of bounces: said to be delivered before
    picture_proxy_rate: float = 0.15  # contacts whose mailbox fetches pictures by itself
    link_scanner_rate: float = 0.02  # contacts whose gateway follows every link
    open_base_rate: float = 0.12  # plus up to 55 points for the keenest buyers,
    open_lift: float = 0.55  # so that deciles show a response curve
    click_base_rate: float = 0.06
    click_lift: float = 0.35
    unsubscribe_rate: float = 0.012  # of opened messages
    consent_granted_rate: float = 0.78
    consent_denied_rate: float = 0.12  # the rest is pending: double opt-in not confirmed
    consent_change_rate: float = 0.06  # changes of mind in the preference centre


@dataclass(frozen=True)
class Mess:
    """What is wrong with the data, as it is in every company."""

    # Values: the same person told differently
    typo_rate: float = 0.025  # each of first name, last name and street of a record
    nickname_rate: float = 0.12  # people sign up as they are called
    transliteration_rate: float = 0.20  # Mueller for Müller, where there is anything to change
    street_abbreviation_rate: float = 0.25  # Hauptstr. for Hauptstraße
    moved_rate: float = 0.14  # 7 % a year, records keep the address they were last given
    new_phone_rate: float = 0.08  # within the period
    second_email_rate: float = 0.25  # people who own a second address ...
    second_email_use_rate: float = 0.20  # ... and how often a record has that one
    email_case_rate: float = 0.06  # upper case from tills and telephones
    email_blank_rate: float = 0.03  # blanks from copy and paste
    second_account_rate: float = 0.04  # forgotten password: a second shop account
    account_version_rate: float = 0.03  # a changed customer appears twice: same id, later update
    contact_version_rate: float = 0.02
    # Values: missing, impossible, made up. Each made-up value is shared by many records.
    missing_name_rate: float = 0.015
    missing_email_rate: float = 0.04
    missing_phone_rate: float = 0.25
    missing_street_rate: float = 0.08
    missing_birth_date_rate: float = 0.15
    invalid_birth_date_rate: float = 0.01  # 31/02/1980, 0000-00-00
    placeholder_birth_date_rate: float = 0.012  # 1900-01-01 to get past a mandatory field
    placeholder_email_rate: float = 0.012  # noreply@example.com typed in at the till
    placeholder_phone_rate: float = 0.01  # +49 000 0000000
    placeholder_name_rate: float = 0.006  # unknown, n/a
    loyalty_number_rate: float = 0.35  # accounts of members that state their number
    # Values: shared by different people
    family_email_rate: float = 0.07  # of household members but the first: 1.5 % of records
    family_phone_rate: float = 0.115  # likewise: 2 % of records have the household's phone
    shared_device_rate: float = 0.36  # likewise: about 1 % of cookies see two people log in
    # Rows
    duplicate_rate: float = 0.005  # exact copies, from exports that overlap
    spoilt_rate: float = 0.0015  # unusable copies: missing key, unreadable date or amount, 2099
    late_order_rate: float = 0.01  # orders that arrive in a later file than their neighbours
    broken_line_rate: float = 0.0001  # ragged or badly quoted lines, cut JSON


PURCHASE_PROCESS = PurchaseProcess()
COMPANY = Company()
MESS = Mess()

FAMILY_BLOCK = 4
"""People per block of ids within which households are formed; chunks are whole blocks."""

CHUNK_SIZE = 250_000
"""People per chunk: large enough to keep the engine busy, small enough for two gigabytes."""

MEMORY_LIMIT = "1800MB"
"""DuckDB's share; the process stays below 2.5 GB with it."""

FIRST_ORDER_DELAY_DAYS = 7
"""First orders start a week into the period, so that what leads to them lies within it too."""

CUSTOMERS_MAX = 49_000_000
"""Above this the eight-digit record numbers are no longer unique."""
