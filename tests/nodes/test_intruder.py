"""A unit that knows of somebody else's exchange cannot put a word into it."""

from sqlalchemy import select

from crypto.header import GENESIS, HeaderDraft
from crypto.sealing import Recipient, seal
from nodes.drafts import NewDraft
from nodes.hub_client import HubClient
from nodes.tables import MessageRow, QuarantineRow
from schemas.content import Author, Content
from schemas.content import Recipient as Addressed
from tests.instants import DAY
from tests.messages import BODIES, labels
from tests.nodes.world import World, send, someone

STRAY = "0192f0c1-1111-7111-8111-111111111111"
NEVER_SENT = "0192f0c1-2222-7222-8222-222222222222"


def intrude(world: World, thread_id: str) -> None:
    """KZ sends KG an answer within an exchange of TJ and KG, naming as its parent a message that nobody has."""
    node = world.node("KZ")
    content = Content(
        msg_id=STRAY,
        kind="ANS",
        schema_version="1.0",
        mode="LIVE",
        case_ref="KZ-KZ-2026-000001",
        thread_id=thread_id,
        in_reply_to=NEVER_SENT,
        author=Author(unit="KZ", agency="POLICE", officer="KZ-1", name="A"),
        recipients=(Addressed(unit="KG", role="TO"),),
        created_at=world.now,
        sent_at=world.now,
        labels=labels(),
        body=BODIES["ANS"],
    )
    header = HeaderDraft(
        env="live",
        ctype="message",
        id=STRAY.replace("-", ""),
        sender="KZ",
        created=world.now,
        expires=world.now + DAY,
        seq=1,
        prev=GENESIS,
        family=content.declared.family,
        urgency="ROUTINE",
        classification="OFFUSE",
        handling=("H0",),
    )
    key = node.directory().encryption_key("KG", world.now).public
    sealed = seal(header, content.to_bytes(), node.keys.signing, [Recipient("KG", key, 1, GENESIS)])
    with HubClient(node) as client:
        assert client.post_message(sealed.wire).receipt is not None


def test_a_third_unit_gets_nothing_into_the_case_of_an_exchange(small: World) -> None:
    actor = someone(small.node("TJ"), "rustam")
    request = send(small.node("TJ"), actor, NewDraft("REQ", recipients=("KG",)))
    small.sync()
    intrude(small, request)
    small.sync()
    with small.node("KG").db.read() as session:
        assert session.get(MessageRow, STRAY) is None
        assert session.scalars(select(QuarantineRow.reason)).all() == ["OUT_OF_STEP"]
