"""Policies: reviewed files that say what may not be done with data of which label."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestration.errors import UserError
from orchestration.segments.catalogue import nearest
from orchestration.segments.declared import OWNER
from orchestration.segments.reading import Document, read_rule_text
from orchestration.segments.refusals import refusal
from orchestration.usage.expressions import Expression, expression

ACTIVATION = Path("activation")
"""Below the dbt project: what leaves, to where, and what may not."""
DOCS = "docs/data-usage-policies.md says what the files hold."
MARKETING_ACTIONS = (
    "analytics", "combine_with_identity", "cross_site_targeting", "data_science", "email_targeting",
    "export_to_third_party", "onsite_ads", "onsite_personalisation", "segment_match",
    "single_identity_personalisation",
)  # fmt: skip
EVERY = "every"
LABEL = r"^[A-Za-z][A-Za-z0-9_]{0,29}$"
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Model = TypeVar("Model", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class PolicyException(_Strict):
    """A policy that does not hold for one sync.

    Attributes:
        policy: its name.
        author: who answers for it.
        reason: why, for whoever reads it later.
        until: the last day on which it counts.
    """

    policy: Word
    author: Annotated[str, Field(pattern=OWNER)]
    reason: Annotated[str, Field(min_length=10, max_length=400)]
    until: date


class Policy(_Strict):
    """What may not be done with data of some labels.

    Attributes:
        title: what data it is about, for people.
        labels: the expression that what leaves must not satisfy.
        marketing_actions: what it must not be used for; every for whatever leaves.
        enabled: it refuses nothing where it is false.
    """

    title: Text
    labels: Annotated[Expression, BeforeValidator(expression)]
    marketing_actions: Literal["every"] | list[Literal[MARKETING_ACTIONS]]  # type: ignore[valid-type]
    enabled: bool = True

    def is_about(self, actions: Collection[str] | None) -> bool:
        """Whether it is about one of these actions; None is what may be used for any."""
        if self.marketing_actions == EVERY or actions is None:
            return True
        return not {*actions}.isdisjoint(self.marketing_actions)


class _PolicyFile(_Strict):
    owner: Annotated[str, Field(pattern=OWNER)]
    policies: dict[Word, Policy] = Field(min_length=1)


class _LabelFile(_Strict):
    labels: dict[Annotated[str, Field(pattern=LABEL)], Text] = Field(min_length=1)


@dataclass(frozen=True)
class Rules:
    """The labels that there are, and the policies over them.

    Attributes:
        labels: what each means.
        policies: by name, also those that are not enabled.
        files: where each policy stands, for messages.
    """

    labels: Mapping[str, str]
    policies: Mapping[str, Policy]
    files: Mapping[str, str]


def read_rules(folder: Path) -> Rules:
    """The labels and policies of a project.

    Parameters:
        folder: of activation; labels.yml and policies/*.yml are in it.

    Raises:
        UserError: one can't be followed; nothing may leave then.
    """
    if not (folder / "labels.yml").exists():
        raise UserError(
            f"There is no {folder.name}/labels.yml in the dbt project. It says what labels there "
            "are, so nothing may leave. Take the one that comes with the project.",
            2,
        )
    document = read_rule_text(folder / "labels.yml", f"{folder.name}/labels.yml")
    labels = _read(_LabelFile, document).labels
    policies: dict[str, Policy] = {}
    files: dict[str, str] = {}
    for path in sorted((folder / "policies").glob("*.yml")):
        name = f"{folder.name}/policies/{path.name}"
        document = read_rule_text(path, name)
        for policy, said in _read(_PolicyFile, document).policies.items():
            place = document.place(("policies", policy))
            if policy in policies:
                raise UserError(f"{place}: {files[policy]} has a policy of that name already.", 2)
            require_labels(said.labels.words(), labels, place)
            policies[policy], files[policy] = said, name
    return Rules(labels, policies, files)


def require_labels(words: Iterable[str], labels: Collection[str], place: str) -> None:
    """Refuse a label that there is not.

    Raises:
        UserError: it says where, and the nearest.
    """
    for word in words:
        if word not in labels:
            raise UserError(f"{place}: there is no label '{word}'{nearest(word, labels)}.", 2)


def _read(model: type[Model], document: Document) -> Model:
    data: Any = document.data
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise refusal(document, error, DOCS) from None
