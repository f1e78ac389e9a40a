"""A case with everything that one can have is erased by two persons, and then nobody reads a word of it anywhere."""

import hashlib
import io
import re
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from fastapi.routing import iter_route_contexts
from httpx import Client
from sqlalchemy import select

from audit.audit import Audit
from audit.evidence.archive import Archive
from audit.evidence.verification import Trust, verify_bundle
from crypto import signing
from exchange import archive
from nodes import backup, cases, data_subjects, drafts, duty, emergencies, evidence, reading, retention, tasks
from nodes.account_tables import SessionRow
from nodes.data_subjects import Person
from nodes.drafts import NewDraft, Saved
from nodes.duty import Assign
from nodes.erasure import Plan as Erasing
from nodes.node import Node
from nodes.retention import Order as HoldOrder
from nodes.tables import MessageRow
from nodes.task_tables import TaskRow
from nodes.task_words import ItemReply, Order, Reply
from nodes.tasks import Plan
from nodes.views import DraftForm
from nodes.web.app import create_app
from nodes.web.entrance import cookie_name
from serai import log_audit
from serai.inside import Inside
from tests.instants import DAY
from tests.messages import AT_RISK, BODIES, form_labels, held, lorry, person
from tests.nodes import prying
from tests.nodes.prying import Keys, Stored
from tests.nodes.test_backup import RECOVERY, restored
from tests.nodes.test_erasure import DPO, erase
from tests.nodes.world import World, send, someone

LATIN, CYRILLIC, PLATE = "ZARKHALOVICH", "Зархалович", "77ZZ313KNR"
SAID: Final = (
    *("subject", "facts", "question", "asked-back", "clarified", "order", "office", "reply", "agent"),
    *("taken-back", "note", "permission", "authority", "answer", "why-answered", "draft", "begun", "carried"),
)
"""The free texts of the case: each says a word of its own."""

KEPT: Final = ("emergency", "hold", "search", "reason")
"""What is said about the case beside it, under the key of the node, and outlives it (docs/operations.md names each)."""


def word(name: str) -> str:
    return f"zarkhal-{name}"


GONE: Final = {LATIN, CYRILLIC, PLATE, *map(word, SAID)}


