"""The unit's own keys: seeds in the key store, statements in the database, and their weekly turn.

The root signs the signing key and may be moved away; the signing key signs what turns often. A seed is stored before
its statement is committed, and erased after the row says so, so that a crash between leaves at most an unused file.
Private keys are never in the database, hence in no backup of it: that is the forward secrecy (protocol.md §2).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from audit import store
from audit.cosignatures import Cosigner
from crypto import envelope, note_keys, statements
from crypto.encryption import EncryptionKey
from crypto.errors import KeyFileMissing
from crypto.keystore import Argon2Cost, KeyStore
from crypto.signing import SigningKey, new_seeds, prove_possession
from nodes.errors import NotReady
from nodes.settings import NodeSettings
from nodes.tables import KeyRow
from schemas.directory import KeyStatement, any_statement, node_kid, sign_statement
from schemas.keychecks import STATEMENT_LIMIT, possession_nonce, prove_node_possession
from schemas.trust import Directory

DAY = 86_400
SIGNING_LIFE = 396 * DAY
NODE_LIFE = 396 * DAY
WITNESS_LIFE = 396 * DAY
LOG_LIFE = 3660 * DAY
ENCRYPTION_TURN = 7 * DAY
ENCRYPTION_SEAL = 14 * DAY
ENCRYPTION_ERASE = 28 * DAY
SIGNING_WARNING = 30 * DAY
WITNESS_TURN = WITNESS_LIFE - 60 * DAY
ROOT_NAME = "unit-root"
LOG_NAMES = ("log-ed25519", "log-mldsa44")


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys in use: the newest signing key, every encryption key that may still open, the request key.

    `witness` is the pair that cosigns the logs of others; a node of an older release has none before its first turn.
    """

    signing: SigningKey
    encryption: Mapping[str, EncryptionKey]
    request: Ed25519PrivateKey
    request_keyid: str
    witness: Cosigner | None


@dataclass(frozen=True, slots=True)
class Maker:
    """What a statement is made with: whose, in which environment, and when."""

    store: KeyStore
    settings: NodeSettings
    now: int


def root_folder(settings: NodeSettings) -> Path:
    """Return the folder of the unit's root key, which may be moved to a medium that is kept offline."""
    return settings.folder / "root"


def make_root(settings: NodeSettings, passphrase: str, cost: Argon2Cost | None = None) -> SigningKey:
    """Make the unit's root key in a key store of its own; raises `crypto.errors.KeyFileExists` if there is one."""
    store = KeyStore.create(root_folder(settings), passphrase, cost)
    seeds = new_seeds()
    store.store("root", ROOT_NAME, seeds)
    return SigningKey.from_seeds(seeds)


def open_root(settings: NodeSettings, passphrase: str) -> SigningKey:
    """Return the unit's root key; raises `crypto.errors.KeyFileError` while its folder is away."""
    return SigningKey.from_seeds(KeyStore.open(root_folder(settings), passphrase).load("root", ROOT_NAME))


def make_log_seeds(store: KeyStore) -> None:
    """Make the two seeds that sign the checkpoints of this node's log."""
    for name in LOG_NAMES:
        store.store("log", name, os.urandom(32))


def log_seeds(store: KeyStore) -> tuple[bytes, bytes]:
    """Return the Ed25519 and the ML-DSA-44 seed of this node's log."""
    return store.load("log", LOG_NAMES[0]), store.load("log", LOG_NAMES[1])


def witness_seeds(store: KeyStore, kid: str) -> bytes:
    """Return the seeds of the pair `kid` that cosigns the logs of others."""
    return store.load("witness", f"witness-{kid}")


def new_signing(session: Session, maker: Maker, root: SigningKey) -> SigningKey:
    """Make a signing key for 13 months, vouched for by the root."""
    statement = propose_signing(session, maker)
    add(session, statement, sign_statement(statement, root))
    return maker.store.signing(statement.kid)


def propose_signing(session: Session, maker: Maker, custody: str | None = None) -> KeyStatement:
    """Make a signing key for 13 months and return its statement, which the root has yet to sign.

    It is made where the store keeps new ones, or in the `custody` of this kind.
    """
    key = maker.store.make_signing(custody)
    unit, env = maker.settings.unit, maker.settings.env
    return KeyStatement(
        env=env,
        unit=unit,
        use="SIGNING",
        kid=key.kid,
        public=key.public,
        possession=prove_possession(key, unit, possession_nonce(env, maker.now)),
        stated=maker.now,
        not_before=maker.now,
        not_after=maker.now + SIGNING_LIFE,
        prev=_newest(session, "SIGNING"),
    )


def new_encryption(session: Session, maker: Maker, signer: SigningKey) -> EncryptionKey:
    """Make an encryption key: sealed to for 14 days, its private part erased after 28."""
    key = EncryptionKey.generate()
    maker.store.store("encryption", f"encryption-{key.kid}", key.seed)
    statement = KeyStatement(
        env=maker.settings.env,
        unit=maker.settings.unit,
        use="ENCRYPTION",
        kid=key.kid,
        public=key.public,
        stated=maker.now,
        not_before=maker.now,
        not_after=maker.now + ENCRYPTION_SEAL,
        prev=_newest(session, "ENCRYPTION"),
    )
    add(session, statement, sign_statement(statement, signer))
    return key


