"""One unit's receipts, one job, one clock: what is wrong with it harms nobody else."""

from collections.abc import Sequence
from concurrent.futures import Future

from crypto.canonical import dumps, loads
from crypto.encoding import b64, unb64
from exchange.errors import Unavailable
from exchange.hub.batch import Batch
from exchange.hub.callers import NONCES, Caller
from exchange.hub.sequencer import Job, Kind, Sequencer
from exchange.hub.tables import NONCE
from schemas import receipts
from schemas.directory import Agreement
from schemas.receipts import Receipt
from tests.hub.desk import Desk


def batch(desk: Desk, eids: list[str]) -> list[bytes]:
    """Receipts of KG under one signature."""
    said = [Receipt(env="live", type="DELIVERED", eid=eid, by="KG", unit="KG", time=desk.now) for eid in eids]
    return receipts.sign([desk.world.units["KG"].signing], said)


def spoiled(wire: bytes) -> bytes:
    """The same receipt with another signature, which is none."""
    members = loads(wire, limit=1 << 16)
    assert isinstance(members, dict)
    signature = bytearray(unb64(members["signatures"][0]["sig"]))  # type: ignore[index,call-overload,arg-type]  # its form
    signature[7] ^= 1
    members["signatures"][0]["sig"] = b64(bytes(signature))  # type: ignore[index,call-overload]  # as above
    return dumps(members)


def test_every_receipt_of_a_batch_is_stored_only_with_a_good_signature(desk: Desk) -> None:
    eids = [desk.send().eid for _ in range(2)]
    desk.inbox("KG")
    first, second = batch(desk, eids)
    assert desk.report(first, spoiled(second)).status_code == 403
    assert desk.rows()["receipt"] == 2
    assert desk.report(first, second).status_code == 200


def doubled(batch: Batch, jobs: Sequence[Caller]) -> list[None]:
    """A handler with a defect: what it inserts stands there already."""
    for job in jobs:
        row = {"keyid": job.keyid, "nonce": job.nonce, "expires": job.expires}
        batch.connection.execute(NONCE.insert(), [row, row])
    return [None] * len(jobs)


def test_a_job_that_the_store_refuses_does_not_take_the_others_down(desk: Desk) -> None:
    good, bad = (Caller("TJ", "TJ/main/k", str(number) * 32, desk.now) for number in (1, 2))
    replies: list[Future[object]] = [Future(), Future()]
    desk.hub.sequencer.put([Job(Kind("doubled", doubled), bad, replies[0]), Job(NONCES, good, replies[1])])
    assert isinstance(replies[0].exception(), Unavailable)
    assert replies[1].result() is None
    assert desk.rows()["nonce"] == 1


def test_a_message_to_oneself_stands_once_in_ones_own_mailbox(desk: Desk) -> None:
    own = Agreement(sender="TJ", recipient="TJ", families=("operational",), classification="OFFUSE")
    desk.publish(desk.units, agreements=(own,))
    desk.send(to=("TJ",))
    assert [kind for _, kind, _, _ in desk.inbox("TJ")] == [1]
    assert [kind for _, kind, _, _ in desk.inbox("TJ")] == [1, 2]


def test_the_writer_outlives_a_disk_that_cannot_be_asked(desk: Desk) -> None:
    faults = iter([True])

    def idle() -> None:
        if next(faults, False):
            raise OSError("no such device")

    writer = Sequencer(desk.hub.sequencer._open, idle, largest_queue=8)
    writer.start()
    try:
        for number in (3, 4):
            caller = Caller("TJ", "TJ/main/k", str(number) * 32, desk.now)
            assert writer.post(NONCES, caller).result(timeout=10) is None
    finally:
        writer.stop()
