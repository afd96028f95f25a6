"""Who leaves through consent, and why others don't.

The rule is `profile.is_contact_allowed`. Of many at once `profile.contacts_allowed` says the same
of all contact points of which anything was said; all others have one answer.
"""

from __future__ import annotations

from datetime import UTC, datetime

from orchestration.ingest.sql import literal
from orchestration.segment_tools.choosing import Contact

HELD_BACK = ("no_contact_point", "denied", "not_confirmed", "never_asked")
"""Why a member does not leave."""


def held_back(relation: str, contact: Contact, points: int) -> str:
    """A select of members and why each does not leave, the first cause of any contact point.

    Parameters:
        relation: the members, with `kind<n>` and `point<n>` for each of their contact points.
        contact: the purpose and channel.
        points: how many contact points a member has.

    Returns:
        SQL over the warehouse: the relation's columns and `held_back`, null for who leaves.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    purpose, channel = literal(contact.purpose), literal(contact.channel)
    asking = f"{purpose}, {channel}, 'any', timestamp '{now}'"
    unspoken = f"(select profile.is_contact_allowed('', '', {asking}))"
    asked = [f"coalesce(spoken{n}.is_allowed, {unspoken}) as allowed{n}" for n in range(points)]
    joins = "".join(
        f" left join profile.contacts_allowed({asking}) as spoken{n} on "
        f"spoken{n}.contact_namespace = kind{n} and spoken{n}.contact_value = point{n}"
        for n in range(points)
    )
    # Why not is asked of those only who were not allowed: of most people nobody wants to know.
    told = [
        "(select max(case when status = 'denied' then 2 else 1 end) "
        "from profile.effective_consent as said where said.valid_to is null "
        f"and said.contact_namespace = kind{n} and said.contact_value = point{n} "
        f"and said.purpose in ({purpose}, 'any') and said.channel = {channel} "
        f"and said.topic = 'any') as said{n}"
        for n in range(points)
    ]
    causes = [(f"point{n} is null", "no_contact_point") for n in range(points)]
    for cause, said in (("denied", "= 2"), ("not_confirmed", "= 1"), ("never_asked", "is null")):
        causes += [(f"allowed{n} is not true and said{n} {said}", cause) for n in range(points)]
    held = " ".join(f"when {when} then '{cause}'" for when, cause in causes)
    allowed = " and ".join(f"point{n} is not null and allowed{n} is true" for n in range(points))
    unsaid = ", ".join(f"null as said{n}" for n in range(points))
    return (
        f"with asked as materialized (select members.*, {', '.join(asked)} "
        f"from {relation} as members{joins}) "
        f"select *, {unsaid}, cast(null as varchar) as held_back from asked where {allowed} "
        f"union all select *, case {held} end as held_back from (select *, {', '.join(told)} "
        f"from asked where not ({allowed})) as refused"
    )
