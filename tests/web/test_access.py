"""What the environment may say, and the door."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.security import generate_password_hash

from orchestration.errors import UserError
from orchestration.web.access import Access, Login
from orchestration.web.login import MOST_ADDRESSES, MOST_FAILURES, WINDOW_SECONDS, Doorkeeper
from tests.web.serving import PASSWORD, basic, login_in


def test_nothing_needs_to_be_said_on_a_laptop() -> None:
    access = Access.from_env(environment={})
    assert (access.address, access.proxies, access.logins) == ("127.0.0.1", (), ())


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"C360_LISTEN": "0.0.0.0"}, "C360_LOGIN"),
        ({"C360_LISTEN": "192.168.1.5", "C360_LOGIN_BY_PROXY": "yes"}, "C360_LOGIN"),
        ({"C360_LISTEN": "::"}, "C360_LOGIN"),
        ({"C360_LISTEN": "everywhere"}, "0.0.0.0"),
        ({"C360_ALLOWED_HOSTS": "c360.example.com"}, "C360_LOGIN_BY_PROXY"),
        ({"C360_ALLOWED_HOSTS": "*"}, "wildcards"),
        ({"C360_ALLOWED_HOSTS": "https://c360.example.com"}, "without http://"),
        ({"C360_ALLOWED_HOSTS": "c360.example.com:443"}, "port"),
        ({"C360_TRUSTED_PROXIES": "*"}, "not everybody"),
        ({"C360_TRUSTED_PROXIES": "0.0.0.0/0"}, "not everybody"),
        ({"C360_TRUSTED_PROXIES": "proxy"}, "address"),
        ({"C360_LOGIN": "ana"}, "C360_LOGIN_PASSWORD_FILE"),
        ({"C360_LOGIN_PASSWORD_FILE": "/nowhere"}, "C360_LOGIN"),
        ({"C360_LOGIN": "ana", "C360_LOGIN_PASSWORD_FILE": "/nowhere"}, "No such file"),
        ({"C360_LOGIN": "ana", "C360_LOGIN_PASSWORD_FILE": "/dev/zero"}, "not a file"),
        ({"C360_LOGIN": "a:b", "C360_LOGIN_PASSWORD_FILE": "/nowhere"}, "colon"),
    ],
)
def test_what_is_wrong_or_would_open_the_page_is_refused(
    environment: dict[str, str], words: str
) -> None:
    with pytest.raises(UserError, match=re.escape(words)) as told:
        Access.from_env(environment=environment)
    assert told.value.exit_code == 2


def test_with_a_login_the_page_may_be_opened(tmp_path: Path) -> None:
    said = {
        **login_in(tmp_path),
        "C360_LISTEN": "192.168.1.5",
        "C360_ALLOWED_HOSTS": "C360.example.com, other.example",
        "C360_TRUSTED_PROXIES": "172.18.0.0/16",
    }
    access = Access.from_env(environment=said)
    assert access.hosts == {"c360.example.com", "other.example", "192.168.1.5"}
    assert access.proxies == ("172.18.0.0/16",)
    assert PASSWORD not in repr(access)
    assert Access.from_env("127.0.0.1", said).address == "127.0.0.1"


def test_a_password_that_others_can_read_is_refused_but_not_its_hash(tmp_path: Path) -> None:
    environment = login_in(tmp_path)
    file = Path(environment["C360_LOGIN_PASSWORD_FILE"])
    file.chmod(0o640)
    with pytest.raises(UserError, match="chmod 600"):
        Access.from_env(environment=environment)
    file.write_text(generate_password_hash(PASSWORD))
    [login] = Access.from_env(environment=environment).logins
    assert login.is_hashed
    door = Doorkeeper([login])
    assert [door.refuse(basic(), "a"), door.refuse(basic(), "a")] == [None, None]
    assert door.refuse(basic(password="wrong"), "a")
    assert door.refuse(basic(password=file.read_text()), "a")


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="8"):
        Access.from_env(environment=login_in(tmp_path, "short"))


def test_guesses_are_counted_for_each_address_and_forgotten() -> None:
    now = 0.0
    door = Doorkeeper([Login("ana", PASSWORD)], clock=lambda: now)
    for _ in range(MOST_FAILURES):
        refusal = door.refuse(basic(password="wrong"), "guesser")
        assert refusal and refusal.status == 401
    blocked = door.refuse(basic(), "guesser")
    assert blocked and blocked.status == 429
    assert door.refuse(basic(), "somebody else") is None
    now = WINDOW_SECONDS + 1
    assert door.refuse(basic(), "guesser") is None


def test_many_addresses_do_not_fill_the_memory() -> None:
    door = Doorkeeper([Login("ana", PASSWORD)])
    for number in range(MOST_ADDRESSES + 50):
        door.refuse(basic(password="wrong"), f"address {number}")
    assert len(door._failures) == MOST_ADDRESSES


@pytest.mark.parametrize("sent", ["", "Basic", "Basic !!!", "Basic /////w==", "Basic YW5h", "x y"])
def test_nonsense_is_a_wrong_login(sent: str) -> None:
    refusal = Doorkeeper([Login("ana", PASSWORD)]).refuse(sent, "a")
    assert refusal and refusal.status == 401
