"""Numbers, on both cores: what a double would round is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp_fast._core import accelerated, decimals, exact_float
from ocpp_fast._core.decimals import MAX_LITERAL, TINY, LongFloat

LITERALS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25}([eE][+-]?[0-9]{1,3})?|[eE][+-]?[0-9]{1,3})", fullmatch=True
)
cores = pytest.mark.parametrize(
    "read", [decimals.exact_float, exact_float], ids=["reference", "compiled" if accelerated else "chosen"]
)


@cores
@given(literal=LITERALS)
@example(literal="1e-400")
@example(literal="5e-324")
@example(literal="4.9406564584124654e-324")
@example(literal="0.30000000000000004")
@example(literal="1.00000000000000000001")
@example(literal="-0.0")
@example(literal="1.00000000000000000")
@example(literal="100000000000000000000.0")
@example(literal="9007199254740993.0")
@example(literal="0.000000000000000000001")
@example(literal="1e-300")
@example(literal="9.99e-301")
def test_R23_the_text_of_a_number_is_kept(read: Callable[[str], float], literal: str) -> None:
    if abs(Decimal(literal)) > sys.float_info.max:
        return
    value = read(literal)
    assert value == float(literal)
    assert Decimal(repr(value)) == Decimal(literal)
    tiny = abs(value) < TINY and Decimal(literal) != 0
    plain = Decimal(repr(float(literal))) == Decimal(literal) and not tiny
    assert type(value) is (float if plain else LongFloat)
    assert value.is_integer() is (Decimal(literal) == Decimal(literal).to_integral_value())


def test_both_cores_make_the_same_of_any_number_around_the_limits() -> None:
    rng = Random(7)
    for _ in range(20_000):
        digits = str(rng.randrange(10 ** rng.choice((1, 14, 15, 16, 17, 18, 19, 20, 30))))
        zeros = "0" * rng.choice((0, 0, 1, 5, 20))
        point = rng.randrange(len(digits) + 1)
        literal = f"{int(digits[:point] or 0)}.{zeros}{digits[point:] or 0}{'0' * rng.choice((0, 0, 3))}"
        if rng.random() < 0.5:
            literal += f"e{rng.randrange(-330, 290)}"
        found, expected = exact_float(literal), decimals.exact_float(literal)
        assert (type(found), repr(found)) == (type(expected), repr(expected))


@cores
@pytest.mark.parametrize("literal", ["0." + "1" * 255, "1e" + "0" * 255, "1e-999999999999999999999999"])
def test_R26_what_is_too_long_is_refused(read: Callable[[str], float], literal: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        read(literal)


@cores
@pytest.mark.parametrize("literal", ["0." + "1" * 254, "0e99999999999", "1E-" + "0" * 252 + "1", "1e-99999999999"])
def test_the_longest_and_the_smallest_are_read(read: Callable[[str], float], literal: str) -> None:
    assert len(literal) <= MAX_LITERAL
    assert read(literal) == float(literal)


@cores
@pytest.mark.parametrize("literal", ["", "a", "1e", "1.2.3", "é", "1é"])
def test_an_invalid_number_is_refused(read: Callable[[str], float], literal: str) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        read(literal)
