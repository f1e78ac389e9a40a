"""Acts upon the rows of a hub beside its log: messages, receipts, deliveries, mailboxes, senders, the directory."""

from collections.abc import Sequence

from tests.audit.admin import Act, Admin, Expected

Acts = Sequence[Expected]


def a_message_deleted(admin: Admin) -> Acts:
    row = admin.row("message")
    admin.run("DELETE FROM message WHERE eid = :eid", eid=row.eid)
    return [Expected("ROW_MISSING", row.idx)]


def a_message_given_to_another_sender(admin: Admin) -> Acts:
    row = admin.row("message")
    admin.run("UPDATE message SET sender = 'KG' WHERE eid = :eid", eid=row.eid)
    return [Expected("ROW_ALTERED", row.idx)]


def a_message_dated_back(admin: Admin) -> Acts:
    row = admin.row("message")
    admin.run("UPDATE message SET time = time - 3600 WHERE eid = :eid", eid=row.eid)
    return [Expected("ROW_ALTERED", row.idx)]


def the_digest_of_a_message_changed(admin: Admin) -> Acts:
    row = admin.row("message")
    admin.run("UPDATE message SET digest = :d WHERE eid = :eid", d=admin.rng.randbytes(64), eid=row.eid)
    return [Expected("ROW_ALTERED", row.idx)]


def a_message_renumbered(admin: Admin) -> Acts:
    row = admin.row("message")
    admin.run("UPDATE message SET seq = seq + 1000000 WHERE eid = :eid", eid=row.eid)
    return [Expected("ROW_ALTERED", row.idx)]


def the_expiry_of_a_message_changed(admin: Admin) -> Acts:
    row = admin.row("message", "envelope IS NOT NULL")
    admin.run("UPDATE message SET expires = expires + 86400 WHERE eid = :eid", eid=row.eid)
    return [Expected("ROW_ALTERED", row.idx)]


def an_accepted_message_called_refused(admin: Admin) -> Acts:
    row = admin.row("message", "NOT refused")
    admin.run("UPDATE message SET refused = NOT refused WHERE eid = :eid", eid=row.eid)
    return [Expected("ROW_ALTERED", row.idx)]


def an_envelope_changed(admin: Admin) -> Acts:
    row = admin.row("message", "envelope IS NOT NULL")
    admin.run("UPDATE message SET envelope = :e WHERE eid = :eid", e=admin.flipped(row.envelope), eid=row.eid)
    return [Expected("ENVELOPE_ALTERED", row.idx)]


def an_envelope_removed_before_it_was_delivered(admin: Admin) -> Acts:
    waiting = "envelope IS NOT NULL AND eid IN (SELECT eid FROM delivery WHERE state = 'QUEUED')"
    row = admin.row("message", waiting)
    admin.run("UPDATE message SET envelope = NULL WHERE eid = :eid", eid=row.eid)
    return [Expected("ENVELOPE_ALTERED", row.idx)]


def the_receipt_of_a_message_changed(admin: Admin) -> Acts:
    row = admin.row("message")
    admin.run("UPDATE message SET statement = :s WHERE eid = :eid", s=admin.flipped(row.statement), eid=row.eid)
    return [Expected("RECEIPT_ALTERED", row.idx)]


def the_receipt_of_another_message(admin: Admin) -> Acts:
    row, other = admin.row("message"), admin.row("message")
    parts = {"p": other.proof, "s": other.statement, "by": other.signed, "eid": row.eid}
    admin.run("UPDATE message SET proof = :p, statement = :s, signed = :by WHERE eid = :eid", **parts)
    return [Expected("RECEIPT_ALTERED", row.idx)]


def a_message_of_which_the_log_knows_nothing(admin: Admin) -> Acts:
    row = admin.row("message")
    eid, number = admin.rng.randbytes(32).hex(), admin.rng.randrange(10**9, 10**10)
    columns = "eid, sender, id, seq, idx, time, expires, refused, digest, signed, proof, statement"
    values = f"'{eid}', sender, '{eid[:32]}', {number}, idx, time, expires, refused, digest, signed, proof, statement"
    admin.run(f"INSERT INTO message ({columns}) SELECT {values} FROM message WHERE eid = :eid", eid=row.eid)  # noqa: S608 - our own words
    return [Expected("ROW_NOT_LOGGED", row.idx)]


def a_receipt_deleted(admin: Admin) -> Acts:
    row = admin.row("receipt")
    admin.run("DELETE FROM receipt WHERE idx = :at", at=row.idx)
    return [Expected("ROW_MISSING", row.idx)]


def a_receipt_changed(admin: Admin) -> Acts:
    row = admin.row("receipt")
    admin.run("UPDATE receipt SET statement = :s WHERE idx = :at", s=admin.flipped(row.statement), at=row.idx)
    return [Expected("RECEIPT_ALTERED", row.idx)]


def a_receipt_with_another_digest(admin: Admin) -> Acts:
    row = admin.row("receipt")
    admin.run("UPDATE receipt SET digest = :d WHERE idx = :at", d=admin.rng.randbytes(64), at=row.idx)
    return [Expected("ROW_ALTERED", row.idx)]


