"""Why labelled pairs are wrongly joined or missed, and which row of which seed would change it.

A pair may have several causes; each is counted, and how often it is the only one.
"""

from __future__ import annotations

import duckdb

LABELLED_RECORDS = """
create or replace temp table labelled_records as
select record_key_a as record_key from labels union select record_key_b from labels
"""
SHARED = """
create or replace temp table shared_values as
with shown as (
    select observed.record_key, observed.namespace, observed.normalised_value,
        observed.comparison_value, coalesce(observed.refusal_reason, refused.reason) as reason
    from identity.comparison_values as observed
    semi join labelled_records on labelled_records.record_key = observed.record_key
    left join identity.refused_links as refused
        on refused.source_system = observed.source_system
        and refused.source_record_id = observed.source_record_id
        and refused.namespace = observed.namespace
        and refused.identity_value = observed.identity_value
        and refused.link_kind = 'exact'
    where observed.normalised_value is not null
)
select distinct labels.line, a.namespace,
    coalesce(
        a.reason, b.reason,
        case when a.comparison_value <> b.comparison_value then 'told_apart' end,
        case when a.namespace in (
            select field from policy.record_match_rules where effect = 'not_alone'
        ) then 'not_alone' end
    ) as reason
from labels
inner join shown as a on a.record_key = labels.record_key_a
inner join shown as b
    on b.record_key = labels.record_key_b
    and b.namespace = a.namespace and b.normalised_value = a.normalised_value
"""
"""Values that both records of a pair show, and the reason why one does not link them."""

