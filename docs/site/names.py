"""The reference of the public names: their signatures, what their docstrings say, and which errors they raise."""

from __future__ import annotations

import builtins
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

import griffe

import ocpp_fast

from .tables import cell, table

__all__ = ["MODULES", "errors_in", "members_of", "name_pages", "pages_of_names", "public_names"]

MODULES: Final = ("asgi", "cluster", "habits", "schema", "signing", "simulator", "smart_charging", "testing")
"""The public modules beside `ocpp_fast` and its versions."""

TITLES: Final = {
    "connections": "Central system and charge point",
    "errors": "Errors",
    "handling": "Handlers and policies",
}
"""The pages of `ocpp_fast` itself."""

BACKTICKED: Final = re.compile(r"`(\w+)`")
RAISES: Final = re.compile(r"\b[Rr]aises? (?:[^.`]|`[^`]*`)*")

Object: TypeAlias = griffe.Object | griffe.Alias


def errors_in(docstring: str) -> list[str]:
    """Return the names of the exceptions that a docstring says are raised, in order."""
    named = [name for sentence in RAISES.findall(docstring) for name in BACKTICKED.findall(sentence)]
    return list(dict.fromkeys(name for name in named if _is_error(name)))


def _is_error(name: str) -> bool:
    kind = getattr(builtins, name, None) or getattr(ocpp_fast.errors, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def public_names(module: Object) -> list[str]:
    """Return what a module exports, in its order."""
    return [name for name in map(str, module.exports or ()) if name in module.members]


def pages_of_names(package: Object) -> dict[str, str]:
    """Return the page, without its suffix, of each public name of `ocpp_fast`."""
    units = {name: package[name].canonical_path.split(".")[1] for name in public_names(package)}
    pages = {"aio": "connections", "cluster": "connections", "errors": "errors"}
    return {name: pages.get(unit, "handling") for name, unit in units.items()}


def name_pages(package: Object) -> Iterator[tuple[str, str]]:
    """Yield the path and the Markdown of each page; `package` is `ocpp_fast`."""
    pages = pages_of_names(package)
    raised = _raised_by(package, pages)
    for page, title in TITLES.items():
        intro = _markdown(package["errors"]) if page == "errors" else "Import these from `ocpp_fast`.\n\n"
        names = [name for name, where in pages.items() if where == page]
        parts = [_entry(name, package[name], raised) for name in names]
        yield f"{page}.md", "".join([f"# {title}\n\n{intro}", *parts])
    for name in MODULES:
        module = package[name]
        exported = public_names(module) or [each for each in module.members if not each.startswith("_")]
        parts = [_entry(each, module[each], {}) for each in exported if _is_ours(module[each])]
        yield f"{name}.md", "".join([f"# `ocpp_fast.{name}`\n\n{_markdown(module)}", *parts])


def _is_ours(each: Object) -> bool:
    return each.kind is not griffe.Kind.MODULE and each.canonical_path.startswith("ocpp_fast.")


def _raised_by(package: Object, pages: Mapping[str, str]) -> dict[str, list[str]]:
    """Return which public names, and methods of theirs, say that they raise an error."""
    raised: dict[str, list[str]] = defaultdict(list)
    for name, page in pages.items():
        inner = [(f"{name}.{each}", member) for each, member in members_of(package[name])]
        for told, each in [(name, package[name]), *inner]:
            for error in errors_in(each.docstring.value if each.docstring else ""):
                raised[error].append(f"[`{told}`]({page}.md#{name.lower()})")
    return raised


def _target(each: Object) -> griffe.Object:
    return each.final_target if isinstance(each, griffe.Alias) else each


def members_of(each: Object) -> list[tuple[str, Object]]:
    """Return the public members of a class, inherited ones too, but for those that every error has."""
    target = _target(each)
    if not isinstance(target, griffe.Class):
        return []
    inherited = {} if target.path.startswith("ocpp_fast.errors.") else target.inherited_members
    members = {name: member for name, member in (target.members | inherited).items() if not name.startswith("_")}
    return [(name, member) for name, member in members.items() if member.kind is not griffe.Kind.MODULE]


def _entry(name: str, each: Object, raised: Mapping[str, list[str]]) -> str:
    members = members_of(each)
    attributes = [(key, member) for key, member in members if member.kind is griffe.Kind.ATTRIBUTE]
    functions = [(key, member) for key, member in members if member.kind is griffe.Kind.FUNCTION]
    rows = [(f"`{key}`", _annotation(member), _cell(member)) for key, member in attributes]
    target = _target(each)
    bases = [str(base).rpartition(".")[2] for base in target.bases] if isinstance(target, griffe.Class) else []
    parts = [f"## {name}\n\n", _signature(name, each), _markdown(each)]
    if bases:
        parts.append(f"Bases: {', '.join(f'`{base}`' for base in bases)}.\n\n")
    if name in raised:
        parts.append(f"Raised by {', '.join(raised[name])}.\n\n")
    parts.append(table(("Attribute", "Type or value", ""), rows))
    for key, member in functions:
        parts += [f"### {name}.{key}\n\n", _signature(key, member), _markdown(member)]
    return "".join(parts)


def _signature(name: str, each: Object) -> str:
    target = _target(each)
    if isinstance(target, griffe.Function):
        word = "async def" if "async" in target.labels else "def"
        text = f"{word} {target.signature(name=name)}"
    elif isinstance(target, griffe.Class):
        text = f"class {target.signature(name=name) or name}"
    elif isinstance(target, griffe.Attribute):
        kind = f": {target.annotation}" if target.annotation else ""
        text = f"{name}{kind} = {target.value}" if target.value else f"{name}{kind}"
    else:
        return ""
    return f"```python\n{_wrapped(text)}\n```\n\n"


def _wrapped(text: str) -> str:
    """Return a signature, with a line for each parameter if it is long."""
    if len(text) <= 100 or "(" not in text:
        return text
    depth, out = 0, []
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if (sign == "(" and depth == 1) or (sign == "," and depth == 1):
            out.append(sign + "\n    ")
        elif sign == ")" and depth == 0 and "\n" not in text[at:]:
            out.append("\n)")
        else:
            out.append(sign)
    return re.sub(r" +\n", "\n", re.sub(r"\n {5,}", "\n    ", "".join(out)))


def _annotation(member: Object) -> str:
    target = _target(member)
    shown = str(getattr(target, "annotation", None) or getattr(target, "value", None) or "")
    return "" if shown in ("", member.name) else f"`{cell(shown)}`"


def _cell(member: Object) -> str:
    return cell(member.docstring.value) if member.docstring else ""


def _markdown(each: Object) -> str:
    """Return a docstring as Markdown: what follows a line of two colons is a picture in signs."""
    if each.docstring is None:
        return ""
    text = inspect.cleandoc(each.docstring.value)
    text = re.sub(r"^::$", "", text, flags=re.MULTILINE)
    return re.sub(r"\b(Raises?)\b", r"**\1**", text) + "\n\n"