def a_receipt_dated_back(admin: Admin) -> Acts:
    row = admin.row("receipt")
    admin.run("UPDATE receipt SET time = time - 600 WHERE idx = :at", at=row.idx)
    return [Expected("ROW_ALTERED", row.idx)]


def a_receipt_said_to_be_of_another_kind(admin: Admin) -> Acts:
    row = admin.row("receipt", "type = 'RELAYED'")
    admin.run("UPDATE receipt SET type = 'EXPIRED' WHERE idx = :at", at=row.idx)
    return [Expected("ROW_ALTERED", row.idx), Expected("STATE_ALTERED")]


def a_receipt_of_which_the_log_knows_nothing(admin: Admin) -> Acts:
    row = admin.row("receipt", "type = 'RELAYED'")
    values = f"eid, unit, 'NOT_DELIVERED', {admin.size + 5}, time, digest, signed, proof, statement"
    columns = "eid, unit, type, idx, time, digest, signed, proof, statement"
    admin.run(f"INSERT INTO receipt ({columns}) SELECT {values} FROM receipt WHERE idx = :at", at=row.idx)  # noqa: S608 - our own words
    return [Expected("ROW_NOT_LOGGED", admin.size + 5)]


def the_proof_of_a_receipt_changed(admin: Admin) -> Acts:
    row = admin.row("receipt")
    admin.run("UPDATE receipt SET proof = :p WHERE idx = :at", p=admin.flipped(row.proof), at=row.idx)
    return [Expected("RECEIPT_ALTERED", row.idx)]


def the_signatures_of_a_batch_changed(admin: Admin) -> Acts:
    row = admin.row("signatures")
    admin.run("UPDATE signatures SET signatures = :s WHERE idx = :at", s=admin.flipped(row.signatures), at=row.idx)
    return [Expected("RECEIPT_ALTERED", row.idx)]


def the_signatures_of_a_batch_deleted(admin: Admin) -> Acts:
    row = admin.row("signatures")
    admin.run("DELETE FROM signatures WHERE idx = :at", at=row.idx)
    return [Expected("RECEIPT_ALTERED", row.idx)]


def signatures_of_nothing(admin: Admin) -> Acts:
    at = admin.size + admin.rng.randrange(10**9)
    admin.run("INSERT INTO signatures (idx, signatures) VALUES (:at, :s)", at=at, s=b"[]")
    return [Expected("ROW_NOT_LOGGED", at)]


def a_delivery_set_back(admin: Admin) -> Acts:
    row = admin.row("receipt", "type IN ('DELIVERED', 'OPENED')")
    admin.run("UPDATE delivery SET state = 'RELAYED' WHERE eid = :eid AND unit = :unit", eid=row.eid, unit=row.unit)
    return [Expected("STATE_ALTERED")]


def a_delivery_called_delivered(admin: Admin) -> Acts:
    row = admin.row("message", "eid IN (SELECT eid FROM delivery WHERE state = 'QUEUED')")
    admin.run("UPDATE delivery SET state = 'DELIVERED' WHERE eid = :eid AND state = 'QUEUED'", eid=row.eid)
    return [Expected("STATE_ALTERED", row.idx)]


def a_delivery_deleted(admin: Admin) -> Acts:
    row = admin.row("message", "NOT refused")
    admin.run("DELETE FROM delivery WHERE eid = :eid", eid=row.eid)
    return [Expected("ROW_MISSING", row.idx)]


def a_hand_out_dated_back(admin: Admin) -> Acts:
    row = admin.row("receipt", "type = 'RELAYED'")
    admin.run("UPDATE delivery SET handed_at = handed_at - 60 WHERE eid = :eid AND unit = 'KG'", eid=row.eid)
    return [Expected("ROW_ALTERED")]


def a_delivery_of_another_sender(admin: Admin) -> Acts:
    row = admin.row("message", "NOT refused")
    admin.run("UPDATE delivery SET sender = 'UZ' WHERE eid = :eid", eid=row.eid)
    return [Expected("ROW_ALTERED", row.idx)]


def mail_taken_away(admin: Admin) -> Acts:
    row = admin.row("mailbox")
    admin.run("DELETE FROM mailbox WHERE idx = :at AND unit = :unit", at=row.idx, unit=row.unit)
    return [Expected("ROW_MISSING", row.idx)]


def mail_put_into_another_box(admin: Admin) -> Acts:
    row = admin.row("mailbox", "kind = 1")
    admin.run("UPDATE mailbox SET unit = 'UZ' WHERE idx = :at AND unit = :unit", at=row.idx, unit=row.unit)
    return [Expected("ROW_MISSING", row.idx), Expected("ROW_NOT_LOGGED", row.idx)]


def mail_put_at_another_place(admin: Admin) -> Acts:
    row = admin.row("mailbox")
    new = admin.size + admin.rng.randrange(10**6)
    admin.run("UPDATE mailbox SET idx = :new WHERE idx = :at AND unit = :unit", new=new, at=row.idx, unit=row.unit)
    return [Expected("ROW_MISSING", row.idx), Expected("ROW_NOT_LOGGED", new)]


