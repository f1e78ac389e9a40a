"""How a unit enters a federation: it answers an invitation with keys of its own, and pins the federation's roots.

The request goes to the federation's keepers, who compare its fingerprint by telephone; the roots' fingerprint comes
back the same way. Nothing of this needs a network, but for the first directory that `join` leaves to the courier.
"""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from audit.log import Log
from crypto.custody import SEEDS, Custody
from crypto.keystore import Argon2Cost, KeyStore
from crypto.signing import SigningKey, prove_possession
from exchange.database import Database
from nodes import keys, log, trust
from nodes.enrolment_errors import InvitationOver, InvitationRefused, OtherFingerprint
from nodes.keys import Maker
from nodes.node import MIGRATIONS, Node, Surroundings
from nodes.settings import NodeSettings
from schemas import invitations
from schemas.directory import Profile, Unit, UnitCard
from schemas.invitations import FingerprintDiffers, Invitation, InvitationExpired
from schemas.keychecks import possession_nonce


@dataclass(frozen=True, slots=True)
class Secrets:
    """The passphrases of a new node and of its root; `cost` is lower only for random ones, which need no stretching.

    `custody` is where its signing keys will be; the root is never there, for it is not kept at the node.
    """

    passphrase: str = field(repr=False)
    root_passphrase: str = field(repr=False)
    cost: Argon2Cost | None = None
    custody: Custody = SEEDS


def read(wire: bytes, now: int) -> Invitation:
    """Return the invitation in `wire`, as it is good now; raises `InvitationRefused` or `InvitationOver`."""
    try:
        return invitations.read_invitation(wire, now)
    except InvitationExpired as error:
        raise InvitationOver from error
    except invitations.InvitationRefused as error:
        raise InvitationRefused from error


def answer(settings: NodeSettings, invitation: Invitation, secrets: Secrets, now: int) -> bytes:
    """Make the node of an invited unit and return its enrolment request (wire form); raises as `init`."""
    card, root = _make(settings, invitation.profile, secrets, now)
    return invitations.request(invitation, root, card)


def init(settings: NodeSettings, profile: Profile, secrets: Secrets, now: int) -> UnitCard:
    """Make keys and database of a new node in `settings.folder` and return the card of its unit.

    Raises `crypto.errors.KeyFileExists` where a node was made before; nothing is ever overwritten.
    """
    return _make(settings, profile, secrets, now)[0]


def _make(settings: NodeSettings, profile: Profile, secrets: Secrets, now: int) -> tuple[UnitCard, SigningKey]:
    """Make the node; returns the card of its unit and its root."""
    store = KeyStore.create(settings.keys, secrets.passphrase, secrets.cost, secrets.custody)
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
    card = UnitCard(
        env=settings.env,
        unit=Unit.of(profile, root.public),
        stated=now,
        possession=prove_possession(root, settings.unit, possession_nonce(settings.env, now)),
        statements=statements,
    )
    return card, root


def _begin_log(session: Session, database: Database, maker: Maker) -> None:
    """Write entry 0 of the unit's log: the statement of its LOG keys registers it, so that nobody can begin anew."""
    settings, now = maker.settings, maker.now
    ours = keys.load(session, maker.store, settings)
    node = Node(settings, database, maker.store, Log(settings.log_id), Surroundings(lambda: now), ours)
    log.record(session, node, log.Act(operation="KEY_CHANGE", codes=("GENESIS",)))


def join(node: Node, anchor: bytes, compared: str) -> None:
    """Pin the federation's roots after a person compared their fingerprint; raises `OtherFingerprint` if it differs.

    Raises `BadInput` for what is no anchor, or where roots are pinned already.
    """
    try:
        invitations.compare(anchor, compared)
    except FingerprintDiffers as error:
        raise OtherFingerprint from error
    with node.db.write() as session:
        trust.pin(session, anchor, node.now())
