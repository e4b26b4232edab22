"""docs/protocol.md has every rule that is cited; every rule that is built has a test, and a source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from ocpp_fast.faults import Fault, dialect_of, fault_of

from ..sources import ROOT

pytestmark = pytest.mark.once

PAGE: Final = (ROOT / "docs" / "protocol.md").read_text("utf-8")
ROWS: Final = re.findall(r"^\| (R\d+a?) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
RULES: Final[dict[str, str]] = {number: text for number, text, _ in ROWS}
"""What the page says of each rule."""

LATER: Final[frozenset[str]] = frozenset()
"""The rules that are not built at all; only these may lack a test."""

SOURCES: Final = ("ocpp_fast", "ocpp_fast_ext", "tests", "benchmarks", "examples", "docs")
SUFFIXES: Final = frozenset({".py", ".pyx", ".pxd", ".pyi", ".h", ".md"})
CITED: Final = re.compile(r"(?<![^\W_])R(\d{1,2}a?)(?![^\W_]|\.FR)")
TEST: Final = re.compile(r"def test_((?:R\d{1,2}a?_)+)")
IN_TABLES: Final = re.compile(r"\"R(\d{1,2}a?)(?=[\"_])")


def texts(*folders: str) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the sources and pages in some folders, and of the pages beside them."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    for path in sorted(paths) + sorted(ROOT.glob("*.md")):
        if path.suffix in SUFFIXES:
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def rule(digits: str) -> str:
    """Return the rule of a number: 05 is R5."""
    return f"R{digits.lstrip('0')}"


def cited(text: str) -> set[str]:
    return {rule(digits) for digits in CITED.findall(text)}


def rules_of_tests(name: str, text: str) -> set[str]:
    """Return the rules that tests of a file are named after, and those that rows of tests/protocol name."""
    found = [each for numbers in TEST.findall(text) for each in re.findall(r"\d+a?", numbers)]
    if name.startswith("tests/protocol/"):
        found += IN_TABLES.findall(text)
    return {rule(each) for each in found}


def test_every_rule_that_is_cited_stands_on_the_page() -> None:
    unknown = {name: cited(text) - RULES.keys() for name, text in texts(*SOURCES)}
    assert {name: rules for name, rules in unknown.items() if rules and name != "tests/docs/test_rules.py"} == {}


def test_every_rule_that_is_built_has_a_test() -> None:
    proved = set().union(*(rules_of_tests(name, text) for name, text in texts("tests")))
    assert {number for number, text in RULES.items() if not text.startswith("Not built yet")} - proved == set()


def test_only_rules_of_later_work_are_not_built_at_all() -> None:
    assert {number for number, text in RULES.items() if text.startswith("Not built yet")} == LATER


def test_every_rule_stands_once_and_says_where_it_comes_from() -> None:
    numbers = re.findall(r"^\| (R\d+a?)\b", PAGE, re.MULTILINE)
    assert numbers == list(RULES)
    assert [number for number, text, source in ROWS if not text.strip() or not source.strip()] == []


def test_the_page_names_both_ways_to_refuse_a_client_without_a_common_subprotocol() -> None:
    assert all(word in RULES["R31"] for word in ("1002", "`refuse_unknown_subprotocols=True`", "400", "TC_B_58"))


@pytest.mark.parametrize(("number", "column"), [("1.6", 1), ("2.0.1", 2), ("2.1", 2)])
def test_the_codes_of_faults_are_those_of_the_code(number: str, column: int) -> None:
    dialect = dialect_of(number)
    for row in re.findall(r"^\| (.+) \| (\w+) \| (\w+) \|$", PAGE, re.MULTILINE):
        keywords = re.findall(r"`(\w+)`", row[0])
        faults = [fault_of("field", keyword) for keyword in keywords]
        if not faults:
            faults = [Fault.NOT_AN_OBJECT if "object" in row[0] else Fault.HANDLER]
        assert {dialect.spell(dialect.codes[fault]) for fault in faults} == {row[column]}, row[0]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("(R5)", {"R5"}),
        ("R30-R33", {"R30", "R33"}),
        ('"R05_an_unknown_type"', {"R5"}),
        ("def test_R12_R17_x", {"R12", "R17"}),
        ("R10a, not R10", {"R10a", "R10"}),
        ("R04.FR.12, RFC 8259, R100, OR5, R10b", set()),
    ],
)
def test_what_cites_a_rule(text: str, rules: set[str]) -> None:
    """The tests above are as good as this."""
    assert cited(text) == rules
    assert rules_of_tests("tests/test_x.py", text) == (rules if text.startswith("def ") else set())
