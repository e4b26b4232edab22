"""docs/protocol.md has every rule that is cited, and every rule that is built has a test that carries its number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "protocol.md").read_text("utf-8")
RULES: Final = dict(re.findall(r"^\| (R\d+a?) \| (.*?) \|", PAGE, re.MULTILINE))
"""What the page says of each rule."""

FOLDERS: Final = ("ocpp_fast", "ocpp_fast_ext", "tests", "benchmarks", "examples", "docs")
CITED: Final = re.compile(r"(?<![\w/])R(\d{1,2}a?)(?!\w)")
NAMES: Final = re.compile(r"\bdef test_((?:R\d{1,2}a?_)+)")
ROWS: Final = re.compile(r"\"(R\d{1,2}a?)\b")

LATER: Final = {"R43", "R50", "R51", "R52"}
"""The rules that may be not built at all."""


def texts(*folders: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each source and page."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".pyx", ".pxd", ".pyi", ".h", ".md"):
                yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def rule(digits: str) -> str:
    """Return the rule of a number: R05 is R5."""
    return f"R{digits.lstrip('0')}"


def is_later(text: str) -> bool:
    return text.startswith("Not built yet")


def test_no_rule_is_cited_that_the_page_does_not_have() -> None:
    cited = {(name, rule(digits)) for name, text in texts(*FOLDERS) for digits in CITED.findall(text)}
    assert {each for each in cited if each[1] not in RULES} == set()
    assert len(RULES) == len(re.findall(r"^\| R\d", PAGE, re.MULTILINE))


def test_only_what_later_work_brings_is_not_built() -> None:
    assert {each for each, text in RULES.items() if is_later(text)} == LATER


def named() -> Iterator[str]:
    """Yield the rules that tests are named after, and those that stand in the tables of tests/protocol."""
    for name, text in texts("tests"):
        found = [each for names in NAMES.findall(text) for each in names.split("_")]
        if name.startswith("tests/protocol/"):
            found += ROWS.findall(text)
        yield from (rule(each[1:]) for each in found if each)


def test_a_rule_that_is_built_has_a_test_of_its_number() -> None:
    assert {each for each, text in RULES.items() if not is_later(text)} - set(named()) == set()


def test_both_ways_to_refuse_a_client_without_a_common_subprotocol_are_named() -> None:
    assert "1002" in RULES["R31"] and "refuse_unknown_subprotocols=True" in RULES["R31"] and "TC_B_58" in RULES["R31"]
