"""What must be refused, as tables: edits of one good envelope, other ways to open it, and envelopes forged whole."""

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import pack
from typing import Any

from crypto.canonical import dumps, loads
from crypto.encryption import EncryptionKey
from crypto.envelope import Envelope, join_wraps, parse, statement_of
from crypto.padding import padded_length
from crypto.signing import SigningKey
from tests.crypto.builders import (
    Forgery,
    encryption_key,
    framed,
    keyring,
    sealed,
    signing_key,
)

Edit = Callable[[Envelope], bytes]


@dataclass(frozen=True)
class Opener:
    """Who opens: the unit, the environment of its deployment, whose encryption keys and sender key it holds."""

    unit: str = "KG"
    env: str = "exercise"
    keys: tuple[str, ...] = ("KG",)
    sender: str = "TJ"

    def keyring(self) -> dict[str, EncryptionKey]:
        return keyring(*self.keys)

    def sender_key(self) -> SigningKey:
        return signing_key(self.sender)


@dataclass(frozen=True)
class Whole:
    """A forged envelope with the code it is refused with."""

    code: str
    forgery: Forgery
    opener: Opener = field(default_factory=Opener)


def _core(edit: Callable[[bytes], bytes]) -> Edit:
    """An envelope whose core bytes are edited and whose length field is right."""
    return lambda e: framed(edit(e.core), join_wraps(e.wraps), e.signature, e.body)


def _members(**changes: Any) -> Edit:
    """An envelope whose core is canonical with some members changed; `from_` stands for `from`."""

    def edit(core: bytes) -> bytes:
        members = loads(core, limit=len(core))
        assert isinstance(members, dict)
        return dumps({**members, **{name.rstrip("_"): value for name, value in changes.items()}})

    return _core(edit)


def _without(name: str) -> Edit:
    def edit(core: bytes) -> bytes:
        members = loads(core, limit=len(core))
        assert isinstance(members, dict)
        return dumps({key: value for key, value in members.items() if key != name})

    return _core(edit)


def _replace(old: bytes, new: bytes) -> Edit:
    """An envelope with one piece of its core's text replaced."""

    def edit(core: bytes) -> bytes:
        assert core.count(old) == 1
        return core.replace(old, new)

    return _core(edit)


def _wraps(edit: Callable[[bytes], bytes]) -> Edit:
    return lambda e: framed(e.core, edit(join_wraps(e.wraps)), e.signature, e.body)


def _signature(edit: Callable[[bytes], bytes]) -> Edit:
    return lambda e: framed(e.core, join_wraps(e.wraps), edit(e.signature), e.body)


def _body(edit: Callable[[bytes], bytes]) -> Edit:
    return lambda e: framed(e.core, join_wraps(e.wraps), e.signature, edit(e.body))


def _wire(edit: Callable[[bytes], bytes]) -> Edit:
    return lambda e: edit(e.to_bytes())


def _put(at: int, data: bytes) -> Callable[[bytes], bytes]:
    return lambda wire: wire[:at] + data + wire[at + len(data) :]


