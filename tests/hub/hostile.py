"""Malformed and hostile envelopes and requests, by name, each with the answer that the hub must give.

Envelopes are made from one good envelope of TJ. A changed header is signed again by TJ, so that its form alone, or its
rule, is what the hub refuses; a case without a new signature tries the signature.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crypto import envelope, signing
from crypto.canonical import dumps
from crypto.envelope import MAGIC, MAX_BODY, MAX_WRAPS
from crypto.header import MAX_CORE
from crypto.pae import SUITE
from crypto.signing import SigningKey

JUNK, DENIED, OTHER_ENV, TOO_LARGE, WRONG_MEDIA = "EX-4001", "EX-4031", "EX-4005", "EX-4131", "EX-4151"
BAD_REQUEST, NOT_RECEIPTS, UNFOUND = "EX-4003", "EX-4002", "EX-4041"

Core = dict[str, Any]


@dataclass(frozen=True)
class Good:
    """A good envelope in its parts, and the key that signed it."""

    wire: bytes
    key: SigningKey
    stranger: SigningKey

    @property
    def parsed(self) -> envelope.Envelope:
        return envelope.parse(self.wire)

    @property
    def core(self) -> Core:
        core: Core = json.loads(self.parsed.core)
        return core

    def framed(self, **changes: bytes) -> bytes:
        """The four parts in their frame, some of them changed, none signed again."""
        parsed = self.parsed
        parts = {
            "core": parsed.core,
            "wraps": envelope.join_wraps(parsed.wraps),
            "signature": parsed.signature,
            "body": parsed.body,
        } | changes
        widths = {"core": 4, "wraps": 4, "signature": 2, "body": 8}
        return MAGIC + SUITE + b"".join(len(parts[name]).to_bytes(widths[name], "big") + parts[name] for name in widths)

    def signed(self, core: bytes, key: SigningKey | None = None) -> bytes:
        """The envelope with another core, signed again."""
        statement = envelope.statement_of(core, self.parsed.wraps, self.parsed.body)
        return self.framed(core=core, signature=(key or self.key).sign(envelope.SIGNATURE_LABEL, statement))


Make = Callable[[Good], bytes]
Case = tuple[Make, str]


def cut(at: int) -> Make:
    return lambda good: good.wire[:at]


def flip(at: int, bit: int = 0) -> Make:
    def make(good: Good) -> bytes:
        data = bytearray(good.wire)
        data[at] ^= 1 << bit
        return bytes(data)

    return make


def size_lie(offset: int, width: int, value: int) -> Make:
    return lambda good: good.wire[:offset] + value.to_bytes(width, "big") + good.wire[offset + width :]


def member(name: str, value: Any) -> Make:
    return lambda good: good.signed(_json(good.core | {name: value}))


def without(name: str) -> Make:
    return lambda good: good.signed(_json({key: value for key, value in good.core.items() if key != name}))


def raw(change: Callable[[bytes], bytes]) -> Make:
    return lambda good: good.signed(change(good.parsed.core))


def unsigned(name: str, value: Any) -> Make:
    """A changed header under the old signature."""
    return lambda good: good.framed(core=dumps(good.core | {name: value}))


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _other_half(good: Good, *, ed25519: bool) -> bytes:
    """A signature of which one half is by another key."""
    statement = envelope.statement_of(good.parsed.core, good.parsed.wraps, good.parsed.body)
    other = good.stranger.sign(envelope.SIGNATURE_LABEL, statement)
    mine = good.parsed.signature
    return good.framed(signature=mine[:3309] + other[3309:] if ed25519 else other[:3309] + mine[3309:])


def _label(good: Good) -> bytes:
    statement = envelope.statement_of(good.parsed.core, good.parsed.wraps, good.parsed.body)
    return good.framed(signature=good.key.sign("serai/receipt/1", statement))


def _swapped(data: bytes) -> bytes:
    return data[1:] + data[:1]


FRAMES: dict[str, Make] = {
    "nothing": lambda _: b"",
    "one byte": lambda _: b"\x89",
    "a word": lambda _: b"envelope",
    "a JSON object": lambda _: b'{"v":1}',
    "a zip bomb's head": lambda _: b"PK\x03\x04" + bytes(64),
    "a gzip head": lambda _: b"\x1f\x8b\x08" + bytes(64),
    "an XML entity": lambda _: b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
    "a megabyte of zeros": lambda _: bytes(1 << 20),
    "a byte behind the end": lambda good: good.wire + b"\x00",
    "two envelopes": lambda good: good.wire * 2,
    "the magic alone": cut(8),
    "the suite alone": cut(10),
    "cut in the magic": cut(4),
    "cut in the suite": cut(9),
    "cut in the core's size": cut(12),
    "cut behind the core's size": cut(14),
    "cut in the core": cut(100),
    "cut in the wraps": cut(1000),
    "cut in the signature": cut(3000),
    "cut before the last byte": cut(-1),
    "cut in the body": cut(-2000),
    "no body": lambda good: good.framed(body=b""),
    "no signature": lambda good: good.framed(signature=b""),
    "no wraps": lambda good: good.framed(wraps=b""),
    "no core": lambda good: good.framed(core=b""),
    "a short signature": lambda good: good.framed(signature=bytes(3372)),
    "a long signature": lambda good: good.framed(signature=bytes(3374)),
    "an unpadded body": lambda good: good.framed(body=good.parsed.body + b"\x00"),
    "a body of 100 bytes": lambda good: good.framed(body=bytes(100)),
    "no wrap in the count": lambda good: good.framed(wraps=b"\x00\x00"),
    "two wraps for one recipient": lambda good: good.framed(wraps=envelope.join_wraps(good.parsed.wraps * 2)),
    "a short wrap": lambda good: good.framed(wraps=envelope.join_wraps((bytes(1207),))),
    "a long wrap": lambda good: good.framed(wraps=envelope.join_wraps((bytes(1209),))),
    "a core size of zero": size_lie(10, 4, 0),
    "a core size of one less": lambda good: size_lie(10, 4, len(good.parsed.core) - 1)(good),
    "a core size of one more": lambda good: size_lie(10, 4, len(good.parsed.core) + 1)(good),
    "a core size above the limit": size_lie(10, 4, MAX_CORE + 1),
    "a core size of four gigabytes": size_lie(10, 4, 0xFFFFFFFF),
    "a wraps size above the limit": lambda good: size_lie(14 + len(good.parsed.core), 4, MAX_WRAPS + 1)(good),
    "a body size above the limit": lambda good: size_lie(-len(good.parsed.body) - 8, 8, MAX_BODY + 1)(good)[: 1 << 14],
    "a body size of 2^64-1": lambda good: good.wire[: -len(good.parsed.body) - 8] + b"\xff" * 8 + good.parsed.body,
    **{f"magic byte {at} flipped": flip(at) for at in range(8)},
    "suite 0": lambda good: good.wire[:8] + b"\x00\x00" + good.wire[10:],
    "suite 2": lambda good: good.wire[:8] + b"\x00\x02" + good.wire[10:],
    "suite of experiments": lambda good: good.wire[:8] + b"\xff\x00" + good.wire[10:],
    "suite in the other byte order": lambda good: good.wire[:8] + b"\x01\x00" + good.wire[10:],
}

MEMBERS = (
    *("blobs", "classification", "created", "ctype", "env", "expires", "family", "from", "handling", "id", "prev"),
    *("ptc", "seq", "skid", "suite", "to", "urgency", "v"),
)

HEADERS: dict[str, Make] = {
    **{f"without {name}": without(name) for name in MEMBERS},
    **{f"{name} null": member(name, None) for name in MEMBERS},
    **{f"{name} true": member(name, bool(name)) for name in MEMBERS},
    **{f"{name} an object": member(name, {}) for name in MEMBERS},
    "a member more": member("subject", "x"),
    "kind in the clear": member("kind", "CDREQ"),
    "a float": member("seq", 1.5),
    "a number as text": member("seq", "1"),
    "seq zero": member("seq", 0),
    "seq negative": member("seq", -1),
    "seq 2^53": member("seq", 2**53),
    "version 2": member("v", 2),
    "suite 2 inside": member("suite", 2),
    "another environment's name": member("env", "test"),
    "an unknown ctype": member("ctype", "receipt"),
    "an upper-case id": member("id", "AB" * 16),
    "a short id": member("id", "ab" * 15),
    "a long id": member("id", "ab" * 17),
    "a unit in small letters": member("from", "tj"),
    "a unit of one letter": member("from", "T"),
    "a unit with a quote": member("from", "T'J"),
    "a unit with a line break": member("from", "TJ\n"),
    "a unit with a look-alike letter": member("from", "\u0422J"),
    "a key id of 63 digits": member("skid", "a" * 63),
    "a time without a zone": member("created", "2026-11-22T06:00:00"),
    "a time with an offset": member("created", "2026-11-22T11:00:00+05:00"),
    "a time with a fraction": member("created", "2026-11-22T06:00:00.5Z"),
    "30 February": member("created", "2026-02-30T06:00:00Z"),
    "a leap second": member("created", "2026-06-30T23:59:60Z"),
    "the year zero": member("created", "0000-00-00T00:00:00Z"),
    "expires before created": member("expires", "2020-01-01T00:00:00Z"),
    "nobody to send to": member("to", []),
    "a recipient twice": lambda good: member("to", good.core["to"] * 2)(good),
    "recipients out of order": member("to", [{"ekid": "0" * 64, "unit": unit} for unit in ("TJ", "KG")]),
    "65 recipients": member("to", [{"ekid": "0" * 64, "unit": f"U{number:03}"} for number in range(65)]),
    "a recipient without a key": member("to", [{"unit": "KG"}]),
    "a recipient with a role": member("to", [{"ekid": "0" * 64, "role": "cc", "unit": "KG"}]),
    "a recipient as text": member("to", ["KG"]),
    "a blob without a size": member("blobs", [{"id": "0" * 32, "sha256": "0" * 64}]),
    "a blob twice": member("blobs", [{"id": "0" * 32, "sha256": "0" * 64, "size": 1}] * 2),
    "nine handling codes": member("handling", [f"H{number}" for number in range(9)]),
    "handling codes out of order": member("handling", ["H2", "H1"]),
    "a handling code of spaces": member("handling", ["   "]),
    "a classification with a space": member("classification", "TOP SECRET"),
    "an urgency in small letters": member("urgency", "routine"),
    "a family in capitals": member("family", "OPERATIONAL"),
    "white space in the core": raw(lambda core: core.replace(b":", b": ", 1)),
    "a line break behind the core": raw(lambda core: core + b"\n"),
    "a byte order mark": raw(lambda core: b"\xef\xbb\xbf" + core),
    "members out of order": raw(lambda core: b'{"v":1,' + core[1:].replace(b',"v":1', b"")),
    "a member twice": raw(lambda core: core[:-1] + b',"v":1}'),
    "an escaped letter": raw(lambda core: core.replace(b'"TJ"', b'"\\u0054J"')),
    "an escaped slash": raw(lambda core: core.replace(b'"TJ"', b'"T\\/J"')),
    "a lone surrogate": raw(lambda core: core.replace(b'"TJ"', b'"\\ud800"')),
    "invalid UTF-8": raw(lambda core: core.replace(b'"TJ"', b'"\xff\xfe"')),
    "an overlong NUL": raw(lambda core: core.replace(b'"TJ"', b'"\xc0\x80"')),
    "minus zero": raw(lambda core: core.replace(b'"seq":1', b'"seq":-0')),
    "an exponent": raw(lambda core: core.replace(b'"seq":1', b'"seq":1e0')),
    "infinity": raw(lambda core: core.replace(b'"seq":1', b'"seq":1e999')),
    "not a number": raw(lambda core: core.replace(b'"seq":1', b'"seq":NaN')),
    "a leading zero": raw(lambda core: core.replace(b'"seq":1', b'"seq":01')),
    "a thousand digits": raw(lambda core: core.replace(b'"seq":1', b'"seq":' + b"9" * 1000)),
    "10,000 digits": raw(lambda core: core.replace(b'"seq":1', b'"seq":' + b"9" * 10_000)),
    "30,000 brackets": raw(lambda _: b"[" * 30_000),
    "a deep object": raw(lambda _: b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    "a list as the core": raw(lambda core: b"[" + core + b"]"),
    "a string as the core": raw(lambda _: b'"core"'),
    "a single-quoted core": raw(lambda core: core.replace(b'"', b"'")),
    "a comment in the core": raw(lambda core: core[:-1] + b"/**/}"),
}

SIGNATURES: dict[str, Make] = {
    "the Ed25519 half flipped": lambda good: good.framed(
        signature=good.parsed.signature[:-1] + bytes([good.parsed.signature[-1] ^ 1])
    ),
    "the ML-DSA half flipped": lambda good: good.framed(
        signature=bytes([good.parsed.signature[0] ^ 1]) + good.parsed.signature[1:]
    ),
    "only the ML-DSA half ours": lambda good: _other_half(good, ed25519=True),
    "only the Ed25519 half ours": lambda good: _other_half(good, ed25519=False),
    "a signature of zeros": lambda good: good.framed(signature=bytes(signing.SIGNATURE_SIZE)),
    "the halves shifted": lambda good: good.framed(signature=_swapped(good.parsed.signature)),
    "signed under another label": _label,
    "signed by another unit": lambda good: good.signed(good.parsed.core, good.stranger),
    "the body flipped": flip(-1),
    "a wrap flipped": lambda good: good.framed(wraps=envelope.join_wraps((bytes(1208),))),
    "another's name on it": member("from", "KZ"),
    "a unit that nobody knows": member("from", "XX"),
    "a key that nobody knows": member("skid", "0" * 64),
    "another's key id": lambda good: member("skid", good.stranger.kid)(good),
    "the content commitment changed": unsigned("ptc", "0" * 64),
    "the number changed": unsigned("seq", 2),
    "the predecessor changed": unsigned("prev", "ab" * 32),
    "the id changed": unsigned("id", "ab" * 16),
    "the expiry changed": unsigned("expires", "2026-12-22T06:00:00Z"),
    "the birth changed": unsigned("created", "2026-11-22T05:59:59Z"),
    "the urgency changed": unsigned("urgency", "URG_LIFE"),
    "the classification changed": unsigned("classification", "UNCL"),
    "the handling changed": unsigned("handling", []),
    "the family changed": unsigned("family", "strategic"),
    "the ctype changed": unsigned("ctype", "void"),
    "the recipient changed": unsigned("to", [{"ekid": "0" * 64, "unit": "KZ"}]),
}

ENVELOPES: dict[str, Case] = {
    **{name: (make, JUNK) for name, make in (FRAMES | HEADERS).items()},
    **{name: (make, DENIED) for name, make in SIGNATURES.items()},
    "of the other environment": (member("env", "exercise"), OTHER_ENV),
}

RECEIPTS: dict[str, bytes] = {
    "nothing": b"",
    "an empty list": b"[]",
    "an object": b"{}",
    "a string": b'"x"',
    "a number": b"1",
    "white space": b"[ ]",
    "not JSON": b"[",
    "a list of numbers": b"[1]",
    "a list of lists": b"[[]]",
    "a list of objects": b'[{"v":1}]',
    "an empty receipt": b'[""]',
    "padded base64": b'["e30="]',
    "base64 of an object": b'["e30"]',
    "base64 with a line break": b'["e3\\n0"]',
    "the other alphabet": b'["+/+/"]',
    "257 items": b"[" + b",".join([b'"e30"'] * 257) + b"]",
    "10,000 brackets": b"[" * 10_000,
    "invalid UTF-8": b'["\xff"]',
    "a byte order mark": b"\xef\xbb\xbf[]",
}

QUERIES: dict[str, tuple[str, str]] = {
    **{
        f"inbox {query}": (f"/v1/inbox?{query}", BAD_REQUEST)
        for query in (
            "after=x",
            "after=-2",
            "after=01",
            "after=+1",
            "after=1.0",
            "after=1e3",
            "after=9007199254740992",
            "after=0&leaf=",
            "after=0&leaf=zz",
            "after=0&leaf=00",
            "after=-1&leaf=" + "00" * 32,
            "after=0&leaf=" + "AB" * 32,
            "after=-1&wait=-1",
            "after=-1&wait=56",
            "after=-1&wait=x",
            "after=-1&wait=99999999999999999999",
            "after=-1&after=-1",
            "unit=TJ",
            "after",
            "after=%2D1",
            "after=-1&leaf=&wait=0&x=1",
            "&",
            "after=-1'--",
        )
    },
    **{
        f"proof {query}": (f"/v1/log/proof?{query}", code)
        for query, code in (
            ("index=0", BAD_REQUEST),
            ("index=0&size=1&from=0&to=1", BAD_REQUEST),
            ("index=x&size=1", BAD_REQUEST),
            ("index=-1&size=1", BAD_REQUEST),
            ("index=00&size=1", BAD_REQUEST),
            ("index=1&size=1", UNFOUND),
            ("index=0&size=999999999", UNFOUND),
            ("from=5&to=1", UNFOUND),
            ("from=0&to=999999999", UNFOUND),
        )
    },
    **{
        f"tile {path}": (f"/v1/log/tile/{path}", UNFOUND)
        for path in (
            "0",
            "0/0",
            "0/1000",
            "64/000",
            "-1/000",
            "0/000.p/0",
            "0/000.p/256",
            "0/x000/000",
            "entries/000",
            "0/999",
        )
    },
}