@dataclass
class Story:
    """A request of KG to TJ to which everything happens that can happen."""

    world: World
    asked: str = ""

    @property
    def node(self) -> Node:
        return self.world.node("TJ")

    def write(self, who: str, new: NewDraft, unit: str = "TJ", **body: object) -> str:
        node = self.world.node(unit)
        sent = send(node, someone(node, who), new, None, **body)
        self.world.sync("TJ", "KG", "TJ", rounds=1)
        return sent

    def ask(self) -> None:
        """KG asks: names in two scripts, a plate, a question, facts, and why it has its handling codes."""
        body, names = BODIES["REQ"], [{**person()["names"][0], "family": CYRILLIC, "latin": LATIN}]
        first, second = body["requested_items"]
        labels = {**AT_RISK, "handling_reason": "The driver would know.", "subject_line": f"Heroin {word('subject')}"}
        changes = {
            "facts": f"{body['facts']} {word('facts')}",
            "requested_items": [{**first, "question": f"Who is he? {word('question')}"}, second],
            "objects": [{**person(), "names": names}, lorry(plate=PLATE)],
        }
        kg = self.world.node("KG")
        self.asked = send(kg, someone(kg, "dilnoza"), NewDraft("REQ", recipients=("TJ",)), labels, **changes)
        self.world.sync("KG", "TJ", "KG", rounds=1)

    def own(self) -> None:
        """The duty officer of TJ gives it to herself, with a note."""
        farida, dilnoza = someone(self.node, "farida"), someone(self.node, "dilnoza")
        with self.node.db.write() as session:
            duty.assign(session, self.node, farida, Assign(self.asked, dilnoza.user_id, f"Mind {word('note')}"))

    def clarify(self) -> None:
        row = {**BODIES["CLQ"]["questions"][0], "question": word("asked-back")}
        question = self.write("dilnoza", NewDraft("CLQ", in_reply_to=self.asked), questions=[row])
        told = [{"question_no": 1, "answer": word("clarified")}]
        self.write("dilnoza", NewDraft("CLA", in_reply_to=question), "KG", answers=told)

    def give_tasks(self) -> None:
        """One task with its letter and reply, and one that is taken back."""
        node, dilnoza, due = self.node, someone(self.node, "dilnoza"), self.world.now + DAY
        order = Order(items=(1,), instructions=word("order"), office=word("office"))
        answers = (ItemReply(item=1, text=word("reply")),)
        reply = Reply(answers=answers, source="Register", person=word("agent"), rank="Major", given=self.world.now)
        with node.db.write() as session:
            first, other = (
                tasks.make(session, node, dilnoza, Plan(self.asked, agency, due, order))
                for agency in ("POLICE", "CUSTOMS")
            )
            tasks.send(session, node, dilnoza, first, confirmed=True)
            tasks.answer(session, node, dilnoza, first, reply)
            tasks.cancel(session, node, dilnoza, other, word("taken-back"))

    def permit(self) -> None:
        items = [held(self.asked)]
        new = NewDraft("HCR", about=self.asked)
        wish = self.write("dilnoza", new, items=items, justification=word("permission"))
        self.write("farida", NewDraft("HCD", in_reply_to=wish), "KG", items=items, authority=word("authority"))

    def answer(self) -> None:
        item = {**BODIES["ANS"]["items"][0], "text": word("answer")}
        labels = {**AT_RISK, "handling_reason": word("why-answered")}
        node = self.node
        new, changes = (
            NewDraft("ANS", in_reply_to=self.asked),
            {"evidence_consent": "NO", "items": [item, BODIES["ANS"]["items"][1]]},
        )
        send(node, someone(node, "dilnoza"), new, labels, **changes)
        self.world.sync("TJ", "KG", "TJ", rounds=1)

    def draft(self) -> None:
        """One draft that answers it, one that was begun in its case, and one outside that passes it on."""
        self.keep(NewDraft("DLY", in_reply_to=self.asked), "draft")
        self.keep(NewDraft("REQ", recipients=("KG",), case_ref=self.case_ref), "begun")
        self.keep(NewDraft("REQ", recipients=("KZ",)), "carried", passed_on=[{"origin": "KG", **held(self.asked)}])

    def keep(self, new: NewDraft, said: str, **common: object) -> None:
        node, dilnoza = self.node, someone(self.node, "dilnoza")
        with node.db.write() as session:
            made = drafts.create(session, node, dilnoza, new)
            form = DraftForm(("KG",), form_labels(subject_line=word(said), **common), {})
            drafts.save(session, node, dilnoza, Saved(made.draft_id, made.revision, form))

    def look(self) -> None:
        """What is said beside the case: a search, a person looked up, an emergency, an authority that held it."""
        node, dilnoza, rustam = self.node, someone(self.node, "dilnoza"), someone(self.node, "rustam")
        data_subjects.look_up(node, DPO, Person(names=f"Рустам {CYRILLIC}"), f"Application {word('reason')}")
        with node.db.write() as session:
            reading.search(session, node, dilnoza, word("search"), "an inquiry")
            emergencies.open_case(session, node, rustam, self.case_ref, word("emergency"))
            hold = HoldOrder(self.case_ref, word("hold"), "1-77/26", self.world.now + DAY)
            retention.lift(session, node, DPO, retention.hold(session, node, DPO, hold))

    @property
    def case_ref(self) -> str:
        with self.node.db.read() as session:
            return cases.of(session, session.get_one(MessageRow, self.asked).case_id).case_ref


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    """Where everybody makes what is a file for a moment."""
    made = tmp_path / "temporary"
    made.mkdir()
    usual, tempfile.tempdir = tempfile.tempdir, str(made)
    yield made
    tempfile.tempdir = usual


@pytest.fixture
def story(world: World, temporary: Path) -> Story:
    """Everything happened."""
    assert temporary.is_dir()
    told = Story(world)
    for step in (told.ask, told.own, told.clarify, told.give_tasks, told.permit, told.draft, told.answer, told.look):
        step()
    return told


@dataclass
class Held:
    """What was taken before the erasure: a backup, an evidence bundle, and the bytes of everything that opens."""

    backup: Path
    bundle: io.BytesIO
    secret: frozenset[bytes]


def taken(story: Story) -> Held:
    node, source, bundle = story.node, story.world.folder / "tj.serai", io.BytesIO()
    story.world.pass_time(2)
    backup.back_up(node, source, RECOVERY.public)
    wanted = evidence.Wanted(case_ref=story.case_ref, with_content=True, reason="court order 17")
    evidence.export(node, someone(node, "dilnoza"), wanted, bundle)
    of_case = "node_case.", "node_message.sealed", "node_message.wrapped_key", "node_draft."
    secret = frozenset(one for place, one in stored(node) if place.startswith(of_case) and prying.is_sealed(one))
    return Held(source, bundle, secret)


def stored(node: Node) -> Stored:
    with node.db.read() as session:
        return prying.rows(session)


