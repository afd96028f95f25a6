"""What is said of a layer that was made: in a line, and node by node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.transform.dbt import NodeResult
from orchestration.transform.decisions import BUILD, REFRESH, Decision
from orchestration.transform.layer_build import LayerBuild

PROFILES = ".profiles"
PEOPLE_CHANGED = (
    "select (select count(distinct profile_id) from operations.delta_profiles), "
    "(select count(*) from profile.profiles)"
)


def outcome_text(build: LayerBuild) -> str:
    """What was done with the layer's tables, and why, in a few words."""
    made = [build.decisions[u] for u in build.to_make if build.decisions[u].is_model]
    tables = [d for d in build.decisions.values() if d.is_model]
    if not made:
        since = max((build.state_of(d.unique_id).finished_at for d in tables), default=None)
        return f"{len(tables)} tables unchanged" + (
            f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
        )
    built = sum(d.action == BUILD for d in made)
    counts = {"built": built, "refreshed": len(made) - built, "unchanged": len(tables) - len(made)}
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{len(tables)} tables: {said}{_because(made)}{_people(build)}"


def _people(build: LayerBuild) -> str:
    """Of how many people a refresh of the profiles has changed anything."""
    decision = next((d for d in build.decisions.values() if d.unique_id.endswith(PROFILES)), None)
    result = build.results.get(decision.unique_id) if decision else None
    if not decision or decision.action != REFRESH or not result or result.is_failure:
        return ""
    with build.connect() as con:
        [(changed, everybody)] = con.execute(PEOPLE_CHANGED).fetchall()
    return f", {changed:,} of {everybody:,} people changed"


def _because(made: Sequence[Decision]) -> str:
    """The reason that lies behind the others, where there is one."""
    own = [d for d in made if not d.within]
    reasons = list(dict.fromkeys(d.reason for d in own))
    if len(reasons) == 1 and len(own) < 4:
        return f" ({', '.join(d.unique_id.split('.')[2] for d in own)}: {reasons[0]})"
    return f" ({reasons[0]})" if len(reasons) == 1 else ""


def reported(build: LayerBuild) -> Iterator[NodeResult]:
    """A result for every node: dbt's for those that were made, that of last time for others.

    Those that others read come first, as Dagster wants its outputs.
    """
    for unique_id in build.decisions:
        if unique_id in build.results:
            yield build.results[unique_id]
        elif build.is_skipped(unique_id):
            state = build.state_of(unique_id)
            yield NodeResult(unique_id, state.status, state.seconds, state.failures, "")
    # Tests that dbt takes along with models that were asked for.
    yield from (r for u, r in build.results.items() if u not in build.decisions)
