"""Does the host live, by a channel apart from Nova and its power? (S9; the table of H16)."""

from __future__ import annotations

from recovery.policy.gate import Answer, Gate, admit, hold, unknown
from recovery.policy.inputs import Inputs, Missing, Sign


def _veto(inputs: Inputs) -> Answer:
    if isinstance(inputs.signs, Missing):
        return admit('nothing vetoes it: left to the gate "signs-of-life"')
    found = _living(inputs, 'veto')
    if not found:
        return admit('nothing that vetoes it shows the host alive', signs=_said(inputs.signs))
    return hold(
        f'{inputs.subject} is alive: {_sentence(found)}; nobody can approve that it is fenced',
        f'recovery cancel {inputs.id} --undo',
        signs=_said(inputs.signs),
    )


def _signs(inputs: Inputs) -> Answer:
    approve = f'recovery approve {inputs.id}'
    if isinstance(inputs.signs, Missing):
        return unknown(f'cannot look for signs of life: {inputs.signs.why}', approve)
    # An answer that nobody knows is taken for the careful one.
    found = [
        one for one in inputs.signs if one.alive is True and one.answer not in ('veto', 'record')
    ]
    said = _said(inputs.signs)
    if found:
        return hold(
            f'{inputs.subject} shows signs of life: {_sentence(found)}',
            approve,
            extent={one.name: 1 for one in found},
            signs=said,
        )
    recorded = _living(inputs, 'record')
    if recorded:
        return admit(f'no sign that counts; on record: {_sentence(recorded)}', signs=said)
    return admit('it shows no sign of life' if inputs.signs else 'no channel is configured',
                 signs=said)  # fmt: skip


def _living(inputs: Inputs, answer: str) -> list[Sign]:
    assert not isinstance(inputs.signs, Missing)
    return [one for one in inputs.signs if one.alive is True and one.answer == answer]


def _sentence(signs: list[Sign]) -> str:
    return '; '.join(f'{one.name} says {one.said}' for one in signs)


def _said(signs: tuple[Sign, ...]) -> dict[str, str]:
    words = {True: 'alive', False: 'silent', None: 'not known'}
    return {one.name: f'{words[one.alive]}: {one.said}' for one in signs}


VETO = Gate(
    name='veto',
    question='Does an agent of the host, or a lease that it renews, show it alive?',
    on_missing='open: the gate "signs-of-life" holds then',
    decide=_veto,
    needs=frozenset({'signs'}),
    approvable=False,
)

SIGNS = Gate(
    name='signs-of-life',
    question='Does the host answer on any channel apart from Nova and its power?',
    on_missing='closed: when no channel can be looked at at all; one that could not be asked says '
    'nothing, for a dead host cannot answer',
    decide=_signs,
    needs=frozenset({'signs'}),
)
