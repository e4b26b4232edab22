"""The shape of the source: imports point one way, files are short, and no module is a box of odds and ends."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import ocpp_fast
import ocpp_fast.simulator

ROOT = Path(__file__).parents[1]
PACKAGE = "ocpp_fast"
EXTENSION = "ocpp_fast_ext"

pytestmark = pytest.mark.once

LAYERS: Mapping[str, frozenset[str]] = {
    unit: frozenset(below.split())
    for unit, below in {
        "ocpp_fast_ext": "",
        "escaping": "",
        "masking": "",
        "latest": "",
        "errors": "escaping",
        "_core": "ocpp_fast_ext",
        "schema": "_core errors masking",
        "v16": "schema",
        "v201": "schema",
        "v21": "schema",
        "signature": "",
        "faults": "errors",
        "tolerance": "_core",
        "lengths": "_core tolerance",
        "mending": "_core tolerance",
        "policy": "_core faults tolerance",
        "registration": "errors latest schema",
        "received": "_core errors escaping faults schema tolerance",
        "frames": "_core errors faults lengths mending policy received registration schema tolerance",
        "_jose": "",
        "signing": "_jose _core errors faults frames schema signature",
        "repeats": "frames",
        "waiting": "frames",
        "open_calls": "errors schema",
        "session": "_core errors faults frames open_calls policy received registration repeats schema waiting",
        "handlers": "schema signature",
        "routing": "errors handlers schema",
        "data_transfer": "_core errors faults handlers mending policy received routing schema tolerance",
        "queueing": "errors schema",
        "aio": "_core data_transfer errors escaping faults frames handlers latest masking policy queueing registration"
        " routing schema session signing tolerance",
        "cluster": "_core aio data_transfer errors escaping faults frames latest masking policy registration schema",
        "habits": "tolerance",
        "ocpp_fast": "_core aio cluster errors escaping faults frames habits handlers masking policy registration"
        " routing tolerance",
        "smart_charging": "v16 v201 v21",
        "simulator": "ocpp_fast smart_charging v16 v201 v21",
        "asgi": "aio errors schema",
        "testing": "_core aio cluster errors frames policy registration schema session signing simulator",
        "cli": "_core mending ocpp_fast schema simulator v16 v201 v21",
        "__main__": "cli",
    }.items()
}
"""Every unit, from the bottom up, and what it may import; `ocpp_fast` stands for the package's public names."""

TYPES_FROM_ANYWHERE = frozenset({"aio", "cluster", "handlers", "ocpp_fast"})
"""Units that may import what they only name in annotations, under `if TYPE_CHECKING`, from any other."""

IMPURE_UNITS = (
    "ocpp_fast_ext",
    "aio",
    "asgi",
    "cluster",
    "testing",
    "ocpp_fast",
    "simulator",
    "cli",
    "__main__",
    "_jose",
    "signing",
)
PURE = [unit for unit in LAYERS if unit not in IMPURE_UNITS]
"""Units that never see a clock, a socket, a loop or a random number."""
IMPURE = frozenset(
    {"asyncio", "random", "secrets", "selectors", "socket", "ssl", "threading", "time", "uvloop", "websockets"}
)

KERNEL_LINES = 1500
"""An extension module is one file: Cython spreads none over several but by `include`, which is worse."""

SOURCES = sorted((ROOT / PACKAGE).rglob("*.py"))
FILES = sorted(
    path
    for folder in (PACKAGE, EXTENSION, "tests", "benchmarks", "examples", "docs")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".pyx", ".pxd", ".pyi", ".h")
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_source = pytest.mark.parametrize("path", SOURCES, ids=name_of)
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def unit_of(module: str) -> str:
    """Return the unit of a module: `ocpp_fast.schema.plan` is of `schema`, any other library its own."""
    parts = module.split(".")
    return parts[1] if parts[0] == PACKAGE and len(parts) > 1 and parts[1] in LAYERS else parts[0]


