"""Builds the golden vectors of CME/1, and with `--check` proves that the present code still makes and refuses them.

    python -m tests.vectors.cme1.build            write everything anew (only when the format changes)
    python -m tests.vectors.cme1.build --check    rebuild what is determined, open what is valid, refuse the rest

Signatures, wraps and body nonces are random: they are taken from the file, and everything else is rebuilt around them.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from crypto import sealing
from crypto.envelope import Envelope, parse
from crypto.errors import CryptoError
from crypto.header import Blob, HeaderDraft
from crypto.sealing import Recipient, open_sealed, seal
from schemas.void import Void
from tests.crypto.builders import draft, encryption_key, keyring, recipients, seed, signing_key, signing_seeds
from tests.instants import DAY, NOW
from tests.vectors.cme1.refusals import CORE, FRAMING, HALVES, OPENERS, SIGNED, WHOLE, Opener

HERE = Path(__file__).parent
BASE = "two-units"
THIRTY = tuple(f"U{number:02}" for number in range(1, 31))
UNICODE = "Каравансарай · Кербен сарай · كاروانسرا · 驿站 · \U0001f42a · e\u0301".encode()
BLOBS = tuple(Blob(f"{number:032x}", 1000 * number, f"{number:064x}") for number in (1, 2))


@dataclass(frozen=True)
class Case:
    """One valid vector before it is sealed."""

    content: bytes = b"content"
    units: Sequence[str] = ("KG", "KZ")
    draft: HeaderDraft = field(default_factory=draft)
    pair: tuple[int, str] = (1, "0" * 64)

    def recipients(self) -> list[Recipient]:
        number, prev = self.pair
        return [replace(recipient, pair_seq=number, pair_prev=prev) for recipient in recipients(*self.units)]


VALID: dict[str, Case] = {
    BASE: Case(),
    "one-unit": Case(units=("KG",)),
    "five-units": Case(units=("CARICC", "KG", "KZ", "TM", "UZ")),
    "thirty-units": Case(units=THIRTY),
    "content-empty": Case(b""),
    "content-one-byte": Case(b"x"),
    "content-fills-the-floor": Case(seed("4060", 4060)),
    "content-over-the-floor": Case(seed("4061", 4061)),
    "content-4095": Case(seed("4095", 4095)),
    "content-4096": Case(seed("4096", 4096)),
    "content-4097": Case(seed("4097", 4097)),
    "content-one-whole-chunk": Case(seed("16348", 16_348)),
    "content-large": Case(seed("150000", 150_000)),
    "content-unicode": Case(UNICODE),
    "content-zeros": Case(bytes(100)),
    "live": Case(draft=draft(env="live")),
    "grant": Case(draft=draft(ctype="grant")),
    "revoke": Case(draft=draft(ctype="revoke")),
    "heartbeat": Case(b"", draft=draft(ctype="heartbeat", family="control", handling=())),
    "void": Case(
        Void(first=2, last=3).to_bytes(),
        units=("KG",),
        draft=draft(ctype="void", family="control", handling=()),
        pair=(4, "cd" * 32),
    ),
    "urgent-with-handling": Case(draft=draft(urgency="URG_LIFE", classification="RESTR", handling=("H1", "H2", "H3"))),
    "two-blobs": Case(draft=draft(blobs=BLOBS)),
    "later-in-order": Case(draft=draft(seq=17, prev="ab" * 32), pair=(4, "cd" * 32)),
    "largest-counters": Case(draft=draft(seq=2**53 - 1), pair=(2**53 - 1, "ff" * 32)),
    "longest-unit": Case(units=("A" + "Z" * 15,), draft=draft(sender="Z-9")),
    "furthest-expiry": Case(draft=draft(created=0, expires=253_402_300_799)),
    "one-second": Case(draft=draft(created=NOW + 3 * DAY, expires=NOW + 3 * DAY + 1)),
}


def build() -> None:
    """Write every file anew."""
    records = [_write_valid(name, case) for name, case in VALID.items()]
    _dump("valid.json", {"keys": _keys(), "vectors": records})
    base = parse((HERE / "valid" / f"{BASE}.bin").read_bytes())
    edits = [
        _splice(name, code, base, edit(base)) for name, (code, edit) in {**FRAMING, **CORE, **SIGNED, **HALVES}.items()
    ]
    openers = [
        {"name": name, "base": BASE, "code": code, "opener": asdict(who)} for name, (code, who) in OPENERS.items()
    ]
    for name, whole in WHOLE.items():
        (HERE / "invalid" / f"{name}.bin").write_bytes(whole.forgery.wire())
    wholes = [{"name": name, "code": whole.code, "opener": asdict(whole.opener)} for name, whole in WHOLE.items()]
    _dump("invalid.json", {"edited": edits, "opened_otherwise": openers, "forged": wholes})


def check() -> None:
    """Raise AssertionError or CryptoError at the first vector that the present code makes or refuses otherwise."""
    for record in read("valid.json")["vectors"]:
        check_valid(record)
    for name, code, wire, opener in refusals():
        assert refusal_of(wire, opener) == code, name
    base = parse((HERE / "valid" / f"{BASE}.bin").read_bytes())
    stored = {edit["name"]: edit for edit in read("invalid.json")["edited"]}
    for name, (code, edit) in {**FRAMING, **CORE, **SIGNED}.items():
        assert stored[name] == _splice(name, code, base, edit(base)), name


def check_valid(record: dict[str, Any]) -> None:
    """Rebuild one envelope from its inputs and its random parts, and open it as every recipient."""
    case, wire = VALID[record["name"]], (HERE / "valid" / f"{record['name']}.bin").read_bytes()
    salt, stored = bytes.fromhex(record["salt"]), parse(wire)
    ptc = sealing.commitment(salt, case.content)
    header = sealing._complete(case.draft, ptc, signing_key("TJ").kid, case.recipients())
    parts = sealing._Parts(header.to_core(), stored.wraps, stored.body)
    rebuilt = sealing._seal_from_parts(header, salt, parts, lambda _: stored.signature)
    assert (rebuilt.wire, rebuilt.eid) == (wire, record["eid"])
    for unit in case.units:
        opened = open_sealed(stored, keyring(unit), unit, signing_key("TJ").public, case.draft.env)
        assert (opened.content, opened.salt, opened.header) == (case.content, salt, header)
        assert (opened.pair_seq, opened.pair_prev) == case.pair


def refusals() -> Iterator[tuple[str, str, bytes, Opener]]:
    """Every invalid vector as stored: name, code, bytes, and who opens."""
    invalid = read("invalid.json")
    base = (HERE / "valid" / f"{BASE}.bin").read_bytes()
    for edit in invalid["edited"]:
        put, at = bytes.fromhex(edit["put"]), edit["at"]
        yield edit["name"], edit["code"], base[:at] + put + base[at + edit["cut"] :], Opener()
    for record in invalid["opened_otherwise"]:
        yield record["name"], record["code"], base, _opener(record)
    for record in invalid["forged"]:
        wire = (HERE / "invalid" / f"{record['name']}.bin").read_bytes()
        yield record["name"], record["code"], wire, _opener(record)


def refusal_of(wire: bytes, opener: Opener) -> str:
    """The code with which the product refuses, or `OPENED`."""
    try:
        open_sealed(parse(wire), opener.keyring(), opener.unit, opener.sender_key().public, opener.env)
    except CryptoError as error:
        return error.code
    return "OPENED"


def read(name: str) -> dict[str, Any]:
    records: dict[str, Any] = json.loads((HERE / name).read_text())
    return records


def _opener(record: dict[str, Any]) -> Opener:
    return Opener(**{**record["opener"], "keys": tuple(record["opener"]["keys"])})


def _write_valid(name: str, case: Case) -> dict[str, Any]:
    sealed = seal(case.draft, case.content, signing_key("TJ"), case.recipients())
    (HERE / "valid" / f"{name}.bin").write_bytes(sealed.wire)
    content = {"hex": case.content.hex()} if len(case.content) < 5000 else {"shake256_of_size": len(case.content)}
    pair = {"seq": case.pair[0], "prev": case.pair[1]}
    return {
        "name": name,
        "eid": sealed.eid,
        "salt": sealed.salt.hex(),
        "content": content,
        "pair": pair,
        "core": sealed.header.to_core().decode(),
    }


def _splice(name: str, code: str, base: Envelope, wire: bytes) -> dict[str, Any]:
    """The smallest single replacement that turns the base into `wire`."""
    old = base.to_bytes()
    shorter = min(len(old), len(wire))
    at = next((i for i in range(shorter) if old[i] != wire[i]), shorter)
    tail = next((i for i in range(shorter - at) if old[-1 - i] != wire[-1 - i]), shorter - at)
    put = wire[at : len(wire) - tail]
    return {"name": name, "code": code, "base": BASE, "at": at, "cut": len(old) - tail - at, "put": put.hex()}


def _keys() -> dict[str, Any]:
    units = sorted({unit for case in VALID.values() for unit in case.units})
    signing = {unit: signing_seeds(unit).hex() for unit in ("TJ", "KZ")}
    return {"signing": signing, "encryption": {unit: encryption_key(unit).seed.hex() for unit in units}}


def _dump(name: str, value: dict[str, Any]) -> None:
    (HERE / name).write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else build()
