"""Who may see what: roles are policy and stand in git, users and their passwords do not."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import UserError
from orchestration.web.access import HASHES, Login

USERS_FILE = "C360_USERS_FILE"
AGGREGATES, PERSONS, CONTACT_POINTS = "aggregates", "persons", "contact_points"
RIGHTS = (AGGREGATES, PERSONS, CONTACT_POINTS)
SHOWN = "shown_without_contact_points"
SESSION = {"idle_minutes": 15, "longest_minutes": 480}
PAGE = "docs/customer-page.md describes it."


@dataclass(frozen=True)
class Roles:
    """The policy.

    Attributes:
        may: the rights of each role.
        shown: attributes and namespaces that are shown without the right to contact points.
        idle_minutes: after which without a look the password is asked for again.
        longest_minutes: after which it is in any case.
    """

    may: Mapping[str, frozenset[str]]
    shown: frozenset[str] = frozenset()
    idle_minutes: int = SESSION["idle_minutes"]
    longest_minutes: int = SESSION["longest_minutes"]


@dataclass(frozen=True)
class Users:
    """Who may come, and as what.

    Attributes:
        logins: by name.
        role_of: by name.
        roles: the policy.
    """

    logins: Mapping[str, Login] = field(repr=False)
    role_of: Mapping[str, str]
    roles: Roles

    def may(self, user: str, right: str) -> bool:
        """Whether a user has a right; nobody else, and no other right, is known."""
        return right in self.roles.may.get(self.role_of.get(user, ""), frozenset())

    @classmethod
    def from_env(
        cls, project_dir: Path, environment: Mapping[str, str] = os.environ
    ) -> Users | None:
        """Read the file that `C360_USERS_FILE` names, and the policy.

        Parameters:
            project_dir: the dbt project, in which the policy stands.
            environment: the variables.

        Returns:
            None where the variable is not set: then there is no customer page.

        Raises:
            UserError: a file can't be read or followed; all that is wrong with it is told.
        """
        named = environment.get(USERS_FILE, "").strip()
        if not named:
            return None
        return read_users(Path(named).expanduser(), read_roles(project_dir))


def is_switched_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a customer page, so that runs publish people for it."""
    return bool(environment.get(USERS_FILE, "").strip())


def read_roles(project_dir: Path) -> Roles:
    """The policy of a project.

    Parameters:
        project_dir: the dbt project.

    Raises:
        UserError: it is missing or can't be followed.
    """
    file = project_dir / "access" / "roles.yml"
    said = _mapping(file)
    wrong = [f"{key} is not known" for key in said if key not in ("roles", SHOWN, "session")]
    may: dict[str, frozenset[str]] = {}
    roles = said.get("roles")
    for name, role in roles.items() if isinstance(roles, dict) else ():
        rights = role.get("may") if isinstance(role, dict) and set(role) == {"may"} else None
        if not isinstance(rights, list) or not set(map(str, rights)) <= set(RIGHTS):
            wrong.append(f"roles.{name} needs `may`, a list of {', '.join(RIGHTS)}")
        elif CONTACT_POINTS in rights and PERSONS not in rights:
            wrong.append(f"roles.{name} may see {CONTACT_POINTS} and no {PERSONS}")
        else:
            may[str(name)] = frozenset(rights)
    if not isinstance(roles, dict) or not roles:
        wrong.append("roles is missing: a name and `may` for each")
    shown = said.get(SHOWN, [])
    if not isinstance(shown, list) or not all(isinstance(name, str) for name in shown):
        wrong.append(f"{SHOWN} is a list of attributes and namespaces")
        shown = []
    times = said.get("session", {})
    if not isinstance(times, dict) or not set(times) <= set(SESSION):
        wrong.append(f"session says {' and '.join(SESSION)}")
        times = {}
    for name, minutes in times.items():
        if type(minutes) is not int or not 1 <= minutes <= 1440:
            wrong.append(f"session.{name} is a whole number of minutes from 1 to 1440")
    _refuse(file, wrong)
    return Roles(may, frozenset(shown), **{**SESSION, **times})


def read_users(file: Path, roles: Roles) -> Users:
    """The users of a file.

    Parameters:
        file: YAML, `name: {role: …, password: …}` for each, passwords as hashes.
        roles: the policy.

    Raises:
        UserError: the file can be written by others, or can't be followed.
    """
    said = _mapping(file)
    if file.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UserError(
            f"{file} ({USERS_FILE}) can be written by others than its owner, who could give "
            f"themselves a role. Close it: chmod 600 {file}. {PAGE}",
            2,
        )
    wrong = [] if said else ["there is nobody in it"]
    logins, role_of = {}, {}
    for number, (name, about) in enumerate(said.items(), start=1):
        who = f"user {number}"
        if not isinstance(name, str) or not name.isprintable() or ":" in name or " " in name:
            wrong.append(f"{who}: a name is a text without colons and blanks")
            continue
        who = f"user {number} ({name[:40]})"
        if not isinstance(about, dict) or set(about) != {"role", "password"}:
            wrong.append(f"{who} needs `role` and `password`, and nothing else")
            continue
        if about["role"] not in roles.may:
            wrong.append(f"{who} has a role that access/roles.yml does not have")
        if not str(about["password"]).startswith(HASHES):
            wrong.append(f"{who} has a password that is no hash; `{PAGE[:21]}` says how to make it")
        logins[name] = Login(name, str(about["password"]))
        role_of[name] = str(about["role"])
    _refuse(file, wrong)
    return Users(logins, role_of, roles)


def _mapping(file: Path) -> dict[Any, Any]:
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        # Not the error's own text: it may repeat a line of the file.
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "strerror", None) or "it is no YAML"
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{file}{where} can't be read: {reason}. {PAGE}", 2) from None
    if not isinstance(said, dict):
        raise UserError(f"{file} can't be followed: it has to be names with values. {PAGE}", 2)
    return said


def _refuse(file: Path, wrong: list[str]) -> None:
    if wrong:
        told = "".join(f"\n  {mistake}" for mistake in wrong)
        raise UserError(f"{file} can't be followed:{told}\n{PAGE}", 2)
