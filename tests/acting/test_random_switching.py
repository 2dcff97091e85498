"""Whatever people do in whatever order, no token, userinfo or introspection names another company than was chosen."""

import secrets
import time
from collections import Counter

import pytest

from tests.acting.switching_acts import Move, Switching, a_sequence
from tests.acting.switching_world import World
from tests.harness.people import Town


def trouble_of(world: World, second: str, moves: list[Move], counts: Counter[str]) -> str | None:
    """What a sequence came to that must not be, or None."""
    try:
        Switching(world, second, counts).play(moves)
    except AssertionError as error:
        return str(error)
    return None


def shortest(world: World, second: str, moves: list[Move]) -> tuple[list[Move], str]:
    """A failing sequence without the acts that it fails without as well, and what it comes to."""
    found = ""
    for place in reversed(range(len(moves))):
        fewer = [move for at, move in enumerate(moves) if at != place]
        trouble = trouble_of(world, second, fewer, Counter())
        if trouble is not None:
            moves, found = fewer, trouble
    return moves, found


def switch_at_random(town: Town, seeds: range) -> Counter[str]:
    """A sequence for each number; how often what was done. A failure tells its number and its shortest sequence."""
    world, counts, began = World(town), Counter[str](), time.monotonic()
    for played, seed in enumerate(seeds, 1):
        second, moves = a_sequence(seed)
        trouble = trouble_of(world, second, moves, counts)
        if trouble is not None:
            fewer, again = shortest(world, second, moves)
            told = "\n  ".join([f"the second browser is for {second}", *(f"{act} {given}" for act, given in fewer)])
            pytest.fail(f"sequence {played}, number {seed}: {trouble}\n\n  {told}\n\n{again}")
    print(f"\n{time.monotonic() - began:.1f} s: {dict(sorted(counts.items()))}")
    return counts


def test_nobody_is_ever_another_company_than_was_chosen(provider: Town) -> None:
    """LK06, TK10: a hundred sequences, the same ones each time."""
    counts = switch_at_random(provider, range(100))
    assert counts["answers"] > 1000


@pytest.mark.soak
def test_nobody_is_in_a_thousand_sequences(provider: Town) -> None:
    """Other ones each time."""
    first = secrets.randbelow(10**9)
    switch_at_random(provider, range(first, first + 1000))