def imported(node: ast.AST, package: str) -> Iterator[str]:
    """Yield the modules that a statement imports, with the names that it takes from them; `package` is around it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parts = package.split(".")[: 1 - node.level or None] if node.level else []
        module = ".".join([*parts, *([node.module] if node.module else [])])
        yield from (f"{module}.{alias.name}" for alias in node.names)


@cache
def imports_of(path: Path) -> list[tuple[str, bool]]:
    """Return all that a file imports, anywhere in it, and whether only its annotations need it."""
    module = module_of(path)
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    return [(name, node in for_types) for node in ast.walk(tree) for name in imported(node, package)]


def test_the_layers_are_those_of_the_package_each_above_what_it_imports() -> None:
    assert {unit_of(module_of(path)) for path in SOURCES} | {EXTENSION} == LAYERS.keys()
    order = list(LAYERS)
    for unit, below in LAYERS.items():
        assert below <= set(order[: order.index(unit)])


def test_every_module_is_of_a_unit_that_the_layers_know() -> None:
    for path in SOURCES:
        parts = module_of(path).split(".")
        assert len(parts) == 1 or parts[1] in LAYERS, f"{name_of(path)}: give it a row in LAYERS"


@each_source
def test_imports_point_one_way(path: Path) -> None:
    unit = unit_of(module_of(path))
    wrong = {
        name
        for name, for_types in imports_of(path)
        if (target := unit_of(name)) in LAYERS
        and target != unit
        and target not in LAYERS[unit]
        and not (for_types and unit in TYPES_FROM_ANYWHERE)
    }
    assert wrong == set()


@each_source
def test_only_the_selector_imports_the_extension(path: Path) -> None:
    if name_of(path) != f"{PACKAGE}/_core/__init__.py":
        assert [name for name, _ in imports_of(path) if unit_of(name) == EXTENSION] == []


@each_source
def test_what_is_pure_sees_no_clock_no_socket_and_no_loop(path: Path) -> None:
    if unit_of(module_of(path)) in PURE:
        assert {unit_of(name) for name, _ in imports_of(path)} & IMPURE == set()


@each_source
def test_the_simulator_and_the_command_line_use_public_names_only(path: Path) -> None:
    if unit_of(module_of(path)) in ("simulator", "cli"):
        taken = {name.partition(".")[2] for name, _ in imports_of(path) if unit_of(name) == PACKAGE}
        assert taken <= {*ocpp_fast.__all__, "__version__"}


@each_source
def test_the_command_line_uses_public_names_of_the_simulator_only(path: Path) -> None:
    if unit_of(module_of(path)) == "cli":
        taken = {name for name, for_types in imports_of(path) if unit_of(name) == "simulator" and not for_types}
        assert taken <= {f"{PACKAGE}.simulator.{each}" for each in ocpp_fast.simulator.__all__}


@pytest.mark.parametrize("path", [each for each in FILES if each.is_relative_to(ROOT / EXTENSION)], ids=name_of)
def test_the_extension_imports_nothing_of_the_package(path: Path) -> None:
    assert re.findall(rf"^\s*(?:c?import|from)\s+{PACKAGE}(?!\w).*", path.read_text("utf-8"), re.MULTILINE) == []


@each_file
def test_a_file_has_at_most_500_lines_and_declarations_800(path: Path) -> None:
    lines = path.read_text("utf-8").count("\n")
    assert lines <= (KERNEL_LINES if path.suffix == ".pyx" else 800 if is_declaration(path) else 500)


def is_declaration(path: Path) -> bool:
    return unit_of(module_of(path)) in ("v16", "v201", "v21")


@each_file
def test_no_module_is_a_box_of_odds_and_ends(path: Path) -> None:
    words = set(path.stem.strip("_").split("_"))
    assert words & {"util", "utils", "helper", "helpers", "misc", "base2", "common", "stuff"} == set()


USERS_CODE = {
    "ocpp_fast/escaping.py": "texts of exceptions",
    "ocpp_fast/aio/calls.py": "checks of results, and what is in the errors that these raise",
    "ocpp_fast/aio/central_system.py": "registrations, stations of ones own",
    "ocpp_fast/aio/uplink.py": "contexts of `ssl`, resolvers, hooks: whatever they raise, the next try follows",
    "ocpp_fast/aio/connection.py": "handlers",
    "ocpp_fast/aio/logs.py": "handlers and filters of loggers",
    "ocpp_fast/aio/draining.py": "functions that say who is busy, and the close code",
    "ocpp_fast/aio/delivery.py": "queues of ones own, and checks of results",
    "ocpp_fast/aio/endpoint.py": "functions of a policy",
    "ocpp_fast/aio/admission.py": "auth, identify, duplicates, policy, hooks of the handshake",
    "ocpp_fast/aio/handshake.py": "plain HTTP",
    "ocpp_fast/aio/hooks.py": "hooks",
    "ocpp_fast/aio/upgrade.py": "hooks",
    "ocpp_fast/aio/watching.py": "predicates of what is expected",
    "ocpp_fast/aio/workers.py": "exceptions that can't be pickled",
    "ocpp_fast/cluster/incoming.py": "subscribers",
    "ocpp_fast/cluster/nats.py": "contexts of `ssl`, resolvers: whatever they raise, the next try follows",
    "ocpp_fast/frames.py": "functions of a policy",
    "ocpp_fast/handlers.py": "annotations of handlers, which may be any text",
    "ocpp_fast/aio/stations.py": "stations of ones own",
    "ocpp_fast/aio/steps.py": "coroutines",
    "ocpp_fast/open_calls.py": "`may_send` of a call",
    "ocpp_fast/session.py": "what is in the errors that handlers raise",
    "ocpp_fast/signing.py": "key lookups, choices, signers",
}
"""Where `except Exception` stands, and the user's code that it is around."""

