"""Gathers what hub and nodes hold about every message into one evidence bundle, and verifies it as a court would.

It reads the databases as they are and believes none of them: each copy of an envelope or a receipt is checked against
the signed log, and each log is folded anew up to its signed head.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.checkpoints import LogKeys, LogSigner
from audit.errors import AuditError
from audit.evidence import archive, bundle
from audit.evidence.bundle import BundleParts, Logged
from audit.log import Log
from crypto import envelope as envelopes
from crypto import signing, statements
from crypto.errors import CryptoError
from crypto.keystore import KeyStore
from exchange.database import Database
from exchange.hub import lookup, publication
from exchange.hub.hub import LOG_ID
from exchange.hub.tables import FEDERATION, MESSAGE, STATEMENT
from nodes.keys import log_seeds
from nodes.tables import MessageRow, ReceiptRow
from schemas import receipts
from schemas.directory import Federation as Document
from schemas.errors import SchemaError
from schemas.trust import PART_LIMIT, Anchor
from serai.federation import Federation
from serai.output import Exit

BUNDLE: Final = "evidence.zip"


@dataclass
class Verdict:
    """What the offline check found: `faults` name a stable code and what it is about; none means that all holds."""

    envelopes: int = 0
    receipts: int = 0
    entries: int = 0
    findings: int = 0
    faults: list[dict[str, str]] = field(default_factory=list)

    def fault(self, code: str, subject: str, text: str) -> None:
        """Note something that does not hold."""
        self.faults.append({"code": code, "subject": subject, "text": text})


@dataclass
class _Copies:
    """Every distinct copy of an envelope and of a receipt that somebody holds."""

    messages: dict[bytes, str] = field(default_factory=dict)
    receipts: dict[bytes, str] = field(default_factory=dict)


def examine(federation: Federation, now: int) -> Verdict:
    """Write the evidence of the whole federation to its folder, verify it offline, and fold every log anew."""
    verdict, copies = Verdict(), _Copies()
    for unit, settings in federation.nodes.items():
        with _reading(settings.database) as session:
            _node_copies(session, unit, copies)
            store = KeyStore.open(settings.keys, federation.passphrase)
            _check_log(session, settings.log_id, LogSigner(settings.log_id, *log_seeds(store)).keys, verdict)
    with _reading(federation.hub.database) as session:
        _hub_copies(session, copies)
        if _check_log(session, LOG_ID, LogKeys.parse(*_document(session).hub.log), verdict):
            with (federation.folder / BUNDLE).open("wb") as target:
                archive.write(target, bundle.write_bundle(_parts(session, copies, verdict, now)))
            _verify(federation.folder / BUNDLE, federation.anchor, verdict)
    return verdict


@contextmanager
def _reading(url: str) -> Iterator[Session]:
    database = Database(url)
    try:
        with database.read() as session:
            yield session
    finally:
        database.close()


def _node_copies(session: Session, unit: str, copies: _Copies) -> None:
    for eid, wire in session.execute(select(MessageRow.eid, MessageRow.envelope)):
        copies.messages.setdefault(bytes(wire), f"{unit}: {eid}")
    for eid, kind, signed in session.execute(select(ReceiptRow.eid, ReceiptRow.type, ReceiptRow.wire)):
        copies.receipts.setdefault(bytes(signed or b""), f"{unit}: {kind} of {eid}")


def _hub_copies(session: Session, copies: _Copies) -> None:
    connection = session.connection()
    for row in connection.execute(select(MESSAGE.c.eid, MESSAGE.c.envelope).where(MESSAGE.c.envelope.is_not(None))):
        copies.messages.setdefault(row.envelope, f"hub: {row.eid}")
    for eid, wire in lookup.every_receipt(connection):
        copies.receipts.setdefault(wire, f"hub: of {eid}")


def _document(session: Session) -> Document:
    return Document.from_bytes(statements.parse(_federations(session)[-1], limit=PART_LIMIT).statement_bytes)


def _federations(session: Session) -> list[bytes]:
    """Return every version of the document, the newest last."""
    return list(session.connection().execute(select(FEDERATION.c.wire).order_by(FEDERATION.c.version)).scalars())


def _parts(session: Session, copies: _Copies, verdict: Verdict, now: int) -> BundleParts:
    """Return everything that the hub's published log can vouch for, and every copy that parses at all."""
    log = Log(LOG_ID)
    shown = publication.published(session.connection(), LOG_ID)
    size, note = (shown.size, shown.note) if shown is not None else (0, b"")
    entries = enumerate(log.entries(session, 0, size))
    logged = [Logged(index, entry, log.inclusion(session, index, size)) for index, entry in entries]
    stated = {row.idx: row.wire for row in session.connection().execute(select(STATEMENT.c.idx, STATEMENT.c.wire))}
    messages = dict(_envelopes(copies, verdict))
    kept = [wire for wire, holder in copies.receipts.items() if _is_receipt(wire, holder, verdict)]
    verdict.entries = size
    return BundleParts(now, _federations(session), stated, note, logged, messages, kept)


def _verify(path: Path, anchor: Anchor, verdict: Verdict) -> None:
    """Let a process of its own verify the bundle, as an auditor would, who believes only the roots that he compared."""
    roots = [word for root in anchor.roots for word in ("--root", signing.kid_of(root))]
    command = [sys.executable, "-m", "serai", "log", "verify", str(path), *roots, "--json"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # our own interpreter and program
    report = json.loads(done.stdout)
    if done.returncode not in (Exit.DONE, Exit.WRONG):
        verdict.fault(report["code"], path.name, report["what"])
        return
    verdict.findings = len(report["findings"])
    for finding in report["findings"]:
        verdict.envelopes += finding["code"] == "ENVELOPE_SIGNED"
        verdict.receipts += finding["code"] == "RECEIPT_SIGNED"
        if finding["level"] == "bad":
            verdict.fault(finding["code"], finding["subject"], finding["text"])


def _check_log(session: Session, log_id: str, keys: LogKeys, verdict: Verdict) -> bool:
    try:
        Log(log_id).verify(session, keys)
    except AuditError as error:
        verdict.fault(error.code, log_id, str(error))
        return False
    return True


def _envelopes(copies: _Copies, verdict: Verdict) -> Iterator[tuple[str, bytes]]:
    """Return every copy that parses; of two that differ in what no id covers, the hub's is the last and stays."""
    for wire, holder in copies.messages.items():
        try:
            yield envelopes.parse(wire).eid, wire
        except CryptoError as error:
            verdict.fault("ENVELOPE_REFUSED", holder, str(error))


def _is_receipt(wire: bytes, holder: str, verdict: Verdict) -> bool:
    try:
        receipts.parse(wire)
    except SchemaError as error:
        verdict.fault("RECEIPT_REFUSED", holder, str(error))
        return False
    return True
