"""Requests drawn from the schema of a service: its own routes, with addresses and forms that fit them and that do not.

Nobody but this test sees the schema: the services publish none. What a handler reads from a form stands in its code
only, so the names are taken from there.
"""

import inspect
import os
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import schemathesis
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import strategies as st
from schemathesis.core.result import Ok

EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "100"))
"""Requests of one run: few in every run of the checks, many in `make fuzz`."""

_READS: Final = re.compile(r"(?:texts?|file|form\.get|given\.get)\(\"([\w-]+)\"")
_FORM: Final = "application/x-www-form-urlencoded"
FAR: Final = (0, -1, 1, 2**31, 2**63 - 1, 2**63, 10**30)


def requests(
    app: FastAPI, known: Iterable[str], leave_out: Iterable[str] = (), more: Mapping[str, Any] = MappingProxyType({})
) -> st.SearchStrategy[Any]:
    """Return a strategy for requests to any route of `app`; `known` are ids that exist behind it.

    `more`: operations by path and method that are no routes of the framework.
    """
    schema = app.openapi()
    fields = _fields(app)
    schema["paths"] = {
        path: {method: _widened(one, fields.get((method, path), ()), known) for method, one in operations.items()}
        for path, operations in {**schema["paths"], **more}.items()
        if path not in leave_out
    }
    drawn = (one for one in schemathesis.openapi.from_dict(schema).get_all_operations() if isinstance(one, Ok))
    return st.one_of([one.ok().as_strategy() for one in drawn])


def _fields(app: FastAPI) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return what the module of each handler reads from a form, by method and path."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for one in iter_route_contexts(app.routes):
        module = inspect.getmodule(getattr(one, "endpoint", None))
        names = tuple(sorted(set(_READS.findall(inspect.getsource(module))))) if module is not None else ()
        found |= {(method.lower(), str(one.path)): names for method in one.methods or ()}
    return found


def _widened(operation: Mapping[str, Any], fields: Iterable[str], known: Iterable[str]) -> dict[str, Any]:
    """Return an operation with its form, and with parameters that are known ids, far numbers or any text at all."""
    anything = {"anyOf": [{"enum": [*known]}, {"enum": [str(far) for far in FAR]}, {"type": "string", "minLength": 1}]}
    parameters = [{**one, "schema": anything} for one in operation.get("parameters", ())]
    made = {**operation, "parameters": parameters, "responses": {"200": {"description": "any"}}}
    if fields:
        form = {"type": "object", "properties": dict.fromkeys(fields, anything), "additionalProperties": False}
        made["requestBody"] = {"content": {_FORM: {"schema": form}}}
    return made