SLEEPERS = {
    "tests/aio/harness.py": "`until` polls",
    "tests/aio/test_bounds.py": "nothing may happen meanwhile; a peer that takes its time",
    "tests/aio/test_charge_point.py": "nothing may happen meanwhile; handlers and a peer that take their time",
    "tests/cluster/drain.py": "stations wait before they connect again, callers before they call",
    "tests/cluster/faults.py": "stations that take their time, faults that last",
    "tests/cluster/measures.py": "connects at a rate",
    "tests/cluster/test_cluster.py": "a subscription has no answer",
    "tests/cluster/test_hostile.py": "nothing may happen meanwhile",
    "tests/cli/test_load.py": "a handler that takes its time",
    "tests/cluster/partition.py": "publishes at a rate",
    "tests/cluster/servers.py": "polls a server until it answers",
    "tests/queue/kills.py": "kills at a random moment",
    "tests/queue/load.py": "polls a queue until it has room, or is empty",
    "tests/examples/test_programs.py": "polls a web server until it answers",
    "tests/testing/test_connect.py": "a fake clock makes them short",
    "tests/aio/test_listening.py": "a proxy's header comes in pieces",
    "tests/aio/test_handshake.py": "a request that trickles in",
    "tests/aio/test_keepalive.py": "nothing may happen meanwhile",
    "tests/aio/test_pressure.py": "polls a buffer until it is left alone",
    "tests/aio/test_registrations.py": "nothing may happen meanwhile",
    "tests/aio/test_steps.py": "a handler that takes its time",
    "tests/aio/test_stop.py": "nothing may happen meanwhile; handlers that take their time",
}
"""Which tests sleep, and why."""


def caught(source: str) -> set[str]:
    """Return the names of the exceptions that a source catches, but for those that it raises again as they are."""
    kinds: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler) and ast.unparse(node.body[-1]) != "raise":
            kinds.append(node.type or ast.Name("BaseException"))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("suppress", "contextlib.suppress"):
            kinds += node.args
    return {inner.id for kind in kinds for inner in ast.walk(kind) if isinstance(inner, ast.Name)}


def unguarded(source: str) -> list[str]:
    """Return the guards of a user's code that let `SystemExit` through, or hold `KeyboardInterrupt` up."""
    found = []
    for node in ast.walk(ast.parse(source)):
        ends = False
        for handler in node.handlers if isinstance(node, ast.Try) else ():
            kind = "BaseException" if handler.type is None else ast.unparse(handler.type)
            if ast.unparse(handler.body[-1]) == "raise":
                ends = ends or kind == "KeyboardInterrupt"
            elif kind == "Exception" or (kind == "BaseException" and not ends and not asks_for_our_end(handler)):
                found.append(ast.unparse(handler).partition("\n")[0])
    return found


def asks_for_our_end(handler: ast.ExceptHandler) -> bool:
    return ast.unparse(handler.body[0]).split() == ["if", f"is_our_end({handler.name}):", "raise"]


def writes_to_loggers(source: str) -> list[str]:
    """Return the calls of a source that write to a logger, whose filters and handlers may raise."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        ast.unparse(call)
        for call in calls
        if isinstance(call, ast.Attribute)
        and call.attr in ("log", "debug", "info", "warning", "error", "exception", "critical")
        and re.search(r"(?:^|\.|_)(?:log|logger|logging|LOG)$", ast.unparse(call.value))
    ]


def sleeps(source: str) -> bool:
    """Whether a source sleeps longer than for one turn of the event loop, `sleep(0)`."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = {ast.unparse(call) for call in calls if ast.unparse(call.func).rpartition(".")[2] == "sleep"}
    return any(not name.endswith("sleep(0)") for name in names)


def test_exceptions_of_any_kind_are_caught_around_the_users_code_only() -> None:
    kinds = {name_of(path): caught(path.read_text("utf-8")) for path in SOURCES}
    assert {name for name, each in kinds.items() if each & {"Exception", "BaseException"}} == set(USERS_CODE)
    assert {name for name, each in kinds.items() if each & {"ImportError", "ModuleNotFoundError"}} == set()


LOOSE = {
    "ocpp_fast/aio/steps.py": "what is caught is raised again where it belongs",
    "ocpp_fast/handlers.py": "it is registered, and nobody waits",
}
"""Where a guard of the user's code need not hold for `SystemExit`, or lets nothing through itself."""