def new_request(session: Session, maker: Maker, signer: SigningKey) -> str:
    """Make the Ed25519 key that signs this node's requests to the hub, and return its id."""
    seed = os.urandom(32)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    unit, env = maker.settings.unit, maker.settings.env
    maker.store.store("node", f"node-{node_kid(public)}", seed)
    statement = KeyStatement(
        env=env,
        unit=unit,
        use="NODE",
        node=maker.settings.node_name,
        kid=node_kid(public),
        public=public,
        possession=_possession(private, maker),
        stated=maker.now,
        not_before=maker.now,
        not_after=maker.now + NODE_LIFE,
        prev=_newest(session, "NODE"),
    )
    add(session, statement, sign_statement(statement, signer))
    return statement.kid


def new_note_keys(session: Session, maker: Maker, signer: SigningKey, use: Literal["LOG", "WITNESS"]) -> str:
    """State the pair that signs this node's log, or make the next one that cosigns the logs of others; returns its id.

    The seeds of the log were made with the node; a log has one pair as long as it lives.
    """
    if use == "LOG":
        name, life, seeds = maker.settings.log_id, LOG_LIFE, b"".join(log_seeds(maker.store))
    else:
        name, life, seeds = maker.settings.cosigner_name, WITNESS_LIFE, note_keys.new_seeds()
        maker.store.store("witness", f"witness-{note_keys.kid_of(note_keys.public_of(seeds))}", seeds)
    unit, env, public = maker.settings.unit, maker.settings.env, note_keys.public_of(seeds)
    nonce = possession_nonce(env, maker.now)
    statement = KeyStatement(
        env=env,
        unit=unit,
        use=use,
        name=name,
        genesis=_genesis(session, name) if use == "LOG" else None,
        kid=note_keys.kid_of(public),
        public=public,
        possession=note_keys.prove_possession(seeds, unit, name, nonce),
        stated=maker.now,
        not_before=maker.now,
        not_after=maker.now + life,
        prev=_newest(session, use),
    )
    add(session, statement, sign_statement(statement, signer))
    return statement.kid


def add(session: Session, statement: KeyStatement, wire: bytes) -> None:
    """Keep our `statement` in its signed form `wire`; the courier publishes it."""
    session.add(
        KeyRow(
            kid=statement.kid,
            purpose=statement.use,
            not_before=statement.not_before,
            not_after=statement.not_after,
            statement=wire,
            posted_at=None,
            erased_at=None,
        )
    )
    session.flush()


def _genesis(session: Session, log_id: str) -> str:
    """The leaf hash of entry 0 of our log; raises `NotReady` while there is none."""
    leaves = store.read_leaves(session.connection(), log_id, 0, 1)
    if not leaves:
        raise NotReady("the log of this node has no entry yet")
    return leaves[0].hex()


def note_keys_due(session: Session, now: int) -> list[Literal["LOG", "WITNESS"]]:
    """Return the pairs to state now: what a node of an older release never had, and a cosigner's that ends soon."""
    newest = _newest(session, "WITNESS")
    row = None if newest is None else session.get(KeyRow, newest)
    due: list[Literal["LOG", "WITNESS"]] = [] if _newest(session, "LOG") else ["LOG"]
    return due if row is not None and now < row.not_before + WITNESS_TURN else [*due, "WITNESS"]


def load(session: Session, store: KeyStore, settings: NodeSettings) -> Keys:
    """Return the private keys in use; raises `NotReady` before `node init`, `KeyFileError` if one is lost."""
    signing, request, witness = (_in_use(session, purpose) for purpose in ("SIGNING", "NODE", "WITNESS"))
    if signing is None or request is None:
        raise NotReady("no keys: run `serai node init`")
    opened = (EncryptionKey.from_seed(store.load("encryption", f"encryption-{kid}")) for kid in living(session))
    return Keys(
        store.signing(signing),
        {key.kid: key for key in opened},
        Ed25519PrivateKey.from_private_bytes(store.load("node", f"node-{request}")),
        f"{settings.unit}/{settings.node_name}/{request}",
        None if witness is None else Cosigner(settings.cosigner_name, witness_seeds(store, witness)),
    )


def living(session: Session) -> frozenset[str]:
    """Return the ids of our encryption keys whose private parts are still here."""
    here = select(KeyRow.kid).where(KeyRow.purpose == "ENCRYPTION", KeyRow.erased_at.is_(None))
    return frozenset(session.scalars(here))


def opens(wire: bytes, kids: frozenset[str]) -> bool:
    """Return whether one of these keys opens an envelope, as long as that was not erased."""
    return bool(wire) and any(one.ekid in kids for one in envelope.parse(wire).header.to)


