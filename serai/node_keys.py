"""`serai node keys | rotate | revoke`: which keys a unit has and where they are, the next ones, and the end of one."""

from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from crypto.custody import SEEDS
from crypto.encoding import b64, unb64
from crypto.errors import CryptoError
from crypto.instants import from_text
from nodes import keys, rotation
from nodes.rotation import Turned, Withdrawal
from nodes.signers import PKCS11
from serai.homes import NodeHome
from serai.node_access import Access, Alone, Reason, RootPassphraseFile, system_clock
from serai.output import CommandError, JsonFlag, Report, Table, note, show
from serai.passphrases import ROOT, PassphraseFd, PassphraseFile, passphrase

app = typer.Typer()


class Purpose(StrEnum):
    """The keys of a unit that can be replaced; a log keeps its pair for as long as it lives."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"
    REQUEST = "request"
    WITNESS = "witness"


TURNED: Final[dict[Purpose, Turned]] = {
    Purpose.ENCRYPTION: "ENCRYPTION",
    Purpose.REQUEST: "NODE",
    Purpose.WITNESS: "WITNESS",
}


class Place(StrEnum):
    """Where the next signing key may be made."""

    FILES = "files"
    TOKEN = "token"  # noqa: S105  # a place, not a secret


CUSTODIES: Final = {Place.FILES: SEEDS.kind, Place.TOKEN: PKCS11, None: None}


@app.command("keys")
def show_keys(
    home: NodeHome, file: PassphraseFile = None, descriptor: PassphraseFd = None, *, as_json: JsonFlag = False
) -> None:
    """Show which keys are in use, how long they last, where their halves are, and whether the token answers."""
    members = Access(home, file, descriptor).do("keys", {})
    rows = [[one["purpose"], one["kid"], f"{one['days']} days", one["where"]] for one in members["keys"]]
    trouble = members["trouble"]
    note(f"Nothing can be signed now: {trouble}" if trouble else "The signing key signs.")
    table = Table(["for", "key", "left", "where"], rows)
    show(Report("node-keys", members, table=table, ok=not trouble), as_json=as_json)


@app.command("rotate")
def rotate(
    home: NodeHome,
    key: Annotated[
        Purpose, typer.Option("--key", help="Which key; only the next signing key needs the root.")
    ] = Purpose.SIGNING,
    into: Annotated[
        Place | None, typer.Option("--into", help="Where to make a signing key; in the token, if the node has one.")
    ] = None,
    reason: Reason = "",
    root_file: RootPassphraseFile = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    alone: Alone = False,
    as_json: JsonFlag = False,
) -> None:
    """Make the next key for one purpose; the node may be running, and uses it once the hub has published it.

    Once the unit has two administrators, one of them must agree to a signing or request key on the page Keys of the
    unit: the first command asks, and the same command given again makes the key.
    """
    access, leave = Access(home, file, descriptor), {"reason": reason, "alone": alone}
    waits = access.do("key.ask", {"use": TURNED.get(key, "SIGNING"), **leave})["waits"]
    if waits is not None:
        note("An administrator must agree to it on the page Keys of the unit; then give the same command again.")
        members: dict[str, Any] = {"kid": None, "waits": waits}
    elif key is Purpose.SIGNING:
        root = keys.open_root(access.settings(), passphrase(root_file, None, "passphrase of the root key", option=ROOT))
        proposed = unb64(access.do("key.propose", {"custody": CUSTODIES[into]})["statement"])
        members = access.do("key.take", {"statement": b64(rotation.vouch(access.settings(), root, proposed)), **leave})
        note("The courier publishes the key and then uses it. Take the root key away again.")
    else:
        members = access.do("key.turn", {"use": TURNED[key], **leave})
        note("The courier publishes the key and then uses it. Withdraw the old one with `serai node revoke`.")
    show(Report("node-rotate", members, lines=[members["kid"] or members["waits"]]), as_json=as_json)


@app.command("revoke")
def revoke(
    home: NodeHome,
    kid: Annotated[str, typer.Argument(help="Id of the key, as `serai node status` shows it.")],
    stolen_since: Annotated[
        str | None, typer.Option("--stolen-since", help="Time (RFC 3339, UTC) from which others may have held it.")
    ] = None,
    root_file: RootPassphraseFile = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Withdraw a key of this unit, with the root key brought back for it; the node may be running."""
    access = Access(home, file, descriptor)
    try:
        since = None if stolen_since is None else from_text(stolen_since)
    except CryptoError as error:
        raise CommandError("SERAI-TIME", "--stolen-since is not a time such as 2026-11-22T06:00:00Z.") from error
    root = keys.open_root(access.settings(), passphrase(root_file, None, "passphrase of the root key", option=ROOT))
    statement = rotation.withdraw(access.settings(), root, Withdrawal(kid, since), system_clock())
    members = access.do("key.revoke", {"statement": b64(statement)})
    note("Make the next one with `serai node rotate`: what still waits under a signing key is then sealed anew.")
    show(Report("node-revoke", members, lines=[kid]), as_json=as_json)
