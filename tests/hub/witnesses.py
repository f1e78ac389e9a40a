"""Units that witness: a federation whose document asks for a quorum, and what a witness's node sends."""

import httpx

from audit.checkpoints import Checkpoint, LogSigner, verify_checkpoint
from audit.cosignatures import Cosigner, write_lines
from audit.submission import Submission
from exchange.hub import administration
from exchange.hub.administration import Publication
from exchange.quorum import policy_of
from schemas.directory import sign_federation
from tests.hub.desk import Desk

UNITS = ("KG", "KZ", "TJ")


def witnessed(desk: Desk, quorum: int = 2, units: tuple[str, ...] = UNITS) -> None:
    """Publish a document with this quorum of `units`, and their WITNESS and LOG pairs."""
    version = desk.hub.register.current.federation.version + 1
    document = desk.world.federation(version, issued=desk.now, witnesses=units, quorum=quorum)
    keys = [desk.world.units[unit] for unit in units]
    statements = [one.note_statement(use, desk.now) for one in keys for use in ("WITNESS", "LOG")]
    signed = sign_federation(document, desk.world.roots[:2])
    administration.publish(desk.hub, Publication(signed, tuple(statements)))


def cosigner(desk: Desk, unit: str) -> Cosigner:
    return Cosigner(f"node.{unit.lower()}.serai/witness", desk.world.units[unit].witness)


def unit_log(desk: Desk, unit: str) -> LogSigner:
    return LogSigner.from_seeds(f"node.{unit.lower()}.serai", desk.world.units[unit].log)


def pending(desk: Desk, unit: str, old: int = 0) -> bytes:
    answer = desk.get(unit, f"/v1/log/pending?old={old}&wait=0")
    assert answer.status_code == 200, answer.text
    return answer.content


def post(desk: Desk, unit: str, path: str, body: bytes) -> httpx.Response:
    fields = {"content-type": "application/octet-stream"}
    return desk.client.post(path, content=body, auth=desk.auth(unit), headers=fields)


def lines(desk: Desk, unit: str, request: bytes, now: int | None = None) -> bytes:
    """The cosignature of `unit` over the checkpoint in a request."""
    said = verify_checkpoint(Submission.parse(request).note, desk.keys.log.keys).checkpoint
    return write_lines(cosigner(desk, unit).cosign(said, now or desk.now))


def cosign(desk: Desk, unit: str, old: int = 0) -> int:
    """Let `unit` cosign what waits; returns the size."""
    request = pending(desk, unit, old)
    answer = post(desk, unit, "/v1/log/cosignatures", lines(desk, unit, request))
    assert answer.status_code == 204, answer.text
    return verify_checkpoint(Submission.parse(request).note, desk.keys.log.keys).checkpoint.size


def shown(desk: Desk) -> Checkpoint | None:
    """The published checkpoint, believed by the policy of the directory; None before the first."""
    answer = desk.get("KG", "/v1/log/checkpoint")
    if answer.status_code == 404:
        return None
    return policy_of(desk.hub.register.current, desk.now).verify(answer.content).checkpoint


def tick(desk: Desk, seconds: int = 1) -> None:
    desk.now += seconds
    desk.hub.tick()