def encryption_due(session: Session, now: int) -> bool:
    """Return whether the weekly turn of the encryption key has come."""
    kid = _newest(session, "ENCRYPTION")
    row = None if kid is None else session.get(KeyRow, kid)
    return row is None or now >= row.not_before + ENCRYPTION_TURN


def expire(session: Session, now: int) -> int:
    """Mark every encryption key that is over 28 days old as erased; returns how many. `sweep` removes the files."""
    old = session.scalars(
        select(KeyRow).where(
            KeyRow.purpose == "ENCRYPTION", KeyRow.erased_at.is_(None), KeyRow.not_before <= now - ENCRYPTION_ERASE
        )
    ).all()
    for row in old:
        row.erased_at = now
    return len(old)


def sweep(session: Session, store: KeyStore) -> None:
    """Remove the private part of every encryption key that the database says is erased; safe to repeat."""
    present = set(store.names())
    erased = session.scalars(select(KeyRow.kid).where(KeyRow.purpose == "ENCRYPTION", KeyRow.erased_at.is_not(None)))
    for name in (f"encryption-{kid}" for kid in erased):
        if name in present:
            try:
                store.erase(name)
            except KeyFileMissing:
                continue


def ids(session: Session) -> dict[str, str]:
    """Return for each purpose the id of the key in use; for encryption the newest."""
    found = {purpose: _in_use(session, purpose) for purpose in ("SIGNING", "NODE", "LOG", "WITNESS")}
    found["ENCRYPTION"] = _newest(session, "ENCRYPTION")
    return {purpose: kid for purpose, kid in found.items() if kid is not None}


def unposted(session: Session) -> list[KeyRow]:
    """Return our statements that the hub has not confirmed yet, oldest first."""
    rows = session.scalars(select(KeyRow).where(KeyRow.posted_at.is_(None)).order_by(KeyRow.not_before, KeyRow.kid))
    return sorted(rows, key=lambda row: (row.purpose != "SIGNING", row.not_before))


def restate(session: Session, maker: Maker, signer: SigningKey | None) -> list[bytes]:
    """State anew the keys that the hub has not confirmed, and return all those statements, oldest first.

    The hub logs no such statement of another time than its own, and it may have been away when the key was made. What
    the root signed is left as it is, and is all that is returned without a `signer`.
    """
    waiting = [row for row in unposted(session) if signer is not None or row.purpose == "SIGNING"]
    for row in waiting:
        if signer is not None and row.purpose != "SIGNING":
            row.statement = _stated_anew(row, maker, signer)
    return [row.statement for row in waiting]


def _stated_anew(row: KeyRow, maker: Maker, signer: SigningKey) -> bytes:
    said = any_statement(statements.parse(row.statement, limit=STATEMENT_LIMIT).statement_bytes)
    changes: dict[str, object] = {"stated": maker.now}
    if isinstance(said, KeyStatement) and said.name is not None:
        seeds = witness_seeds(maker.store, said.kid) if said.use == "WITNESS" else b"".join(log_seeds(maker.store))
        nonce = possession_nonce(said.env, maker.now)
        changes["possession"] = note_keys.prove_possession(seeds, said.unit, said.name, nonce)
    elif row.purpose == "NODE":
        changes["possession"] = _possession(
            Ed25519PrivateKey.from_private_bytes(maker.store.load("node", f"node-{row.kid}")), maker
        )
    return sign_statement(said.model_copy(update=changes), signer)


def _possession(private: Ed25519PrivateKey, maker: Maker) -> bytes:
    settings = maker.settings
    return prove_node_possession(private, settings.unit, possession_nonce(settings.env, maker.now))


def confirm(session: Session, directory: Directory, now: int) -> int:
    """Mark our keys that the directory now carries as published; returns how many were new."""
    confirmed = [row for row in unposted(session) if row.kid in directory.keys]
    for row in confirmed:
        row.posted_at = now
    return len(confirmed)


def days_left(session: Session, now: int) -> dict[str, int]:
    """Return for each purpose the whole days until its newest key ends."""
    rows = session.execute(select(KeyRow.purpose, KeyRow.not_after).order_by(KeyRow.not_before, KeyRow.kid.desc()))
    ends: dict[str, int] = dict(rows.all())  # the newest of a purpose comes last
    named = ("SIGNING", "ENCRYPTION", "NODE", "LOG", "WITNESS")
    return {purpose: (ends[purpose] - now) // DAY for purpose in named if purpose in ends}


def _in_use(session: Session, purpose: str) -> str | None:
    """The newest key that the hub has published; before the first publication, the only one there is."""
    published = select(KeyRow.kid).where(KeyRow.purpose == purpose, KeyRow.posted_at.is_not(None))
    return session.scalar(published.order_by(KeyRow.not_before.desc(), KeyRow.kid).limit(1)) or _newest(
        session, purpose
    )


def _newest(session: Session, purpose: str) -> str | None:
    query = select(KeyRow.kid).where(KeyRow.purpose == purpose).order_by(KeyRow.not_before.desc(), KeyRow.kid).limit(1)
    return session.scalar(query)
