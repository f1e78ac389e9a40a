"""How a unit enters a federation: `init` makes its keys and its card, `join` pins the federation's roots.

The card goes to the federation's keepers, who compare its fingerprint by telephone; the roots' fingerprint comes back
the same way. Nothing of this needs a network, but for the first directory that `join` leaves to the courier.
"""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from audit.log import Log
from crypto.keystore import Argon2Cost, KeyStore
from crypto.signing import prove_possession
from exchange.database import Database
from nodes import keys, log, trust
from nodes.keys import Maker
from nodes.node import MIGRATIONS, Node, Surroundings
from nodes.settings import NodeSettings
from schemas.directory import Level, Names, Unit, UnitCard, UnitClass
from schemas.keychecks import possession_nonce


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a unit says about itself on its card; the federation decides what of it stands in its document."""

    names: Names
    agencies: tuple[str, ...]
    languages: tuple[str, ...]
    unit_class: UnitClass = "MEMBER"
    accreditation: Level = "RESTR"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The passphrases of a new node and of its root; `cost` is lower only for random ones, which need no stretching."""

    passphrase: str = field(repr=False)
    root_passphrase: str = field(repr=False)
    cost: Argon2Cost | None = None


def init(settings: NodeSettings, identity: Identity, secrets: Secrets, now: int) -> bytes:
    """Make keys and database of a new node in `settings.folder` and return the unit's card (wire form).

    Raises `crypto.errors.KeyFileExists` where a node was made before; nothing is ever overwritten.
    """
    store = KeyStore.create(settings.keys, secrets.passphrase, secrets.cost)
    root = keys.make_root(settings, secrets.root_passphrase, secrets.cost)
    keys.make_log_seeds(store)
    database = Database(settings.database)
    try:
        database.check()
        database.upgrade(MIGRATIONS)
        with database.write() as session:
            maker = Maker(store, settings, now)
            signer = keys.new_signing(session, maker, root)
            keys.new_encryption(session, maker, signer)
            keys.new_request(session, maker, signer)
            _begin_log(session, database, maker)
            for use in keys.note_keys_due(session, now):
                keys.new_note_keys(session, maker, signer, use)
            statements = tuple(row.statement for row in keys.unposted(session))
    finally:
        database.close()
    return UnitCard(
        env=settings.env,
        unit=Unit(
            unit=settings.unit,
            unit_class=identity.unit_class,
            names=identity.names,
            agencies=identity.agencies,
            languages=identity.languages,
            time_zone=settings.time_zone,
            accreditation=identity.accreditation,
            roots=(root.public,),
        ),
        stated=now,
        possession=prove_possession(root, settings.unit, possession_nonce(settings.env, now)),
        statements=statements,
    ).to_bytes()


def _begin_log(session: Session, database: Database, maker: Maker) -> None:
    """Write entry 0 of the unit's log: the statement of its LOG keys registers it, so that nobody can begin anew."""
    settings, now = maker.settings, maker.now
    ours = keys.load(session, maker.store, settings)
    node = Node(settings, database, maker.store, Log(settings.log_id), Surroundings(lambda: now), ours)
    log.record(session, node, log.Act(operation="KEY_CHANGE", codes=("GENESIS",)))


def join(node: Node, anchor: bytes, compared: str) -> None:
    """Pin the federation's roots after a person compared their fingerprint; raises `BadInput` if it differs."""
    with node.db.write() as session:
        trust.pin(session, anchor, compared, node.now())
