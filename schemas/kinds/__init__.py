"""Every message kind of this release: each module of this folder declares one `Kind` named `KIND`."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from schemas.errors import SchemaUnknown
from schemas.kind import Kind


def discover(paths: Iterable[str], package: str) -> Mapping[str, Kind]:
    """Return the kinds of a package folder by code; raises `ValueError` for a module without one or a code twice."""
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(paths, f"{package}."):
        kind = importlib.import_module(module.name).KIND
        if not isinstance(kind, Kind) or kind.code in found:
            raise ValueError(f"{module.name} declares no kind, or one that exists")
        found[kind.code] = kind
    return MappingProxyType(found)


KINDS: Final[Mapping[str, Kind]] = discover(__path__, __name__)
"""Code -> kind."""


def kind_of(code: str) -> Kind:
    """Return the kind; raises `SchemaUnknown`."""
    try:
        return KINDS[code]
    except KeyError:
        raise SchemaUnknown("the message kind is not one of this release") from None
