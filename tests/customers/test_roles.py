"""The policy and the users: what can't be followed lets nobody in, and sessions end."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.customers.roles import Roles, Users, read_roles, read_users
from orchestration.customers.sessions import MOST_SESSIONS, Sessions
from orchestration.errors import UserError
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.web.access import Access
from tests.customers.people import HASH, PASSWORD, users_file

ROLES = Roles({"service": frozenset({"persons"})}, idle_minutes=15, longest_minutes=480)


def policy(folder: Path, text: str) -> Path:
    (folder / "access").mkdir(exist_ok=True)
    (folder / "access" / "roles.yml").write_text(text)
    return folder


def test_the_shipped_roles() -> None:
    roles = read_roles(DBT_PROJECT_DIR)
    assert {name: set(rights) for name, rights in roles.may.items()} == {
        "analyst": {"aggregates"},
        "service": {"aggregates", "persons"},
        "data_protection": {"aggregates", "persons", "contact_points"},
    }
    assert not roles.shown & {"email", "phone", "street", "login", "birth_date", "cookie"}


def test_without_the_variable_there_is_no_page() -> None:
    assert Users.from_env(DBT_PROJECT_DIR, {}) is None
    assert Users.from_env(DBT_PROJECT_DIR, {"C360_USERS_FILE": " "}) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has to be names"),
        ("roles: {}", "roles is missing"),
        ("roles: {a: {may: [everything]}}", "roles.a needs `may`"),
        ("roles: {a: [persons]}", "roles.a needs `may`"),
        ("roles: {a: {may: persons}}", "roles.a needs `may`"),
        ("roles: {a: {may: [contact_points]}}", "and no persons"),
        ("roles: {a: {may: []}}\nshown: [email]", "shown is not known"),
        ("roles: {a: {may: []}}\nsession: {idle_minutes: 0}", "session.idle_minutes"),
        ("roles: {a: {may: []}}\nsession: {idle_minutes: true}", "session.idle_minutes"),
        ("roles: {a: {may: []}\n  b: [", "line 2"),
    ],
)
def test_a_policy_that_can_not_be_followed_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read_roles(policy(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "nobody in it"),
        (f"ana: {{role: boss, password: '{HASH}'}}", "has a role that"),
        (f"ana: {{role: service, password: '{PASSWORD}'}}", "is no hash"),
        (f"ana: {{role: service, password: '{HASH}', may: x}}", "nothing else"),
        (f"'a:b': {{role: service, password: '{HASH}'}}", "without colons"),
        (f"1: {{role: service, password: '{HASH}'}}", "a name is a text"),
    ],
)
def test_users_that_can_not_be_followed_are_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "users.yml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(UserError, match=says) as told:
        read_users(file, ROLES)
    assert HASH not in str(told.value)
    assert PASSWORD not in str(told.value)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    file = users_file(tmp_path, {"sam": "service"})
    file.chmod(0o620)
    with pytest.raises(UserError, match="chmod 600"):
        read_users(file, ROLES)


def test_users_are_a_login(tmp_path: Path) -> None:
    users = read_users(users_file(tmp_path, {"sam": "service"}), ROLES)
    environment = {"C360_LISTEN": "192.168.1.5"}
    access = Access.from_env(environment=environment, users=users.logins.values())
    assert [login.user for login in access.logins] == ["sam"]
    assert HASH not in repr(users)


def test_nobody_may_what_is_not_said(tmp_path: Path) -> None:
    users = read_users(users_file(tmp_path, {"sam": "service"}), ROLES)
    assert users.may("sam", "persons")
    for user, right in (("sam", "aggregates"), ("sam", ""), ("", "persons"), ("eve", "persons")):
        assert not users.may(user, right)


def test_a_session_ends_without_a_look_and_after_a_day(tmp_path: Path) -> None:
    now = 0.0
    users = read_users(users_file(tmp_path, {"sam": "service", "eve": "service"}), ROLES)
    sessions = Sessions(users, clock=lambda: now)
    token = sessions.begin("sam", PASSWORD, "a")
    assert isinstance(token, str)
    assert not sessions.goes_on("eve", token)
    for _ in range(32):
        assert sessions.goes_on("sam", token)
        now += 15 * 60
    now += 1
    assert not sessions.goes_on("sam", token), "eight hours are over"
    token = sessions.begin("sam", PASSWORD, "a")
    assert isinstance(token, str)
    now += 15 * 60 + 1
    assert not sessions.goes_on("sam", token), "nobody has looked for a while"


def test_guesses_of_the_password_are_counted(tmp_path: Path) -> None:
    users = read_users(users_file(tmp_path, {"sam": "service"}), ROLES)
    sessions = Sessions(users, clock=lambda: 0.0)
    statuses = [sessions.begin("sam", f"wrong {n}", "a") for n in range(11)]
    assert [one.status for one in statuses if not isinstance(one, str)] == [403] * 10 + [429]
    assert not isinstance(sessions.begin("sam", PASSWORD, "a"), str)
    assert isinstance(sessions.begin("sam", PASSWORD, "b"), str)


def test_sessions_do_not_fill_the_memory(tmp_path: Path) -> None:
    users = read_users(users_file(tmp_path, {"sam": "service"}), ROLES)
    sessions = Sessions(users)
    tokens = [sessions.begin("sam", PASSWORD, "a") for _ in range(MOST_SESSIONS + 1)]
    known = [sessions.goes_on("sam", token) for token in tokens if isinstance(token, str)]
    assert known == [False] + [True] * MOST_SESSIONS
