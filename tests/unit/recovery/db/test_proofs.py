"""Proofs: of one round, until they expire or are void; a used confirmation stays (S4, H7)."""

from __future__ import annotations

import pytest

from recovery.claims.claim import Claim
from recovery.db import proofs
from tests.unit.recovery.claims.scene import HOST, Scene


@pytest.fixture
def claim(here: Scene) -> Claim:
    return here.claimed()


def human(here: Scene, claim: Claim, **values: object) -> int:
    now = here.clock.now()
    row = {
        'recovery': claim.recovery_id, 'round_': 1, 'epoch': 1, 'host': HOST, 'by': 'ann',
        'statement': 'off and stays off', 'at': now, 'expires_at': now + 300.0,
    } | values  # fmt: skip
    with here.store.write() as connection:
        return proofs.add_human(connection, **row)  # type: ignore[arg-type]


def power(here: Scene, claim: Claim) -> int:
    with here.store.write() as connection:
        return proofs.add_power(connection, claim, 2, [{'bmc': 'off', 'at': 1.0}]).id


def standing(here: Scene, claim: Claim, round_: int = 1) -> int | None:
    with here.store.read() as connection:
        found = proofs.standing_confirmation(
            connection, claim.recovery_id, round_, here.clock.now()
        )
    return found.id if found else None


def test_a_power_proof_is_of_its_claim(here: Scene, claim: Claim) -> None:
    number = power(here, claim)
    with here.store.read() as connection:
        found = proofs.get(connection, number)
        assert proofs.get(connection, number + 1) is None
    assert found is not None
    assert (found.recovery, found.round, found.epoch, found.host) == (
        claim.recovery_id, 1, 1, HOST,
    )  # fmt: skip
    assert (found.kind, found.level, found.observations) == (
        'power', 2, ({'bmc': 'off', 'at': 1.0},),
    )  # fmt: skip
    assert (found.at, found.expires_at, found.void_reason) == (here.clock.now(), None, None)


def test_a_human_is_named(here: Scene, claim: Claim) -> None:
    number = human(here, claim)
    with here.store.read() as connection:
        found = proofs.get(connection, number)
    assert found is not None
    assert (found.kind, found.by, found.statement) == ('human', 'ann', 'off and stays off')


def holds(here: Scene, number: int) -> bool:
    with here.store.read() as connection:
        return proofs.holds(connection, number, here.clock.now())


class TestStanding:
    def test_until_it_expires(self, here: Scene, claim: Claim) -> None:
        number = human(here, claim)
        assert standing(here, claim) == number
        here.pass_(299.0)
        assert standing(here, claim) == number
        here.pass_(1.0)
        assert standing(here, claim) is None

    def test_until_the_end_once_it_was_used(self, here: Scene, claim: Claim) -> None:
        number = human(here, claim)
        here.pass_(299.0)
        assert holds(here, number)
        with here.store.write() as connection:
            proofs.extend(connection, number)
        here.pass_(86400.0)
        assert standing(here, claim) == number
        assert holds(here, number)

    def test_it_holds_no_more(self, here: Scene, claim: Claim) -> None:
        late, taken_back = human(here, claim), human(here, claim)
        with here.store.write() as connection:
            proofs.void(connection, taken_back, 'it reads on', here.clock.now())
        assert not holds(here, taken_back)
        here.pass_(300.0)
        assert not holds(here, late)
        assert standing(here, claim) is None

    def test_in_its_round_and_recovery_only(self, here: Scene, claim: Claim) -> None:
        human(here, claim)
        assert standing(here, claim, round_=2) is None
        assert standing(here, here.claimed('compute-02')) is None

    def test_not_when_it_is_void(self, here: Scene, claim: Claim) -> None:
        number = human(here, claim)
        with here.store.write() as connection:
            proofs.void(connection, number, 'it reads on', here.clock.now())
        assert standing(here, claim) is None

    def test_a_power_proof_is_no_confirmation(self, here: Scene, claim: Claim) -> None:
        power(here, claim)
        assert standing(here, claim) is None

    def test_the_newest(self, here: Scene, claim: Claim) -> None:
        human(here, claim)
        assert human(here, claim) == standing(here, claim)


def test_the_first_reason_for_which_it_is_void_stays(here: Scene, claim: Claim) -> None:
    number = power(here, claim)
    with here.store.write() as connection:
        proofs.void(connection, number, 'it reads on', 5.0)
        proofs.void(connection, number, 'a new round', 6.0)
        found = proofs.get(connection, number)
    assert found is not None
    assert found.void_reason == 'it reads on'


def test_the_newest_of_a_host_in_any_recovery(here: Scene, claim: Claim) -> None:
    first, at = power(here, claim), here.clock.now()
    here.pass_(10)
    second = human(here, claim)
    with here.store.write() as connection:

        def newest(**which: object) -> int | None:
            found = proofs.newest_of_host(connection, HOST, **which)  # type: ignore[arg-type]
            return found.id if found else None

        assert newest() == second
        assert newest(since=at) == second
        assert newest(since=here.clock.now()) is None
        proofs.void(connection, second, 'x', 1.0)
        assert newest() == first
        assert proofs.newest_of_host(connection, 'compute-02') is None


def test_a_proof_stands_in_its_round_until_it_is_void(here: Scene, claim: Claim) -> None:
    now = here.clock.now()

    def stands(round_: int) -> int | None:
        with here.store.read() as connection:
            found = proofs.standing(connection, claim.recovery_id, round_, now)
        return found.id if found else None

    assert stands(claim.round) is None
    number = power(here, claim)
    assert (stands(claim.round), stands(claim.round + 1)) == (number, None)
    with here.store.write() as connection:
        proofs.void(connection, number, 'it reads on', now)
    assert stands(claim.round) is None
