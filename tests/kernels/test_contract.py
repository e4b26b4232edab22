"""Each core has the methods that its protocol has, with the same parameters; and the type checkers know them so."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from inspect import Parameter, Signature, isfunction, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

import ocpp_fast_ext
from ocpp_fast._core import contract, correlation, decimals, frames, wire

if TYPE_CHECKING:
    from ocpp_fast_ext import correlation as compiled_correlation
    from ocpp_fast_ext import decimals as compiled_decimals
    from ocpp_fast_ext import frames as compiled_frames
    from ocpp_fast_ext import payload as compiled_payload
    from ocpp_fast_ext import wire as compiled_wire

    tables: list[type[contract.PendingTable[Any]]] = [correlation.PendingTable, compiled_correlation.PendingTable]
    wires: list[type[contract.Wire]] = [wire.Wire, compiled_wire.Wire]
    floats: list[contract.ExactFloat] = [decimals.exact_float, compiled_decimals.ExactFloat(float, float)]
    calls: list[type[contract.CallValue]] = [frames.Call, frames.Send, compiled_frames.Call, compiled_frames.Send]
    reader: type[contract.CompiledDecoder] = compiled_frames.CompiledDecoder
    writer: type[contract.CompiledEncoder] = compiled_frames.CompiledEncoder
    compiled: contract.CompilePayload = compiled_payload.compiled

Parameters: TypeAlias = list[tuple[str, str, bool]]
"""Name, kind, and whether there is a default, of each."""

PAIRS: list[tuple[type, str, type | None]] = [
    (contract.PendingTable, "correlation.PendingTable", correlation.PendingTable),
    (contract.CallValue, "frames.Call", frames.Call),
    (contract.CallValue, "frames.Send", frames.Send),
    (contract.Wire, "wire.Wire", wire.Wire),
    (contract.ExactFloat, "decimals.ExactFloat", None),
    (contract.Payload, "payload.CompiledPlan", None),
    (contract.CompiledDecoder, "frames.CompiledDecoder", None),
    (contract.CompiledEncoder, "frames.CompiledEncoder", None),
]
"""A protocol, the compiled class that keeps it, and the class of the reference core."""


def parameters(of: Signature) -> Parameters:
    return [
        (each.name, each.kind.name, each.default is not Parameter.empty)
        for each in of.parameters.values()
        if each.name != "self"
    ]


def methods_of(kind: type) -> dict[str, Parameters]:
    """Return the public methods of a class in Python and their parameters."""
    found = {name: each for name, each in vars(kind).items() if isfunction(each) and each.__module__ == kind.__module__}
    public = {name for name in found if not name.startswith("_")} | {"__init__", "__call__", "__len__"}
    return {name: parameters(signature(each)) for name, each in found.items() if name in public}


def stub_of(compiled: str) -> Mapping[str, ast.FunctionDef]:
    """Return the functions of a class in the stubs of the extension."""
    return {each.name: each for each in body_of(compiled) if isinstance(each, ast.FunctionDef)}


def body_of(compiled: str) -> list[ast.stmt]:
    """Return the body of a class in the stubs of the extension."""
    module, _, name = compiled.partition(".")
    tree = ast.parse((Path(ocpp_fast_ext.__file__).with_name(f"{module}.pyi")).read_text("utf-8"))
    (found,) = (each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == name)
    return found.body


def stub_parameters(function: ast.FunctionDef) -> Parameters:
    """Return the parameters of a function in a stub, by Python's own reading of it."""
    scope: dict[str, Any] = {}
    exec(f"from __future__ import annotations\ndef it({ast.unparse(function.args)}): ...", scope)
    return parameters(signature(scope["it"]))


@pytest.mark.parametrize(("protocol", "compiled", "reference"), PAIRS, ids=lambda each: getattr(each, "__name__", each))
def test_a_core_has_the_methods_of_its_protocol(protocol: type, compiled: str, reference: type | None) -> None:
    expected = methods_of(protocol)
    properties = {name for name, each in vars(protocol).items() if isinstance(each, property)}
    stub = stub_of(compiled)
    assert {name: stub_parameters(stub[name]) for name in expected} == expected
    assert properties <= stub.keys()
    if reference is not None:
        found = methods_of(reference)
        assert {name: found[name] for name in expected} == expected
        assert properties <= set(dir(reference))
        assert stub_parameters(stub["__init__"]) == found["__init__"]


@pytest.mark.parametrize("compiled", [compiled for _, compiled, _ in PAIRS])
def test_the_stubs_of_the_extension_name_what_it_has(compiled: str) -> None:
    module, _, name = compiled.partition(".")
    kind = getattr(pytest.importorskip(f"ocpp_fast_ext.{module}"), name)
    attributes = {ast.unparse(each.target) for each in body_of(compiled) if isinstance(each, ast.AnnAssign)}
    stub = {each for each in stub_of(compiled) if not each.startswith("__")} | attributes
    assert stub == {each for each in dir(kind) if not each.startswith("_")}
