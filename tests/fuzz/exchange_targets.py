"""Fuzz targets of what the hub and the nodes parse from each other: statements, receipts, entries, RFC 9421 fields."""

import io
from collections.abc import Callable

from crypto.canonical import dumps
from crypto.signing import SigningKey
from exchange import contributions, signatures
from exchange.contributions import Part, Piece
from exchange.errors import BadRequest, Unsigned
from exchange.hub.checker import Chunk, Question, read_chunk
from exchange.policy.errors import PolicyRefused
from exchange.policy.rulebook import federation_texts, unit_texts
from exchange.signatures import Parameters
from schemas import entries, receipts
from schemas.directory import DirectoryParts, Federation, any_statement, members
from schemas.entries import DenialEntry, MessageEntry
from schemas.errors import Malformed
from schemas.receipts import Receipt
from serai import founding
from serai.output import CommandError
from tests.federation import World, pair
from tests.instants import NOW

WORLD = World(NOW).add("KG", "TJ")
PARAMETERS = Parameters(NOW, NOW + 60, "ab" * 16, "KG/main/" + "0" * 64, "cme-node")
COVERED = '("@method" "@target-uri" "content-type" "content-digest" "x-cme-env")'
RECEIPT = Receipt(env="live", type="DELIVERED", eid="e" * 64, by="KG", unit="KG", time=NOW)


def receipt(data: bytes) -> None:
    assert receipts.parse(data).wire == data


def entry(data: bytes) -> None:
    assert entries.parse(data).to_bytes() == data


def statement(data: bytes) -> None:
    assert any_statement(data).to_bytes() == data


def unit_rules(data: bytes) -> None:
    unit_texts({"own.cedar": data})


def parts(data: bytes) -> None:
    assert DirectoryParts.from_bytes(data).to_bytes() == data


def document(data: bytes) -> None:
    assert Federation.from_bytes(data).to_bytes() == data


def fields(data: bytes) -> None:
    text = data.decode("latin-1")
    assert text.endswith(signatures.request_parameters(text, NOW).text())


def contributed(data: bytes) -> None:
    assert b"".join(contributions.pages(contributions.parse(data))) == data


def chunk(data: bytes) -> None:
    read = read_chunk(io.BytesIO(data))
    assert read is None or data.startswith(read.to_bytes())


TARGETS: dict[str, tuple[Callable[[bytes], object], type[Exception]]] = {
    "receipt": (receipt, Malformed),
    "entry": (entry, Malformed),
    "directory_statement": (statement, Malformed),
    "directory_parts": (parts, Malformed),
    "federation_document": (document, Malformed),
    "rights_pairs": (founding.read_pairs, CommandError),
    "signature_input": (fields, Unsigned),
    "contributions": (contributed, BadRequest),
    "unit_rules": (unit_rules, PolicyRefused),
    "chunk": (chunk, EOFError),
}

SEEDS: dict[str, list[bytes]] = {
    "receipt": receipts.sign([SigningKey.generate()], [RECEIPT]),
    "entry": [
        MessageEntry(time=NOW, nonce="0" * 32, eid="e" * 64, sender="TJ", to=("KG",), sha512="0" * 128).to_bytes(),
        DenialEntry(time=NOW, nonce="0" * 32, unit="KG", error="EX-4031", count=3).to_bytes(),
    ],
    "directory_statement": [dumps(members(WORLD.revocation("TJ", "0" * 64, "CEASED", NOW)))],
    "directory_parts": [WORLD.parts().to_bytes()],
    "federation_document": [
        WORLD.federation(rights_pairs=(pair("*", "*"), pair("TJ", "TJ")), agreements=()).to_bytes(),
    ],
    "rights_pairs": [dumps([members(pair()), members(pair("*", "KG", "*", not_after=NOW))])],
    "unit_rules": [federation_texts()["walls"].encode()],
    "chunk": [Chunk(7, (Question(b"public", b"statement", b"signature"),) * 2).to_bytes()],
    "contributions": list(contributions.pages([Piece(part, 7, b"payload") for part in Part])),
    "signature_input": [f"n1={COVERED}{PARAMETERS.text()}".encode()],
}
