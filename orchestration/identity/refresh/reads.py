"""What each model of the layer reads that a refresh runs in part.

Its steps were written for these. A model that has come to read something else may depend on rows
that a refresh would not look at; then the layer is built whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READS: Mapping[str, frozenset[str]] = {
    model: frozenset(reads.split())
    for model, reads in {
        "phone_numbers": "identity_observations identity_namespaces calling_codes",
        "normalised_values": (
            "identity_observations identity_namespaces phone_numbers identity_value_aliases "
            "blocked_identity_values given_name_variants"
        ),
        "refused_on_sight": "normalised_values identity_namespaces blocked_identity_values",
        "refused_as_outdated": "normalised_values identity_namespaces",
        "value_sizes": "normalised_values refused_on_sight",
        "value_limits": "identity_namespaces value_sizes",
        "device_people": "normalised_values",
        "comparison_values": (
            "normalised_values refused_on_sight refused_as_outdated identity_namespaces "
            "value_limits record_match_rules"
        ),
        "match_records": (
            "customer_records comparison_values given_name_variants blocked_identity_values"
        ),
        "match_parameters": "match_records match_rules",
        "scored_pairs": "match_parameters match_records match_rules",
        "rule_pairs": (
            "record_match_rules customer_records match_records comparison_values "
            "given_name_variants name_titles organisation_noise_words match_rules"
        ),
        "active_overrides": "identity_overrides",
        "candidate_links": (
            "comparison_values active_overrides customer_records identity_observations "
            "scored_pairs rule_pairs"
        ),
        "candidate_components": "candidate_links",
        "exclusive_records": "customer_records source_precedence active_overrides rule_pairs",
        "broken_components": (
            "candidate_components identity_namespaces comparison_values exclusive_records "
            "match_rules candidate_links"
        ),
        "replay_items": (
            "broken_components candidate_components identity_namespaces comparison_values "
            "candidate_links record_match_rules"
        ),
        "replay_verdicts": "replay_items exclusive_records match_rules",
        "refused_in_replay": "replay_items replay_verdicts",
        "replayed_links": "replay_items replay_verdicts comparison_values",
        "replayed_components": "replayed_links",
        "links": "candidate_components broken_components candidate_links replayed_links",
        "components": "candidate_components broken_components replayed_components",
        "components_without_rule": "links components",
        "component_rules": "links components components_without_rule",
        "refused_links": "comparison_values refused_in_replay rule_pairs",
        "record_components": (
            "customer_records identity_observations orders events message_events consents "
            "components"
        ),
        "component_profiles": "record_components",
        "identity_map": "record_components component_profiles",
        "identity_map_history": "identity_map",
        "profile_ledger": "identity_map_history identity_map",
        "profile_identities": "comparison_values refused_in_replay identity_map",
        "profile_names": "identity_map normalised_values",
        "household_addresses": (
            "blocked_identity_values address_words customer_records identity_map"
        ),
        "household_members": "household_rules household_addresses",
    }.items()
}


def differing_reads(nodes: Mapping[str, Any]) -> list[str]:
    """Models that read something else than a refresh counts on, or are gone.

    Parameters:
        nodes: the nodes of dbt's manifest.json.
    """
    found = {
        node["name"]: frozenset(
            nodes[parent]["name"] for parent in node["depends_on"]["nodes"] if parent in nodes
        )
        for node in nodes.values()
        if node["resource_type"] == "model" and node["name"] in READS
    }
    return sorted(model for model, reads in READS.items() if found.get(model) != reads)