def test_a_guard_of_the_users_code_holds_for_all_but_a_KeyboardInterrupt() -> None:
    assert {name_of(path) for path in SOURCES if unguarded(path.read_text("utf-8"))} == set(LOOSE)


def test_loggers_are_written_to_by_one_function_that_never_raises() -> None:
    library = [path for path in SOURCES if unit_of(module_of(path)) not in ("cli", "simulator")]
    assert {name_of(path) for path in library if writes_to_loggers(path.read_text("utf-8"))} == {
        f"{PACKAGE}/aio/logs.py"
    }


def test_tests_sleep_only_where_the_list_says_why() -> None:
    tests = [path for path in FILES if path.is_relative_to(ROOT / "tests") and path.suffix == ".py"]
    assert {name_of(path) for path in tests if sleeps(path.read_text("utf-8"))} == set(SLEEPERS)


@pytest.mark.parametrize("path", [each for each in FILES if each.suffix in (".pyx", ".pxd")], ids=name_of)
def test_the_extension_says_what_every_function_raises_and_includes_nothing(path: Path) -> None:
    source = path.read_text("utf-8")
    functions = re.findall(r"^ *cdef (?:inline )?([\w *?]+[ *])(\w+)\([^)]*\)(.*)", source, re.MULTILINE)
    objects = ("object ", "bytes ", "list ", "CompiledPlan ")
    assert [name for kind, name, ends in functions if not kind.startswith(objects) and "except" not in ends] == []
    assert re.findall(r"^ *(?:include|DEF|IF) .*", source, re.MULTILINE) == []
    assert path.with_suffix(".pyi").exists()


def test_what_an_import_statement_names() -> None:
    """The rules above are as good as this."""
    cases = {
        "import a.b, c": ["a.b", "c"],
        "from a import b, c": ["a.b", "a.c"],
        "from . import x": ["p.q.x"],
        "from .x import y": ["p.q.x.y"],
        "from .. import x": ["p.x"],
        "from ..x.z import y": ["p.x.z.y"],
    }
    for source, names in cases.items():
        assert list(imported(ast.parse(source).body[0], "p.q")) == names
    assert unit_of("ocpp_fast.schema.plan.plan_of") == "schema"
    assert unit_of("ocpp_fast.CentralSystem") == "ocpp_fast"
    assert unit_of("ocpp_fast_ext.frames") == "ocpp_fast_ext"
    assert unit_of("asyncio.timeouts") == "asyncio"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("try: f()\nexcept (a.Error, OSError): pass", {"a", "OSError"}),
        ("try: f()\nexcept: pass", {"BaseException"}),
        ("try: f()\nexcept Exception:\n    g()\n    raise", set()),
        ("try: f()\nexcept Exception as e: raise X() from e", {"Exception"}),
        ("with suppress(Exception): f()", {"Exception"}),
    ],
)
def test_what_a_source_catches(source: str, names: set[str]) -> None:
    assert caught(source) == names


@pytest.mark.parametrize(
    ("source", "whether"),
    [
        ("try: f()\nexcept Exception: g()", True),
        ("try: f()\nexcept: g()", True),
        ("try: f()\nexcept BaseException as e: g()", True),
        ("try: f()\nexcept KeyboardInterrupt: g()\nexcept BaseException: g()", True),
        ("try: f()\nexcept KeyboardInterrupt: raise\nexcept BaseException: g()", False),
        ("try: f()\nexcept BaseException as e:\n    if is_our_end(e): raise\n    g()", False),
        ("try: f()\nexcept BaseException as e:\n    if is_our_end(x): raise\n    g()", True),
        ("try: f()\nexcept BaseException: raise", False),
        ("try: f()\nexcept OSError: g()", False),
    ],
)
def test_what_is_no_guard(source: str, whether: bool) -> None:
    assert bool(unguarded(source)) is whether


@pytest.mark.parametrize(
    ("source", "whether"),
    [
        ("self._log.error('x')", True),
        ("log.log(20, 'x')", True),
        ("runtime.log.exception('x')", True),
        ("logging.warning('x')", True),
        ("write(log, 20, 'x')", False),
        ("self._log(20, 'x')", False),
        ("catalog.error('x')", False),
        ("math.log(2)", False),
    ],
)
def test_what_writes_to_a_logger(source: str, whether: bool) -> None:
    assert bool(writes_to_loggers(source)) is whether


@pytest.mark.parametrize(
    ("source", "whether"),
    [("asyncio.sleep(0)", False), ("time.sleep(0.1)", True), ("await sleep(PATIENCE)", True), ("'sleep(1)'", False)],
)
def test_what_sleeps(source: str, whether: bool) -> None:
    assert sleeps(source) is whether