REFUSED = """
create or replace temp table refused_pairs as
with refused as (
    select source_system || ':' || source_record_id as record_key, other_record_key, reason,
        link_kind
    from identity.refused_links where other_record_key is not null
)
select distinct labels.line, refused.reason
from labels
inner join refused
    on least(refused.record_key, refused.other_record_key) = labels.record_key_a
    and greatest(refused.record_key, refused.other_record_key) = labels.record_key_b
"""
DIRECT = """
create or replace temp table direct_links as
select labels.line, links.link_kind, links.namespace
from labels
inner join identity.links as links
    on least(links.record_key_a, links.record_key_b) = labels.record_key_a
    and greatest(links.record_key_a, links.record_key_b) = labels.record_key_b
where links.link_kind <> 'exact'
union
select line, 'exact', namespace from shared_values where reason is null
"""
MISSED = """
with missed as (
    select judged.*, a.record_key is not null and b.record_key is not null as are_customers,
        a.family_name = b.family_name and a.birth_date = b.birth_date
        and length(a.given_name_root) > 1 and length(b.given_name_root) > 1
        and jaro_winkler_similarity(a.given_name_root, b.given_name_root) < 0.85
        and a.only_name is null and b.only_name is null as has_other_given_name,
        least(a.given_name, b.given_name) || ',' || greatest(a.given_name, b.given_name) as names
    from judged
    left join identity.match_records as a on a.record_key = judged.record_key_a
    left join identity.match_records as b on b.record_key = judged.record_key_b
    where judged.is_match and not judged.is_joined
)
select line, 'never_link' as cause, cast(null as string) as detail from missed
where override = 'never_link'
union all
select missed.line, 'refused_pair', refused_pairs.reason
from missed inner join refused_pairs on refused_pairs.line = missed.line
where missed.override is distinct from 'never_link'
union all
select missed.line, shared_values.reason, shared_values.namespace
from missed inner join shared_values on shared_values.line = missed.line
where shared_values.reason is not null
union all
select line, 'outdone', null from missed where is_outdone
union all
select line, 'doubt', doubt from missed where is_contradicted
union all
select line, 'below_threshold', null from missed
where match_probability < $accept and not is_contradicted
union all
select line, 'given_name_variant', names from missed where has_other_given_name
union all
select line, 'no_customer_record', null from missed where not are_customers
union all
select line, 'below_review', null from missed
where are_customers and match_probability is null
    and line in (select line from found_by)
union all
select line, 'never_compared', null from missed
where are_customers and match_probability is null
    and line not in (select line from found_by)
"""
JOINED = """
with wrong as (
    select judged.*, chained.line is not null as is_chained_by_values
    from judged
    left join chained on chained.line = judged.line
    where not judged.is_match and judged.is_joined
)
select wrong.line, 'by_' || direct_links.link_kind as cause, direct_links.namespace as detail
from wrong inner join direct_links on direct_links.line = wrong.line
union all
select line, case when is_chained_by_values then 'by_others' else 'by_scored_others' end, null
from wrong where line not in (select line from direct_links)
"""
CAUSES = """
create or replace temp table causes as
with every_cause as (
    select 'missed' as error, * from ({missed})
    union all
    select 'joined', * from ({joined})
),
unexplained as (
    select case when is_match then 'missed' else 'joined' end as error, line, 'other' as cause,
        null as detail
    from judged
    where is_match <> is_joined and line not in (select line from every_cause)
)
select distinct *, count(distinct cause) over (partition by line) = 1 as is_only
from (from every_cause union all from unexplained)
"""
COUNTED = """
select causes.error, causes.cause, causes.detail, count(*) as pairs,
    count(*) filter (where causes.is_only) as only_cause,
    round(sum(judged.weight), 1) as estimated_pairs,
    min(judged.match_probability) as least_probability,
    max(judged.match_probability) as most_probability,
    min_by([judged.record_key_a, judged.record_key_b], judged.line) as example
from causes
inner join judged on judged.line = causes.line
group by all
order by error desc, pairs desc, cause, detail nulls first
"""
ALWAYS = ("identity_overrides", "a row always_link for the two records, if nothing general helps")
NEVER = ("identity_overrides", "a row never_link for the two records, if nothing general helps")
REMEDIES = {
    ("missed", "never_link"): (
        "people decided that they are two", "identity_overrides", "take the row never_link out"),
    ("missed", "outdone"): (
        "a surer match of one of the two has another name", "match_settings",
        "sure_probability: lower it to its probability"),
    ("missed", "doubt"): (
        "probable, and doubted: {detail}", "record_match_rules",
        "a link rule with the conditions that you would sign for such pairs"),
    ("missed", "below_threshold"): (
        "scored below the threshold", "match_settings",
        "accept_probability: lower it to the probability of such pairs, see the curve"),
    ("missed", "given_name_variant"): (
        "one birth date and family name, two given names", "given_name_variants",
        "{detail}, if the one is a form of the other"),
    ("missed", "no_customer_record"): (
        "one of the two is no customer record and is not compared", *ALWAYS),
    ("missed", "below_review"): (
        "compared, and more likely strangers", "record_match_rules",
        "a link rule with what they share as its shared condition"),
    ("missed", "never_compared"): (
        "never compared by any blocking rule", "blocking_rules",
        "a rule of what the two share, or most_pairs_per_record in match_settings; then train"),
    ("missed", "blocked_value"): (
        "the shared {detail} is blocked", "blocked_identity_values", "take its row out"),
    ("missed", "unknown_namespace"): (
        "no limits are known for {detail}", "identity_namespaces", "a row for {detail}"),
    ("missed", "too_many_records"): (
        "too many records share the {detail}", "identity_namespaces",
        "max_records_per_value of {detail}: raise it"),
    ("missed", "outside_time_window"): (
        "the {detail} was another's by then", "identity_namespaces",
        "window_days of {detail}: raise it"),
    ("missed", "shared_value"): (
        "several people share the {detail}, and a record does not say whose it is",
        "identity_namespaces", "splits_by_person of {detail}: false"),
    ("missed", "told_apart"): (
        "several people share the {detail}, and names and birth dates tell the two apart",
        "identity_namespaces", "splits_by_person of {detail}: false"),
    ("missed", "shared_device"): ("several people sign in on the device of the {detail}", *ALWAYS),
    ("missed", "not_alone"): (
        "{detail} links together with something else only", "record_match_rules",
        "a link rule with {detail} and what else they share"),
    ("joined", "by_exact"): (
        "both show one {detail}", "record_match_rules",
        "a row not_alone for {detail}; splits_by_person or max_records_per_value in "
        "identity_namespaces; or the value in blocked_identity_values"),
    ("joined", "by_rule"): (
        "the match rule {detail} joins them", "record_match_rules",
        "one more condition for {detail}, or a never rule"),
    ("joined", "by_probabilistic"): (
        "scored as one person's", "match_settings",
        "accept_probability and least_accept_probability: raise both above the probability of "
        "such pairs, see the curve; or a never rule in record_match_rules"),
    ("joined", "by_always_link"): (
        "people decided that they are one", "identity_overrides", "take the row always_link out"),
    ("joined", "by_others"): ("joined through values of other records", *NEVER),
    ("joined", "by_scored_others"): (
        "joined through other records, one pair of them a scored one", "match_settings",
        "accept_probability and least_accept_probability: raise both, see the curve"),
    ("missed", "other"): ("no cause is known; the next run may join them", *ALWAYS),
    ("joined", "other"): ("no cause is known", *NEVER),
}  # fmt: skip
"""Of an error and its cause: in words, the seed, and the row in it that would change it."""
WHOLE_PROFILES = {
    "unique_namespace": ("identity_namespaces", "is_unique: false for the namespace that differs"),
    "too_many_values": ("identity_namespaces", "max_values_per_profile: raise it"),
    "duplicate_free_source": ("source_precedence", "is_duplicate_free: false for the system"),
    "business_unit": ("business_units", "the rows of the two sources: one unit"),
    "never_link": ("identity_overrides", "take the row never_link out that stands in between"),
    "never_rule": ("record_match_rules", "the never rule: one more condition"),
    "ambiguous": ("record_match_rules", "one more condition, so that the rule finds one record"),
    "implausible_size": ("match_settings", "largest_plausible_profile: raise it"),
}
"""Of a rule about whole profiles, which may refuse a value as well as a pair: seed and row."""


def find_causes(con: duckdb.DuckDBPyConnection, accept: float) -> None:
    """Make the temporary table `causes`: one row per line of a wrong pair and cause.

    Parameters:
        con: with the temporary tables `labels`, `judged`, `found_by` and `chained` of the report.
        accept: probability from which pairs are joined.
    """
    for sql in (LABELLED_RECORDS, SHARED, REFUSED, DIRECT):
        con.execute(sql)
    con.execute(CAUSES.format(missed=MISSED, joined=JOINED), {"accept": accept})


def remedy(error: str, cause: str, detail: str | None) -> tuple[str, str, str]:
    """A cause in words, the seed that would change it, and the row.

    Parameters:
        error: missed or joined.
        cause: as `causes` has it.
        detail: a namespace, a rule, a doubt, names: what the cause is about.
    """
    refused = WHOLE_PROFILES.get(detail or "") if cause == "refused_pair" else None
    if refused:
        return (f"the link was refused: {detail}", *refused)
    if error == "missed" and cause in WHOLE_PROFILES and cause != "never_link":
        return (f"the shared {detail} was refused: {cause}", *WHOLE_PROFILES[cause])
    told, seed, row = REMEDIES.get((error, cause), REMEDIES[error, "other"])
    return told.format(detail=detail), seed, row.format(detail=detail)
