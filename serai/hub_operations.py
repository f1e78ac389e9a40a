"""What commands let a hub do, by name: in the running service over its socket, or here under the folder's lock.

Values in and out are JSON; whoever owns the folder is the hub's operator.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from crypto.encoding import b64, unb64
from exchange.hub import administration, backup, enrolling, health, overview, proposing
from exchange.hub.enrolling import Invited
from exchange.hub.hub import Hub
from exchange.hub.proposing import Signing
from schemas.directory import Profile
from serai.control import Members, Operation


def operations_of(hub: Hub) -> Mapping[str, Operation]:
    """Return the operations of this hub by name."""

    def status(_: Members) -> Members:
        return {**administration.status(hub), "proposals": proposing.standing(hub)}

    def metrics(_: Members) -> Members:
        return {"text": hub.metrics.of_all(health.look(hub)).decode()}

    def directory(_: Members) -> Members:
        federation = b64(hub.register.current.parts.federation)
        return {"federation": federation, "witness": list(hub.keys.witness.keys.vkeys)}

    def suspend(given: Members) -> Members:
        return {"snapshot": administration.suspend(hub, given["unit"], given["reason"])}

    def reinstate(given: Members) -> Members:
        return {"snapshot": administration.reinstate(hub, given["unit"])}

    def write_backup(given: Members) -> Members:
        target = Path(given["path"])
        heading = backup.back_up(hub, target, unb64(given["recovery"]))
        overview.note_backup(hub.settings, heading.made, target.stat().st_size)
        return {"path": given["path"], "ekid": heading.ekid}

    named = (status, metrics, directory, suspend, reinstate)
    more: dict[str, Operation] = {
        "backup": write_backup,
        "next-keys": partial(_next_keys, hub),
        "invite": partial(_invite, hub),
        "waiting": lambda _: {"proposals": [b64(one.to_bytes()) for one in proposing.waiting(hub)]},
        "sign": partial(_sign, hub),
        "withdraw": partial(_withdraw, hub),
        "refuse": partial(_refuse, hub),
        "look": lambda _: overview.overview(hub),
    }
    return {**{operation.__name__: operation for operation in named}, **more}


def _next_keys(hub: Hub, given: Members) -> Members:
    """Make the next keys of the hub; they are used once a document says so."""
    wanted = given["keys"]
    made = hub.keys.propose([use for use in wanted if use != "WITNESS"])
    witness = hub.keys.propose_witness() if "WITNESS" in wanted else ()
    return {"keys": {use: b64(public) for use, public in made.items()}, "witness": list(witness)}


def _invite(hub: Hub, given: Members) -> Members:
    profile, digest = Profile.from_bytes(unb64(given["profile"])), bytes.fromhex(given["digest"])
    enrolling.invite(hub, Invited(profile, given["kid"], given["expires"], digest))
    return {}


def _sign(hub: Hub, given: Members) -> Members:
    """Add keepers' signatures; `snapshot` is None while others must still sign."""
    signing = Signing(unb64(given["federation"]), tuple(unb64(wire) for wire in given["requests"]))
    signed = proposing.sign(hub, signing)
    snapshot = hub.register.version if signed.in_force else None
    return {**asdict(signed), "signatures": signed.signatures, "snapshot": snapshot}


def _withdraw(hub: Hub, given: Members) -> Members:
    proposing.withdraw(hub, unb64(given["withdrawal"]))
    return {}


def _refuse(hub: Hub, given: Members) -> Members:
    enrolling.refuse(hub, given["unit"], unb64(given["request"]))
    return {}