def the_statement_of_a_unit_changed(admin: Admin) -> Acts:
    row = admin.rng.choice(admin.run("SELECT * FROM statement").all())
    admin.run("UPDATE statement SET wire = :w WHERE idx = :at", w=admin.flipped(row.wire), at=row.idx)
    return [Expected("ROW_ALTERED", row.idx), Expected("DIRECTORY_REFUSED")]


def the_key_of_a_unit_replaced(admin: Admin) -> Acts:
    row = admin.rng.choice(admin.run("SELECT * FROM statement").all())
    admin.run("UPDATE statement SET kid = :kid WHERE idx = :at", kid=admin.rng.randbytes(32).hex(), at=row.idx)
    return [Expected("ROW_ALTERED", row.idx)]


def the_revocation_of_a_unit_hidden(admin: Admin) -> Acts:
    row = admin.rng.choice(admin.run("SELECT * FROM statement").all())
    admin.run("DELETE FROM statement WHERE idx = :at", at=row.idx)
    return [Expected("ROW_MISSING", row.idx)]


def the_federation_document_changed(admin: Admin) -> Acts:
    wire = admin.one("SELECT wire FROM federation")
    admin.run("UPDATE federation SET wire = :w", w=admin.flipped(wire))
    return [Expected("ROW_ALTERED")]


def the_snapshot_deleted(admin: Admin) -> Acts:
    admin.run("DELETE FROM snapshot")
    return [Expected("ROW_MISSING")]


def an_anchor_forgotten(admin: Admin) -> Acts:
    row = admin.row("anchor")
    admin.run("DELETE FROM anchor WHERE idx = :at", at=row.idx)
    return [Expected("ROW_MISSING", row.idx)]


def an_anchor_of_another_size(admin: Admin) -> Acts:
    row = admin.row("anchor")
    admin.run("UPDATE anchor SET size = size + 1000000 WHERE idx = :at", at=row.idx)
    return [Expected("ROW_ALTERED", row.idx)]


def an_anchor_that_nobody_asked_for(admin: Admin) -> Acts:
    at = admin.size + admin.rng.randrange(10**6)
    admin.run("INSERT INTO anchor (origin, size, idx) VALUES ('node.kg.serai', :at, :at)", at=at)
    return [Expected("ROW_NOT_LOGGED", at)]


def a_sender_set_back(admin: Admin) -> Acts:
    admin.run("UPDATE sender SET seq = seq - 1 WHERE unit = :unit", unit="TJ")
    return [Expected("ROW_ALTERED")]


def a_sender_forgotten(admin: Admin) -> Acts:
    admin.run("DELETE FROM sender WHERE unit = 'KZ'")
    return [Expected("ROW_ALTERED")]


def the_evidence_of_an_equivocation_deleted(admin: Admin) -> Acts:
    at = admin.one("SELECT idx FROM evidence")
    admin.run("DELETE FROM evidence")
    return [Expected("ROW_MISSING", at)]


def the_evidence_of_an_equivocation_changed(admin: Admin) -> Acts:
    row = admin.run("SELECT * FROM evidence").one()
    admin.run("UPDATE evidence SET envelope = :e", e=row.envelope[:-1])
    return [Expected("ENVELOPE_ALTERED", row.idx)]


_WHOLE = (
    the_statement_of_a_unit_changed,
    the_key_of_a_unit_replaced,
    the_revocation_of_a_unit_hidden,
    the_federation_document_changed,
    the_snapshot_deleted,
    the_evidence_of_an_equivocation_deleted,
)
_LOCAL = (
    a_message_deleted,
    a_message_given_to_another_sender,
    a_message_dated_back,
    the_digest_of_a_message_changed,
    a_message_renumbered,
    the_expiry_of_a_message_changed,
    an_accepted_message_called_refused,
    an_envelope_changed,
    an_envelope_removed_before_it_was_delivered,
    the_receipt_of_a_message_changed,
    the_receipt_of_another_message,
    a_message_of_which_the_log_knows_nothing,
    a_receipt_deleted,
    a_receipt_changed,
    a_receipt_with_another_digest,
    a_receipt_dated_back,
    a_receipt_said_to_be_of_another_kind,
    a_receipt_of_which_the_log_knows_nothing,
    the_proof_of_a_receipt_changed,
    the_signatures_of_a_batch_changed,
    the_signatures_of_a_batch_deleted,
    signatures_of_nothing,
    a_delivery_set_back,
    a_delivery_called_delivered,
    a_delivery_deleted,
    a_hand_out_dated_back,
    a_delivery_of_another_sender,
    mail_taken_away,
    mail_put_into_another_box,
    mail_put_at_another_place,
    an_anchor_forgotten,
    an_anchor_of_another_size,
    an_anchor_that_nobody_asked_for,
    a_sender_set_back,
    a_sender_forgotten,
    the_evidence_of_an_equivocation_changed,
)
ACTS = {
    **{act.__name__.replace("_", " "): Act(act) for act in _LOCAL},
    **{act.__name__.replace("_", " "): Act(act, whole=True) for act in _WHOLE},
}