def keys(world: World, node: Node, found: Stored) -> Keys:
    """Everything that opens while the node lives: what lies under its master key, and what others seal to."""
    publics = [unit.node.keys.signing.public for unit in world.units.values()]
    secrets = prying.keys_in(found, node.store.kek._secret)
    return Keys(secrets, node.keys.encryption, {signing.kid_of(public): public for public in publics})


def pried(world: World, node: Node, *more: tuple[str, bytes]) -> set[str]:
    """Which words the database of a node, or what is given, says to whoever has every key."""
    found = [*more] or stored(node)
    return set(prying.seen(found, keys(world, node, found), {*GONE, *map(word, KEPT)}))


def unpacked(source: Path, folder: Path) -> Stored:
    archive.unpack(source, RECOVERY, folder)
    return prying.lines(folder)


def require_proofs(story: Story, held: Held) -> None:
    """The log and the rows beside it, every receipt among them, and the bundle that was made before."""
    with story.node.db.read() as session:
        opened = log_audit.of_database(session, "", story.node.store.kek)
        audit = Audit(opened.source, log_audit.trusted(opened, [], None), [], opened.observers, opened.findings)
        assert {"ROWS_MATCH"} <= audit.run(lambda _done: None).counts.keys()
    roots = frozenset(signing.kid_of(root.public) for root in story.world.desk.world.roots)
    report = verify_bundle(Archive(held.bundle), Trust(roots))
    assert report.ok
    assert {"RECEIPT_SIGNED", "ENVELOPE_SIGNED"} <= set(report.codes())


def pages(story: Story, node: Node) -> str:
    """All that the duty officer is shown of the request: every page and file about a message, case or task."""
    ids = {"message_id": story.asked, "case_ref": story.case_ref, "task_id": task_of(node)}
    token, app = secrets.token_hex(16), create_app(node)
    digest, now = hashlib.sha256(token.encode()).hexdigest(), node.now()
    dilnoza = someone(node, "dilnoza").user_id
    with node.db.write() as session:
        session.add(SessionRow(token_hash=digest, user_id=dilnoza, csrf="", created=now, seen=now, level="TOTP"))
    named = [(str(one.path), re.findall(r"{(\w+)}", str(one.path))) for one in iter_route_contexts(app.routes)]
    paths = {path.format(**ids) for path, names in named if names and ids.keys() >= {*names}}
    way = Inside(app)
    client = Client(transport=way, base_url="http://serai.test", cookies={cookie_name(node, "serai"): token})
    told = [client.get(path).text for path in sorted({*paths, "/inbox", "/sent", "/cases", "/tasks", "/permissions"})]
    way.end()
    return " ".join(told)


def task_of(node: Node) -> str:
    with node.db.read() as session:
        return session.scalars(select(TaskRow.task_id).where(TaskRow.state == "ANSWERED")).one()


def said(text: str) -> set[str]:
    return {one for one in GONE if one in text}


SURVIVES: Final = {CYRILLIC, *map(word, KEPT)}
"""The name was looked up by the data-protection officer."""


def test_nothing_of_an_erased_case_is_read_anywhere_and_every_proof_of_it_holds(story: Story) -> None:
    world, node = story.world, story.node
    assert pried(world, node) == GONE | SURVIVES
    assert said(pages(story, node)) >= {LATIN, CYRILLIC, PLATE, word("facts"), word("order"), word("reply")}
    held = taken(story)
    both = [*unpacked(held.backup, world.folder / "1"), *unpacked(backup.keys_of(held.backup), world.folder / "2")]
    assert pried(world, node, *both) == GONE | SURVIVES
    erase(node, Erasing(story.case_ref, "ACQUITTAL"))
    assert pried(world, node) == SURVIVES
    require_no_byte(story, held)
    require_proofs(story, held)
    later = world.folder / "later.serai"
    backup.back_up(node, later, RECOVERY.public)
    for source in (held.backup, later):
        folder = world.folder / f"open {source.name}"
        living = [*unpacked(source, folder), *unpacked(backup.keys_of(later), folder / "apart")]
        assert pried(world, node, *living) == SURVIVES
    backup.keys_of(later).replace(backup.keys_of(held.backup))
    back = restored(world, held.backup)
    assert pried(world, back) == SURVIVES
    assert not said(pages(story, back))
    world.sync("TJ", rounds=2)
    require_proofs(story, held)


def require_no_byte(story: Story, held: Held) -> None:
    """No word in any file, and on SQLite no key and no sealed content either: freed bytes are overwritten."""
    sought = [*(one.encode() for one in GONE), *held.secret]
    files = [*story.node.settings.folder.rglob("*"), *Path(tempfile.gettempdir()).rglob("*")]
    for path in (one for one in files if one.is_file()):
        data = path.read_bytes()
        assert not [one for one in sought if one in data], path