def _flip(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[: at % len(data)] + bytes([data[at] ^ 1]) + data[at % len(data) + 1 :]


def _other_half(label: str, signer: str, *, ed25519: bool) -> Edit:
    """One half of the signature made by another key or under another label; the other half is good."""

    def edit(e: Envelope) -> bytes:
        foreign = signing_key(signer).sign(label, statement_of(e.core, e.wraps, e.body))
        signature = e.signature[:3309] + foreign[3309:] if ed25519 else foreign[:3309] + e.signature[3309:]
        return framed(e.core, join_wraps(e.wraps), signature, e.body)

    return edit


_TO = [{"ekid": encryption_key(unit).kid, "unit": unit} for unit in ("KG", "KZ")]
_BLOB = {"id": "0" * 31 + "1", "sha256": "a" * 64, "size": 1}
_NAMES = (
    *("v", "suite", "env", "ctype", "id", "from", "skid", "to", "created", "expires", "seq", "prev", "ptc", "blobs"),
    *("family", "urgency", "classification", "handling"),
)

FRAMING: dict[str, tuple[str, Edit]] = {
    "nothing": ("MALFORMED", lambda _: b""),
    "only-magic": ("MALFORMED", lambda e: e.to_bytes()[:8]),
    "magic-first-bit-lost": ("MALFORMED", _wire(_put(0, b"\x09"))),
    "magic-line-end-converted": ("MALFORMED", lambda e: e.to_bytes().replace(b"\r\n", b"\n", 1)),
    "magic-other-version": ("MALFORMED", _wire(_put(4, b"2"))),
    "suite-0": ("WRONG_SUITE", _wire(_put(8, b"\x00\x00"))),
    "suite-2": ("WRONG_SUITE", _wire(_put(8, b"\x00\x02"))),
    "suite-private": ("WRONG_SUITE", _wire(_put(8, b"\xff\x00"))),
    "core-length-over-limit": ("TOO_LARGE", _wire(_put(10, pack(">I", 65_537)))),
    "core-length-all-ones": ("TOO_LARGE", _wire(_put(10, b"\xff\xff\xff\xff"))),
    "core-length-zero": ("MALFORMED", _core(lambda _: b"")),
    "wraps-length-over-limit": ("TOO_LARGE", lambda e: _put(14 + len(e.core), pack(">I", 300_001))(e.to_bytes())),
    "signature-short": ("MALFORMED", _signature(lambda s: s[:-1])),
    "signature-empty": ("MALFORMED", _signature(lambda _: b"")),
    "signature-long": ("TOO_LARGE", _signature(lambda s: s + b"\0")),
    "body-length-over-limit": (
        "TOO_LARGE",
        lambda e: _put(len(e.to_bytes()) - len(e.body) - 8, pack(">Q", (16 << 20) + 1))(e.to_bytes()),
    ),
    "body-empty": ("MALFORMED", _body(lambda _: b"")),
    "body-under-the-floor": ("MALFORMED", _body(lambda b: b[:-1])),
    "body-not-of-a-padded-length": ("MALFORMED", _body(lambda b: b + b"\0")),
    "body-no-room-for-a-tag": ("MALFORMED", _body(lambda b: b[:60])),
    "one-byte-after-the-end": ("MALFORMED", _wire(lambda w: w + b"\0")),
    "last-byte-cut": ("MALFORMED", _wire(lambda w: w[:-1])),
    "cut-inside-the-header": ("MALFORMED", _wire(lambda w: w[:100])),
    "wraps-count-too-low": ("MALFORMED", _wraps(_put(0, b"\x00\x01"))),
    "wraps-count-too-high": ("MALFORMED", _wraps(_put(0, b"\x00\x03"))),
    "wraps-one-missing": ("MALFORMED", _wraps(lambda w: b"\x00\x01" + w[2 : 2 + 1210])),
    "wraps-trailing-byte": ("MALFORMED", _wraps(lambda w: w + b"\0")),
    "wraps-empty": ("MALFORMED", _wraps(lambda _: b"")),
    "wrap-long": ("TOO_LARGE", _wraps(lambda w: w[:2] + pack(">H", 1209) + w[4:1212] + b"\0" + w[1212:])),
    "wrap-short": ("MALFORMED", _wraps(lambda w: w[:2] + pack(">H", 1207) + w[4:1211] + w[1212:])),
}

CORE: dict[str, tuple[str, Edit]] = {
    **{f"core-without-{name}": ("MALFORMED", _without(name)) for name in _NAMES},
    "core-unknown-member": ("MALFORMED", _members(kind="CDR")),
    "core-not-an-object": ("MALFORMED", _core(lambda _: b'["v",1]')),
    "core-not-json": ("MALFORMED", _core(lambda core: core[:-1])),
    "core-space": ("NOT_CANONICAL", _replace(b'"v":1', b'"v": 1')),
    "core-line-end": ("NOT_CANONICAL", _core(lambda core: core + b"\n")),
    "core-duplicate-member": ("NOT_CANONICAL", _replace(b'"v":1', b'"v":1,"v":1')),
    "core-duplicate-member-other-value": ("NOT_CANONICAL", _replace(b'"seq":1,', b'"seq":2,"seq":1,')),
    "core-unsorted": ("NOT_CANONICAL", _core(lambda core: b'{"v":1,' + core[1:].replace(b',"v":1', b""))),
    "core-escaped-letter": ("NOT_CANONICAL", _replace(b'"TJ"', b'"\\u0054J"')),
    "core-byte-order-mark": ("MALFORMED", _core(lambda core: b"\xef\xbb\xbf" + core)),
    "core-utf-16": ("MALFORMED", _core(lambda core: core.decode().encode("utf-16-le"))),
    "core-lone-surrogate": ("MALFORMED", _replace(b'"TJ"', b'"\\ud800"')),
    "core-bad-utf-8": ("MALFORMED", _replace(b'"TJ"', b'"\xff"')),
    "core-number-float": ("MALFORMED", _replace(b'"seq":1', b'"seq":1.0')),
    "core-number-exponent": ("MALFORMED", _replace(b'"seq":1', b'"seq":1e0')),
    "core-number-minus-zero": ("NOT_CANONICAL", _replace(b'"seq":1', b'"seq":-0')),
    "core-number-too-big": ("MALFORMED", _replace(b'"seq":1', b'"seq":9007199254740992')),
    "core-number-very-long": ("MALFORMED", _replace(b'"seq":1', b'"seq":' + b"9" * 5000)),
    "core-true": ("MALFORMED", _replace(b'"seq":1', b'"seq":true')),
    "core-null": ("MALFORMED", _replace(b'"UNCL"', b"null")),
    "core-nan": ("MALFORMED", _replace(b'"seq":1', b'"seq":NaN')),
    "core-deep": ("MALFORMED", _replace(b'"blobs":[]', b'"blobs":' + b"[" * 40 + b"]" * 40)),
    "core-very-deep": ("MALFORMED", _core(lambda _: b"[" * 5_000)),
    "version-2": ("MALFORMED", _members(v=2)),
    "version-text": ("MALFORMED", _members(v="1")),
    "core-suite-2": ("WRONG_SUITE", _members(suite=2)),
    "env-unknown": ("MALFORMED", _members(env="test")),
    "env-list": ("MALFORMED", _members(env=["live"])),
    "ctype-unknown": ("MALFORMED", _members(ctype="receipt")),
    "id-upper-case": ("MALFORMED", _members(id="00112233445566778899AABBCCDDEEFF")),
    "id-short": ("MALFORMED", _members(id="0" * 31)),
    "id-line-end": ("MALFORMED", _members(id="0" * 32 + "\n")),
    "from-lower-case": ("MALFORMED", _members(from_="tj")),
    "from-too-long": ("MALFORMED", _members(from_="A" * 17)),
    "from-one-letter": ("MALFORMED", _members(from_="T")),
    "from-number": ("MALFORMED", _members(from_=7)),
    "from-other-script": ("MALFORMED", _members(from_="ТJ")),
    "skid-short": ("MALFORMED", _members(skid="0" * 63)),
    "to-empty": ("MALFORMED", _members(to=[])),
    "to-no-list": ("MALFORMED", _members(to=_TO[0])),
    "to-unsorted": ("MALFORMED", _members(to=_TO[::-1])),
    "to-twice": ("MALFORMED", _members(to=[_TO[0], _TO[0]])),
    "to-sixty-five": ("MALFORMED", _members(to=[{**_TO[0], "unit": f"U{n:02}"} for n in range(65)])),
    "to-extra-member": ("MALFORMED", _members(to=[{**_TO[0], "x": 1}, _TO[1]])),
    "to-bad-key-id": ("MALFORMED", _members(to=[{**_TO[0], "ekid": "z" * 64}, _TO[1]])),
    "created-local-time": ("MALFORMED", _members(created="2026-11-22T06:00:00+05:00")),
    "created-fraction": ("MALFORMED", _members(created="2026-11-22T06:00:00.0Z")),
    "created-no-such-day": ("MALFORMED", _members(created="2026-02-30T06:00:00Z")),
    "created-leap-second": ("MALFORMED", _members(created="2016-12-31T23:59:60Z")),
    "created-before-1970": ("MALFORMED", _members(created="1969-12-31T23:59:59Z")),
    "created-number": ("MALFORMED", _members(created=0)),
    "expires-before-created": ("MALFORMED", _members(expires="2026-11-22T05:59:59Z")),
    "expires-at-created": ("MALFORMED", _members(expires="2026-11-22T06:00:00Z")),
    "seq-zero": ("MALFORMED", _members(seq=0)),
    "seq-negative": ("MALFORMED", _members(seq=-1)),
    "seq-text": ("MALFORMED", _members(seq="1")),
    "prev-short": ("MALFORMED", _members(prev="0" * 62)),
    "ptc-upper-case": ("MALFORMED", _members(ptc="A" * 64)),
    "blob-size-zero": ("MALFORMED", _members(blobs=[{**_BLOB, "size": 0}])),
    "blob-without-size": ("MALFORMED", _members(blobs=[{"id": _BLOB["id"], "sha256": _BLOB["sha256"]}])),
    "blob-twice": ("MALFORMED", _members(blobs=[_BLOB, _BLOB])),
    "blobs-sixty-five": ("MALFORMED", _members(blobs=[{**_BLOB, "id": f"{n:032x}"} for n in range(65)])),
    "family-upper-case": ("MALFORMED", _members(family="Operational")),
    "urgency-lower-case": ("MALFORMED", _members(urgency="routine")),
    "classification-space": ("MALFORMED", _members(classification="UN CL")),
    "handling-no-list": ("MALFORMED", _members(handling="H0")),
    "handling-unsorted": ("MALFORMED", _members(handling=["H2", "H1"])),
    "handling-twice": ("MALFORMED", _members(handling=["H1", "H1"])),
    "handling-nine": ("MALFORMED", _members(handling=[f"H{n}" for n in range(9)])),
}

SIGNED: dict[str, tuple[str, Edit]] = {
    "signed-seq-changed": ("BAD_SIGNATURE", _members(seq=2)),
    "signed-expires-changed": ("BAD_SIGNATURE", _members(expires="2027-11-22T06:00:00Z")),
    "signed-handling-dropped": ("BAD_SIGNATURE", _members(handling=[])),
    "signed-classification-lowered": ("BAD_SIGNATURE", _members(classification="OFFUSE")),
    "signed-recipient-renamed": ("BAD_SIGNATURE", _members(to=[_TO[0], {**_TO[1], "unit": "UZ"}])),
    "signed-ctype-changed": ("BAD_SIGNATURE", _members(ctype="revoke")),
    "signed-commitment-changed": ("BAD_SIGNATURE", _members(ptc="0" * 64)),
    "signed-wraps-swapped": ("BAD_SIGNATURE", _wraps(lambda w: w[:2] + w[1212:] + w[2:1212])),
    "signed-wrap-flipped": ("BAD_SIGNATURE", _wraps(_flip(700))),
    "signed-body-first-bit": ("BAD_SIGNATURE", _body(_flip(0))),
    "signed-body-last-bit": ("BAD_SIGNATURE", _body(_flip(-1))),
    "signature-mldsa-first-bit": ("BAD_SIGNATURE", _signature(_flip(0))),
    "signature-mldsa-last-bit": ("BAD_SIGNATURE", _signature(_flip(3308))),
    "signature-ed25519-first-bit": ("BAD_SIGNATURE", _signature(_flip(3309))),
    "signature-ed25519-last-bit": ("BAD_SIGNATURE", _signature(_flip(3372))),
    "signature-zero": ("BAD_SIGNATURE", _signature(lambda s: bytes(len(s)))),
    "signature-mldsa-zero": ("BAD_SIGNATURE", _signature(lambda s: bytes(3309) + s[3309:])),
    "signature-ed25519-zero": ("BAD_SIGNATURE", _signature(lambda s: s[:3309] + bytes(64))),
    "signature-halves-exchanged": ("BAD_SIGNATURE", _signature(lambda s: s[-64:] + s[:-64])),
}

HALVES: dict[str, tuple[str, Edit]] = {
    "signature-mldsa-of-another-key": ("BAD_SIGNATURE", _other_half("cme/1/envelope", "KZ", ed25519=False)),
    "signature-ed25519-of-another-key": ("BAD_SIGNATURE", _other_half("cme/1/envelope", "KZ", ed25519=True)),
    "signature-mldsa-of-another-label": ("BAD_SIGNATURE", _other_half("serai/receipt/1", "TJ", ed25519=False)),
    "signature-ed25519-of-another-label": ("BAD_SIGNATURE", _other_half("serai/receipt/1", "TJ", ed25519=True)),
}

OPENERS: dict[str, tuple[str, Opener]] = {
    "exercise-opened-in-live": ("WRONG_ENVIRONMENT", Opener(env="live")),
    "key-of-another-sender": ("WRONG_SENDER_KEY", Opener(sender="KZ")),
    "not-a-recipient": ("NOT_FOR_US", Opener(unit="UZ", keys=("UZ",))),
    "key-erased": ("UNKNOWN_RECIPIENT_KEY", Opener(keys=())),
    "key-of-the-other-recipient": ("UNKNOWN_RECIPIENT_KEY", Opener(keys=("KZ",))),
}

_OTHER_CORE = parse(sealed(units=("KG", "KZ"), seq=2).wire).core
_FIVE_KIB = b"x" * 5000

WHOLE: dict[str, Whole] = {
    "live-in-exercise": Whole("WRONG_ENVIRONMENT", Forgery(members={"env": "live"})),
    "signed-by-another-key": Whole("BAD_SIGNATURE", Forgery(members={"skid": signing_key("TJ").kid}, signer="KZ")),
    "signed-under-another-label": Whole("BAD_SIGNATURE", Forgery(label="serai/receipt/1")),
    "wraps-in-the-wrong-order": Whole("UNDECRYPTABLE", Forgery(wrap_units=("KZ", "KG"), wrap_keys=("KZ", "KG"))),
    "wrap-names-another-unit": Whole("UNDECRYPTABLE", Forgery(wrap_units=("UZ", "KZ"))),
    "wrap-to-another-key": Whole("UNDECRYPTABLE", Forgery(wrap_keys=("UZ", "KZ"))),
    "wrap-under-another-label": Whole("UNDECRYPTABLE", Forgery(wrap_label="cme/1/pop-challenge")),
    "body-under-another-key": Whole("UNDECRYPTABLE", Forgery(body_key=bytes(32))),
    "body-of-another-header": Whole("UNDECRYPTABLE", Forgery(body_core=_OTHER_CORE)),
    "pair-sequence-zero": Whole("MALFORMED", Forgery(pair=(0, bytes(32)))),
    "pair-sequence-too-big": Whole("MALFORMED", Forgery(pair=(2**53, bytes(32)))),
    "padding-not-zero": Whole("BAD_PADDING", Forgery(plaintext=lambda p: p[:-1] + b"\1")),
    "padding-first-byte-not-zero": Whole("BAD_PADDING", Forgery(plaintext=lambda p: p[:43] + b"\1" + p[44:])),
    "padding-one-step-too-long": Whole(
        "BAD_PADDING", Forgery(content=_FIVE_KIB, plaintext=lambda p: p.ljust(padded_length(len(p) + 1), b"\0"))
    ),
    "padding-one-step-too-short": Whole("BAD_PADDING", Forgery(content=_FIVE_KIB, plaintext=lambda p: p[:4608])),
    "content-length-beyond-the-body": Whole(
        "BAD_PADDING", Forgery(plaintext=lambda p: p[:32] + pack(">I", 4061) + p[36:])
    ),
    "content-length-all-ones": Whole("BAD_PADDING", Forgery(plaintext=lambda p: p[:32] + b"\xff\xff\xff\xff" + p[36:])),
    "content-length-too-low": Whole("BAD_PADDING", Forgery(plaintext=lambda p: p[:32] + pack(">I", 6) + p[36:])),
    "content-length-too-high": Whole(
        "COMMITMENT_MISMATCH", Forgery(plaintext=lambda p: p[:32] + pack(">I", 8) + p[36:])
    ),
    "content-not-the-committed": Whole("COMMITMENT_MISMATCH", Forgery(plaintext=lambda p: p[:36] + b"C" + p[37:])),
    "salt-not-the-committed": Whole("COMMITMENT_MISMATCH", Forgery(plaintext=lambda p: b"\xff" + p[1:])),
    "commitment-of-other-content": Whole("COMMITMENT_MISMATCH", Forgery(members={"ptc": "0" * 64})),
}
