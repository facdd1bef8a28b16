from __future__ import annotations

from drivers.fencing.agent import wording
from drivers.fencing.agent.metadata import Metadata, Option


def about(*names: str, **kinds: str) -> Metadata:
    options = {name: Option(name, 'string') for name in names}
    options |= {name: Option(name, kind) for name, kind in kinds.items()}
    return Metadata(options, frozenset())


def test_old_agents_are_told_old_names() -> None:
    settings = {'agent': 'fence_old', 'address': 'x', 'username': 'a', 'password': 'b', 'plug': 1}
    old = about('ipaddr', 'login', 'passwd', 'port')
    assert wording.options(settings, old) == {'ipaddr': 'x', 'login': 'a', 'passwd': 'b', 'port': 1}
    new = about('ip', 'ipaddr', 'username', 'password', 'plug', 'port')
    assert set(wording.options(settings, new)) == {'ip', 'username', 'password', 'plug'}


def test_an_agent_is_told_only_what_it_knows() -> None:
    told = wording.lines({'agent': 'fence_x'}, about('ip'), 'off', 10.0)
    assert told == 'action=off\n'


def test_the_action_cannot_be_replaced() -> None:
    settings = {'agent': 'fence_x', 'options': {'ip': 'x'}}
    assert wording.lines(settings, about('ip'), 'status', 10.0).splitlines()[0] == 'action=status'


def test_values_as_agents_read_them() -> None:
    assert [wording.spelled(value) for value in (True, False, 3, 2.5, 'x')] == [
        '1', '0', '3', '2.5', 'x',
    ]  # fmt: skip


def test_what_must_not_be_seen() -> None:
    settings = {'agent': 'x', 'password': 'a', 'secrets': {'b': 'c', 'd': {'env': 'E'}}}
    assert wording.secrets(settings) == ('a', 'c')
    assert wording.secrets({'agent': 'x'}) == ()
