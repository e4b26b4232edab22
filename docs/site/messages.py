"""The reference of the messages: each version's declarations as pages, a page for each of its modules.

Names, types and limits are those of the plans that payloads are checked by; meanings and units are docstrings.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

import griffe

from ocpp_fast import v16, v21, v201
from ocpp_fast._core.plan import Member, Node, Op, Plan
from ocpp_fast.schema import Action, Sender, Struct, Version, plan_of
from ocpp_fast.schema.json_schema import additions_of

from .tables import cell, table

__all__ = ["VERSIONS", "message_pages"]

VERSIONS: Final = {"v16": v16.VERSION, "v201": v201.VERSION, "v21": v21.VERSION}
SIMPLE: Final = {
    Op.STRING: "string",
    Op.INTEGER: "integer",
    Op.NUMBER: "number",
    Op.BOOLEAN: "boolean",
    Op.DATE_TIME: "date-time",
    Op.JSON: "any JSON",
    Op.OPEN: "object",
}
SENDERS: Final = {
    Sender.STATION: "the station",
    Sender.CENTRAL: "the central system",
    Sender.BOTH: "either side",
}
PHASE: Final = re.compile(r"(\w+)_l[23]")
"""A field for phase L2 or L3, which means what that for all or for L1 does."""

NOTES: Final = "Optional fields without a value are left out (R25). Lengths count Unicode code points (R22)."
STRICTER: Final = """\
"Sent" marks limits of what is sent; what is received need not keep them. Beyond the table, integers that are sent fit
32 bits, and date-times have three fractional digits at most (R50, R51).
"""

Kind = type[Struct] | type[StrEnum]


def message_pages(package: griffe.Object | griffe.Alias) -> Iterator[tuple[str, str]]:
    """Yield the path and the Markdown of each page, an overview of each version first; `package` is `ocpp_fast`."""
    for name, version in VERSIONS.items():
        pages = _VersionPages(version, package[name])
        yield f"{name}/index.md", pages.overview()
        for module in pages.modules:
            yield f"{name}/{module}.md", pages.page(module)


def _title(module: str) -> str:
    words = module.replace("_", " ")
    return {"iso15118 certificates": "ISO 15118 certificates", "der control": "DER control"}.get(
        words, words.capitalize()
    )


def _module_of(kind: Kind) -> str:
    return kind.__module__.rpartition(".")[2]


class _VersionPages:
    def __init__(self, version: Version, package: griffe.Object | griffe.Alias) -> None:
        self.version = version
        self.package = package
        self.kinds: dict[Kind, Plan | None] = {}
        self.users: dict[Kind, list[Kind]] = defaultdict(list)
        for action in version.actions.values():
            for struct in filter(None, (action.request, action.response)):
                self.gather(struct, plan_of(struct, action.draft))
        payloads = {each for action in version.actions.values() for each in (action.request, action.response)}
        self.types = [kind for kind in self.kinds if kind not in payloads]
        self.modules = list(dict.fromkeys(map(_module_of, self.kinds)))

    def gather(self, struct: type[Struct], plan: Plan) -> None:
        """Note a struct and all types that its fields have."""
        self.kinds[struct] = plan
        for member in plan.members:
            node = member.node.item or member.node
            if node.enum is not None:
                self.users[node.enum].append(struct)
                self.kinds.setdefault(node.enum, None)
            elif node.plan is not None:
                self.users[node.plan.struct].append(struct)
                if node.plan.struct not in self.kinds:
                    self.gather(node.plan.struct, node.plan)

    def overview(self) -> str:
        number, actions = self.version.number, self.version.actions.values()
        rows = [
            (
                f"[{each.name}]({_module_of(each.request)}.md#{each.request.__name__.lower()})",
                SENDERS[each.sender],
                profile.name,
                _text(each.request),
            )
            for profile in self.version.profiles
            for each in profile.actions
        ]
        return (
            f"# Messages of OCPP {number}\n\nThe {len(actions)} messages, each with the types, limits and units of its"
            f" fields. Their classes are in `ocpp_fast.{self.package.name}`.\n\n"
            + table(("Message", "Sent by", "Block", ""), sorted(rows))
        )

    def page(self, module: str) -> str:
        """Return the page of a module: its messages, then its types."""
        docstring = self.package[module].docstring
        notes = NOTES if self.version is v16.VERSION else f"{NOTES} {STRICTER}"
        parts = [
            f"# {_title(module)} (OCPP {self.version.number})\n\n{docstring.value if docstring else ''}\n\n{notes}\n\n"
        ]
        for action in self.version.actions.values():
            if _module_of(action.request) == module:
                parts += self.action(action)
        types = [kind for kind in self.types if _module_of(kind) == module]
        if types and module != "types":
            parts.append("## Types\n\n")
        parts += (self.type_of(kind) for kind in types)
        return "".join(parts)

    def action(self, action: Action) -> Iterator[str]:
        request, response = action.request, action.response
        frame = "A CALL" if response else "A SEND, which has no answer (R11),"
        yield f"## {action.name}\n\n{frame} of {SENDERS[action.sender]}.\n\n"
        for struct in filter(None, (request, response)):
            yield f"### {struct.__name__}\n\n{_text(struct)}\n\n{self.fields(struct)}"

    def type_of(self, kind: Kind) -> str:
        users = ", ".join(self.link(each) for each in dict.fromkeys(self.users[kind]))
        text = f"### {kind.__name__}\n\n{_text(kind)} Used by {users}.\n\n"
        return text + (self.values(kind) if issubclass(kind, StrEnum) else self.fields(kind))

    def values(self, kind: type[StrEnum]) -> str:
        added = additions_of(kind)
        rows = [(f"`{kind.__name__}.{each.name}`", f"`{each.value}`", cell(added.get(each.value, ""))) for each in kind]
        return (
            table(("Member", "Value", "Beside the schema"), rows)
            if added
            else table(("Member", "Value"), [r[:2] for r in rows])
        )

    def fields(self, struct: type[Struct]) -> str:
        plan = self.kinds[struct] or plan_of(struct)
        if not plan.members:
            return "It has no fields.\n\n"
        rows = [
            (
                f"`{each.name}`",
                f"`{each.key}`",
                self.shape(each.node),
                "required" if each.required else "",
                "; ".join(_limits(each.node)),
                cell(self.meaning(struct, each)),
            )
            for each in plan.members
        ]
        return table(("Field", "In JSON", "Type", "", "Limits", "Meaning and unit"), rows)

    def shape(self, node: Node) -> str:
        if node.item is not None:
            return f"list of {self.shape(node.item)}"
        if node.enum is not None:
            return self.link(node.enum)
        if node.plan is not None:
            return self.link(node.plan.struct)
        return SIMPLE[node.op]

    def link(self, kind: Any) -> str:
        return f"[{kind.__name__}]({_module_of(kind)}.md#{kind.__name__.lower()})"

    def meaning(self, struct: type[Struct], member: Member) -> str:
        if member.node.op is Op.OPEN:
            return "A vendor's own object; `vendorId` is required."
        for kind in struct.__mro__:
            found = self.package.members.get(kind.__name__)
            if found is not None and member.name in found.members:
                docstring = found.members[member.name].docstring
                if docstring is None and (phase := PHASE.fullmatch(member.name)) and phase[1] in found.members:
                    docstring = found.members[phase[1]].docstring
                return docstring.value if docstring else ""
        return ""


def _text(kind: type) -> str:
    return cell(kind.__doc__ or "")


def _limits(node: Node) -> Iterator[str]:
    """Yield the limits of a value, in words."""
    if node.item is not None:
        yield from _bounds(node.min_items, node.max_items, " elements")
        yield from (f"each {limit}" for limit in _limits(node.item))
    if node.op is Op.OPEN:
        yield f"`vendorId` at most {node.max_length} characters"
    elif node.max_length is not None:
        yield f"at most {node.max_length} characters"
    if node.uri is not None:
        yield "a URI"
    if node.op is not Op.LIST:
        yield from _bounds(node.minimum, node.maximum, "")
    if node.multiple_of is not None:
        yield f"a multiple of {node.multiple_of:g}"
    if node.places is not None:
        yield "sent: " + ("one decimal place" if node.places == 1 else f"at most {node.places} decimal places")
    if node.identifier:
        yield "sent: characters of an identifierString"


def _bounds(low: float | None, high: float | None, what: str) -> Iterator[str]:
    if low is not None and high is not None:
        yield f"{low:g} to {high:g}{what}"
    elif low is not None:
        yield f"at least {low:g}{what[:-1] if low == 1 else what}"
    elif high is not None:
        yield f"at most {high:g}{what}"
