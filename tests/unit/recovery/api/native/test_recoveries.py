"""Recoveries over HTTP: what is read, what is ordered, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.operate.callers import Caller
from tests.unit.recovery.api.native.conftest import Native

NOBODY = '00000000-0000-0000-0000-000000000000'


def held(native: Native, *gates: str, **more: Any) -> str:
    run = native.run
    identifier = run.recovery(state='held', code='held', reason='held', next_check=9e9, **more)
    run.add(
        'decision', recovery=identifier, stage='intake', answer='hold', gate=gates[0],
        reason='held', at=run.store.clock.now(),
        gates=[
            {'gate': name, 'question': '?', 'inputs': {}, 'answer': 'hold', 'reason': f'{name}!',
             'verb': 'recovery unpause', 'approved': False}
            for name in gates
        ],
    )  # fmt: skip
    return identifier


def order(native: Native, identifier: str, action: str, status: int = 200, **more: Any) -> Any:
    body = {'action': action} | more
    return native.post(f'/recoveries/{identifier}/actions', body, status=status)  # fmt: skip


def message(answer: Any) -> Any:
    (inner,) = answer.values()
    return inner


def test_the_list_is_filtered(native: Native) -> None:
    run = native.run
    one = run.recovery('compute-01', 'held')
    two = run.recovery('compute-02', 'done', ended_at=1000.0)
    run.recovery('compute-02', 'done', kind='host-return')

    def ids(**query: Any) -> set[str]:
        return {each['id'] for each in native.get('/recoveries', **query)['recoveries']}

    assert len(ids()) == 3
    assert ids(state='held') == {one}
    assert len(ids(state=['held', 'done'])) == 3
    assert ids(host='compute-02', kind='host-down') == {two}
    assert two not in ids(since='1h')
    assert two in ids(since='1970-01-01T00:00:00Z')


def test_a_list_is_read_page_by_page(native: Native) -> None:
    now = native.run.store.clock.now()
    # Two of the same moment: the order among them must not change from page to page.
    made = [
        native.run.recovery(f'compute-0{number}', created_at=now - number // 2)
        for number in range(7)
    ]
    seen, marker, pages = [], None, 0
    while True:
        query = {'limit': 2} | ({'marker': marker} if marker else {})
        page = native.get('/recoveries', **query)
        seen += [one['id'] for one in page['recoveries']]
        pages, marker = pages + 1, page['next']
        if marker is None:
            break
    assert (sorted(seen), len(seen), pages) == (sorted(made), 7, 4)
    assert native.get('/recoveries', status=404, marker=NOBODY)


def test_the_site_bounds_a_page(native: Native) -> None:
    for number in range(3):
        native.run.recovery(f'compute-0{number}')
    native.site.conf.set_override('max_limit', 2, 'api')
    page = native.get('/recoveries', limit=1000)
    assert (len(page['recoveries']), page['next']) == (2, page['recoveries'][-1]['id'])


@pytest.mark.parametrize(
    'query', [{'limit': 0}, {'limit': 1001}, {'limit': 'many'}, {'state': 'no'}, {'colour': 'red'},
              {'since': 'yesterday'}, {'host': ['a', 'b']}, {'host': ''}],
)  # fmt: skip
def test_a_bad_question_is_answered_with_what_is_bad(native: Native, query: Any) -> None:
    said = message(native.get('/recoveries', status=400, **query))
    assert next(iter(query)) in said['message']


def test_one_is_shown_by_the_beginning_of_its_id(native: Native) -> None:
    identifier = held(native, 'mass-failure')
    found = native.get(f'/recoveries/{identifier[:8]}')
    assert found['id'] == identifier
    assert found['holding'][0]['gate'] == 'mass-failure'
    assert found['steps'][0]['name'] == 'verify-down'


def test_an_id_that_there_is_not_or_that_several_have(native: Native) -> None:
    native.run.recovery('compute-01', id=f'abc{NOBODY[3:]}')
    native.run.recovery('compute-02', id=f'abd{NOBODY[3:]}')
    for path in ('', '/items', '/history', '/graph', '/bundle'):
        native.get(f'/recoveries/ffff{path}', status=404)
        assert 'several' in message(native.get(f'/recoveries/ab{path}', status=409))['message']
    order(native, 'ffff', 'approve', 404)
    order(native, 'ab', 'approve', 409)


def test_instances_and_history_are_pages_too(native: Native) -> None:
    identifier = native.run.recovery(state='waiting')
    for number in range(3):
        native.run.item(identifier, f'vm-{number}', 'moved' if number else 'failed')
        native.run.add('event', recovery=identifier, at=float(number), who='w', what=f'{number}',
                       why='')  # fmt: skip
    items = native.get(f'/recoveries/{identifier}/items', limit=2)
    rest = native.get(f'/recoveries/{identifier}/items', limit=2, marker=items['next'])
    assert [one['name'] for one in items['items'] + rest['items']] == ['vm-0', 'vm-1', 'vm-2']
    assert rest['next'] is None
    failed = native.get(f'/recoveries/{identifier}/items', state='failed')
    assert [one['name'] for one in failed['items']] == ['vm-0']
    story = native.get(f'/recoveries/{identifier}/history', limit=2)
    more = native.get(f'/recoveries/{identifier}/history', limit=2, marker=story['next'])
    assert [one['what'] for one in story['history'] + more['history']] == ['0', '1', '2']
    assert more['next'] is None
    assert native.get(f'/recoveries/{identifier}/history', sort='proof')['history'] == []


def test_graphs(native: Native) -> None:
    identifier = native.run.recovery()
    assert native.get(f'/recoveries/{identifier}/graph').startswith('<svg')
    assert 'digraph' in native.get(f'/recoveries/{identifier}/graph', format='dot')
    assert 'flowchart' in native.get('/kinds/host-down/graph', format='mermaid')
    native.get('/kinds/host-up/graph', status=404)


def test_an_approval(native: Native) -> None:
    identifier = held(native, 'mass-failure', 'foreign')
    done = order(native, identifier[:8], 'approve', reason='I looked')
    assert done['gates'] == ['mass-failure', 'foreign']
    row = native.run.row(identifier)
    assert (row['state'], row['approved_by'], row['approved_reason']) == (
        'ready', 'carol', 'I looked',
    )  # fmt: skip


def test_an_approval_is_of_what_was_shown(native: Native) -> None:
    identifier = held(native, 'mass-failure', 'foreign')
    refused = message(order(native, identifier, 'approve', 409, seen=['foreign']))
    assert 'meanwhile the gate "mass-failure" says: mass-failure!' in refused['message']
    other = {'gate': 'mass-failure', 'kind': 'found', 'extent': {'cloud': 4}}
    order(native, identifier, 'approve', 409, seen=['foreign', other])
    for nonsense in ('foreign', [{'gate': 'foreign'}], [{**other, 'extent': {'cloud': 'x'}}]):
        order(native, identifier, 'approve', 400, seen=nonsense)
    order(native, identifier, 'approve', seen=['foreign', 'mass-failure'])


def test_a_refusal_says_what_leads_on(native: Native) -> None:
    identifier = held(native, 'paused')
    refused = message(order(native, identifier, 'approve', 409))
    assert refused['code'] == 409
    assert 'no approval opens the gate "paused"' in refused['message']
    assert refused['verb'] == 'recovery unpause'


def test_reject_rerun_cancel_settle(native: Native) -> None:
    identifier = held(native, 'mass-failure')
    assert order(native, identifier, 'reject')['said'] == ['rejected: nothing was or will be done']
    assert order(native, identifier, 'rerun', items='all')['round'] == 2
    done = order(native, identifier, 'cancel', how='leave', reason='enough')
    assert done['outcome'] == 'ended'
    assert native.run.row(identifier)['reason'] == 'cancelled by carol: enough'
    waiting = native.run.recovery('compute-02', 'waiting')
    native.run.item(waiting, 'vm', 'unsettled')
    word: Any = {'instance': 'vm', 'reason': 'I saw it', 'as': 'moved'}
    done = order(native, waiting, 'settle', **word)
    assert done['instance'] == 'vm'


@pytest.mark.parametrize(
    ('body', 'part'),
    [
        ({'action': 'cancel', 'how': 'leave'}, 'reason'),
        ({'action': 'cancel', 'how': 'leave', 'reason': ' '}, 'reason'),
        ({'action': 'cancel', 'how': 'maybe', 'reason': 'x'}, 'how'),
        ({'action': 'settle', 'instance': 'vm', 'as': 'moved'}, 'reason'),
        ({'action': 'explode'}, 'action'),
        ({'reason': 'x'}, 'action'),
        ({'action': 'approve', 'force': True}, 'force'),
        ([], 'object'),
        (None, 'object'),
    ],
)
def test_a_bad_order_names_what_is_bad(native: Native, body: Any, part: str) -> None:
    identifier = native.run.recovery(state='held')
    said = message(native.post(f'/recoveries/{identifier}/actions', body, status=400))
    assert part in said['message']
    assert native.run.row(identifier)['state'] == 'held'


def test_who_may_not_is_told_the_rule(native: Native) -> None:
    identifier = held(native, 'mass-failure')
    native.caller = Caller('eve', ('reader',), system=True)
    assert native.get(f'/recoveries/{identifier}')['id'] == identifier
    said = message(order(native, identifier, 'approve', 403))
    assert 'recovery:approve' in said['message']
    native.caller = Caller('mallory', ('member',))
    native.get('/recoveries', status=403)
    assert native.run.row(identifier)['state'] == 'held'


def test_a_role_of_a_segment_holds_for_its_hosts_alone(native: Native) -> None:
    native.run.add('host', name='compute-01', maintenance=False, carries=[], identities={},
                   segment='rack-1')  # fmt: skip
    mine, other = held(native, 'mass-failure'), held(native, 'mass-failure', host='compute-02')
    lines = ('role:admin operator,reader segments=rack-1',)
    native.caller = Caller('carol', ('admin',), lines=lines)
    order(native, other, 'approve', 403)
    order(native, mine, 'approve')
