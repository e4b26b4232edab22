"""The one place that knows which values of OCPP's payloads are secret, and masks them in what is shown to people."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

__all__ = ["MASK", "SECRETS", "Secret", "is_secret", "masked"]

MASK: Final = "***"

_NAMES: Final = re.compile("authorizationkey|passw|passphrase|secret|privatekey|sharedkey|apikey|vpnkey|simpin|totp")
_USER_INFO: Final = re.compile(r"(?<=://)[^\s/?#]*(?=@)")


def _is_secret_name(name: str) -> bool:
    """Whether a field, a configuration key or a variable of this name holds a secret, a vendor's included."""
    return _NAMES.search("".join(filter(str.isalnum, name)).lower()) is not None


def _of_secret_key(fields: Mapping[str, Any]) -> bool:
    key = fields.get("key")
    return isinstance(key, str) and _is_secret_name(key)


def _of_secret_variable(fields: Mapping[str, Any]) -> bool:
    variable = fields.get("variable")
    name = variable.get("name") if isinstance(variable, Mapping) else getattr(variable, "name", None)
    return isinstance(name, str) and _is_secret_name(name)


class Secret(NamedTuple):
    """A field whose value is secret, by its name on the wire, where the fields of its object say so."""

    field: str
    what: str
    where: Callable[[Mapping[str, Any]], bool] = lambda _: True


SECRETS: Final = (
    Secret("apnPassword", "the password of a mobile network"),
    Secret("basicAuthPassword", "the password of a network profile (2.1)"),
    Secret("exiResponse", "a contract's private key, encrypted, in its EXI message"),
    Secret("password", "the password of a VPN"),
    Secret("simPin", "the PIN of a SIM card"),
    Secret("key", "the shared key of a VPN", lambda fields: "password" in fields),
    Secret("idToken", "a key code that a driver types in", lambda fields: fields.get("type") == "KeyCode"),
    Secret("value", "the value of a configuration key such as AuthorizationKey (1.6)", _of_secret_key),
    Secret("attributeValue", "the value of a variable such as BasicAuthPassword", _of_secret_variable),
    Secret("actualValue", "the same, in an event", _of_secret_variable),
    Secret("variableAttribute", "the same, in a report", _of_secret_variable),
)
"""The secret fields of all versions. Beside them: fields, keys and variables whose names tell of a secret, which may be
a vendor's, and the user info of URLs, wherever they stand."""

_WHERE: Final = {each.field: each.where for each in SECRETS}


def is_secret(field: str, fields: Mapping[str, Any]) -> bool:
    """Whether the value of a field is secret; `fields` are all of its object, by their names on the wire."""
    where = _WHERE.get(field)
    return _is_secret_name(field) if where is None else where(fields)


def masked(value: Any) -> Any:
    """Return a copy of a JSON value to show to people: each secret in it is `***`.

    Text that holds JSON is not looked into, nor are a vendor's names that tell of no secret.
    """
    if isinstance(value, dict):
        return {key: MASK if is_secret(key, value) else masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [masked(each) for each in value]
    return _USER_INFO.sub(MASK, value) if type(value) is str else value
