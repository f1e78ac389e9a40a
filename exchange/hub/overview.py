"""What the hub's operator watches, put together from every part of the hub: instants and counts, never content.

It only reads. What is too old, and what to do about it, is for whoever shows it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509

from audit import witness
from exchange.hub import health
from exchange.hub.hub import Hub
from exchange.hub.metrics import UNIT_MEMBERS
from exchange.hub.settings import HubSettings
from schemas.trust import Directory

BACKUP: Final = "backup.json"
"""The file in the hub's folder that says when its last backup was written."""

_NOTHING: Final = dict.fromkeys(UNIT_MEMBERS, 0)


def overview(hub: Hub) -> dict[str, Any]:
    """Return the state of the hub (`health.look`), and of each unit, key, document, witness and the last backup."""
    seen = health.look(hub)
    directory = hub.register.current if hub.register.version else None
    return {
        **seen,
        "units": [] if directory is None else _units(hub, directory, seen),
        "keys": {} if directory is None else hub.keys.ends(directory.federation.hub),
        "certificate_ends": certificate_ends(hub.settings),
        "federation_version": directory.federation.version if directory else 0,
        "federation_expires": directory.federation.expires if directory else 0,
        "snapshot": hub.register.version,
        "snapshot_expires": directory.snapshot.expires if directory else 0,
        "backup": last_backup(hub.settings),
    }


def _units(hub: Hub, directory: Directory, seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    cosigned = {one["unit"]: one for one in seen["witnesses"]}
    anchored = _anchored(hub, directory)
    return [
        {
            **seen["units"].get(unit.unit, _NOTHING),
            "unit": unit.unit,
            "suspended": directory.suspension(unit.unit) is not None,
            "seen": contact.seen if (contact := hub.contacts.of(unit.unit)) else 0,
            "ahead": contact.ahead if contact else 0,
            "key_ends": _key_ends(directory, unit.unit),
            "witness": cosigned.get(unit.unit),
            "anchored": anchored.get(unit.unit, 0),
        }
        for unit in directory.units()
    ]


def _key_ends(directory: Directory, unit: str) -> dict[str, int]:
    """For each use, when the newest key of the unit that was not withdrawn ends."""
    ends: dict[str, int] = {}
    for record in directory.keys.values():
        if record.unit == unit and not record.dormant and record.revocation is None:
            ends[record.use] = max(record.not_after, ends.get(record.use, 0))
    return ends


def _anchored(hub: Hub, directory: Directory) -> dict[str, int]:
    """For each unit with a log of its own, when this hub last cosigned it; 0 for never."""
    origins = {record.unit: record.statement.name for record in directory.keys.values() if record.use == "LOG"}
    with hub.db.read() as session:
        return {unit: witness.held(session, origin).time for unit, origin in origins.items() if origin}


def certificate_ends(settings: HubSettings) -> int:
    """Return when the certificate of `settings` ends (unix seconds); 0 if it names none, or it is gone."""
    if settings.tls_certificate is None:
        return 0
    try:
        found = x509.load_pem_x509_certificate(settings.tls_certificate.read_bytes())
    except (OSError, ValueError):
        return 0
    return int(found.not_valid_after_utc.timestamp())


def note_backup(settings: HubSettings, made: int, size: int) -> None:
    """Note that a backup of `size` bytes was written."""
    (settings.home / BACKUP).write_text(json.dumps({"made": made, "bytes": size}), encoding="utf-8")


def last_backup(settings: HubSettings) -> dict[str, int] | None:
    """Return when the last backup was written and how large it is; None if none was written from this folder."""
    try:
        found: dict[str, int] = json.loads((settings.home / BACKUP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found
