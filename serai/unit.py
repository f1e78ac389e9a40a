"""What commands let a node do, by name: in the running service over its socket, or here under the folder's lock.

Values in and out are JSON. `session` is the token of a signed-in person; administration at the machine itself needs
none, because whoever owns the folder owns the node: the first administrator is added here.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

from crypto.encoding import b64, unb64
from exchange.policy.facts import Act
from nodes import (
    accounts,
    asking,
    backup,
    changes,
    checking,
    deciding,
    drafts,
    duty,
    evidence,
    fingerprints,
    inbox,
    keys,
    messages,
    outbox,
    proofs,
    rekeying,
    restrictions,
    rotation,
    signers,
    signin,
    standing,
    visits,
    witnessing,
)
from nodes.accounts import AccountChange, NewClearance, NewCode, NewRoles, NewSubject, NewUser
from nodes.asking import Again
from nodes.asking_errors import AskedBefore
from nodes.changes import CONSOLE, Asked
from nodes.courier import sync_once
from nodes.deeds import Exact, ProofNeeded
from nodes.drafts import NewDraft
from nodes.errors import BadInput, Incomplete, RestrictionUnread
from nodes.evidence import Wanted
from nodes.hub_client import HubClient
from nodes.mandates import Visit, Wish
from nodes.node import Node
from nodes.outbox import Order
from nodes.proofs import Shown
from nodes.rekeying import Leave
from nodes.signin import Credentials, Enrolment
from nodes.views import Actor, Box, DraftForm, InboxQuery, View
from nodes.work import Work
from serai.control import Members, Operation

AT_THE_MACHINE = "127.0.0.1"


def operations_of(node: Node) -> Mapping[str, Operation]:
    """Return the operations of this node by name."""
    made: dict[str, Callable[[Node, Members], Members]] = {
        "status": _status,
        "sync": _sync,
        "backup": _backup,
        "keys": _keys,
        "key.ask": _ask_key,
        "key.turn": _turn_key,
        "key.propose": _propose_key,
        "key.take": _take_key,
        "key.revoke": _revoke_key,
        "user.add": _add,
        "user.list": _list,
        "user.disable": _disable,
        "user.reissue": _reissue,
        "user.roles": _roles,
        "user.clearance": _clearance,
        "user.link": _link,
        "user.changes": _changes,
        "user.confirm": _confirm,
        "user.refuse": _refuse,
        "enrol.begin": _begin,
        "enrol.finish": _finish,
        "sign-in": _sign_in,
        "message.list": _messages,
        "message.show": _show,
        "message.send": _send,
        "message.rehearse": _rehearse,
        "message.take": _take,
        "message.evidence": _evidence,
    }
    return {name: _bound(node, operation) for name, operation in made.items()}


def _bound(node: Node, operation: Callable[[Node, Members], Members]) -> Operation:
    return lambda arguments: operation(node, arguments)


def _status(node: Node, _: Members) -> Members:
    with node.db.read() as session:
        index, leaf = standing.seen(session)
        said = {**asdict(standing.status(session, node)), **witnessing.standing(session, node)}
    return {**said, "hub_seen": f"{index}:{leaf}", "signer": asdict(signers.standing(node))}


def _backup(node: Node, given: Members) -> Members:
    heading = backup.back_up(node, Path(given["path"]), unb64(given["recovery"]))
    return {"path": given["path"], "ekid": heading.ekid}


def _ask_key(node: Node, given: Members) -> Members:
    """Say what an administrator must agree to before the key is made, or None; it is asked for if it was not."""
    with node.db.write() as session:
        return {"waits": rekeying.missing(session, node, given["use"], _leave(given))}


def _keys(node: Node, _: Members) -> Members:
    signer = signers.standing(node)
    with node.db.read() as session:
        ids, days = keys.ids(session), keys.days_left(session, node.now())
    where = {"SIGNING": f"ML-DSA-65 {signer.mldsa65}, Ed25519 {signer.ed25519}"}
    rows = [
        {"purpose": use, "kid": kid, "days": days[use], "where": where.get(use, "FILE")} for use, kid in ids.items()
    ]
    return {"keys": rows, "trouble": signer.trouble}


def _turn_key(node: Node, given: Members) -> Members:
    return {"kid": rotation.turn(node, given["use"], _leave(given))}


def _propose_key(node: Node, given: Members) -> Members:
    return {"statement": b64(rotation.propose_signing_key(node, given["custody"]))}


def _take_key(node: Node, given: Members) -> Members:
    return {"kid": rotation.take_signing_key(node, unb64(given["statement"]), _leave(given))}


def _leave(given: Members) -> Leave:
    return Leave(given["reason"], given["alone"])


def _revoke_key(node: Node, given: Members) -> Members:
    with HubClient(node) as client:
        return {"kid": rotation.revoke(node, client, unb64(given["statement"]))}


def _sync(node: Node, _: Members) -> Members:
    return asdict(sync_once(node))


# --- people -----------------------------------------------------------------------------------------------------------


def _add(node: Node, given: Members) -> Members:
    new = NewUser(
        given["user_id"],
        given["display_name"],
        given["agency"],
        frozenset(given["roles"]),
        given["language"],
        _visit(node, given["visit"]) if "visit" in given else None,
        given["clearance"],
    )
    return _change(node, new, given)


def _visit(node: Node, given: Members) -> Visit:
    since, _, until = given["entries"].partition("/")
    wish = Wish(given["mandate"], given["ends"], since, until, given["cases"])
    return visits.planned(wish, ZoneInfo(node.settings.time_zone), node.now())


def _reissue(node: Node, given: Members) -> Members:
    return _change(node, NewCode(given["user_id"]), given)


def _roles(node: Node, given: Members) -> Members:
    return _change(node, NewRoles(given["user_id"], frozenset(given["roles"])), given)


def _clearance(node: Node, given: Members) -> Members:
    return _change(node, NewClearance(given["user_id"], given["clearance"]), given)


def _link(node: Node, given: Members) -> Members:
    return _change(node, NewSubject(given["user_id"], given["subject"]), given)


def _change(node: Node, change: AccountChange, given: Members) -> Members:
    """Make a change alone while the unit is founded, or if told to; else ask for it. `waits` is what to confirm."""
    with node.db.write() as session:
        if given["alone"] or changes.founding(session, node, change):
            code = changes.alone(session, node, change, given["reason"])
            return {"user_id": change.user_id, "enrolment_code": code, "waits": None}
        handed = changes.ask(session, node, CONSOLE, change, given["reason"])
        return {"user_id": change.user_id, "enrolment_code": handed.printed, "waits": handed.approval_id}


def _changes(node: Node, _: Members) -> Members:
    with node.db.read() as session:
        return {"changes": [_asked(one) for one in changes.waiting(session, node, CONSOLE)]}


def _asked(one: Asked) -> Members:
    told = {"change_id": one.approval.approval_id, "digest": one.approval.digest, "reason": one.approval.reason}
    what = {"what": changes.WHAT[type(one.change)], "user_id": one.change.user_id}
    return {**told, **what, "before": one.before, "after": one.after, "asked_by": one.approval.asked_by}


def _confirm(node: Node, given: Members) -> Members:
    """Confirm what the operator was shown: the change that has this id has this digest for ever."""
    with node.db.write() as session:
        approval = changes.get(session, node, CONSOLE, given["change_id"]).approval
        handed = changes.confirm(session, node, CONSOLE, (approval.approval_id, approval.digest))
    return {"change_id": handed.approval_id, "enrolment_code": handed.printed}


def _refuse(node: Node, given: Members) -> Members:
    with node.db.write() as session:
        approval = changes.get(session, node, CONSOLE, given["change_id"]).approval
        changes.refuse(session, node, CONSOLE, (approval.approval_id, approval.digest))
    return {"change_id": given["change_id"]}


def _list(node: Node, _: Members) -> Members:
    with node.db.read() as session:
        return {"users": [asdict(user) for user in accounts.users(session, CONSOLE)]}


def _disable(node: Node, given: Members) -> Members:
    with node.db.write() as session:
        changes.end(session, node, CONSOLE, given["user_id"])
    return {"user_id": given["user_id"]}


def _begin(node: Node, given: Members) -> Members:
    return asdict(signin.begin_enrolment(node, given["user_id"], given["code"], AT_THE_MACHINE))


def _finish(node: Node, given: Members) -> Members:
    enrolment = Enrolment(given["user_id"], given["code"], given["password"], given["totp"])
    signin.finish_enrolment(node, enrolment, AT_THE_MACHINE)
    return {}


def _sign_in(node: Node, given: Members) -> Members:
    signed_in = signin.sign_in(node, Credentials(given["user_id"], given["password"], given["totp"]), AT_THE_MACHINE)
    return {"session": signed_in.token, "roles": sorted(signed_in.actor.roles)}


# --- messages ---------------------------------------------------------------------------------------------------------


def _messages(node: Node, given: Members) -> Members:
    actor = _actor(node, given)
    query = InboxQuery(box=Box(given["box"]), view=View(given["view"]), page=given["page"])
    with node.db.read() as session:
        return asdict(inbox.page(session, node, actor, query))


def _show(node: Node, given: Members) -> Members:
    """Return the message; until its restriction is confirmed, `restriction` alone, which says what to confirm."""
    actor, message_id = _actor(node, given), given["message_id"]
    try:
        with node.db.write() as session:
            if given["confirm"]:
                restrictions.confirm(session, node, actor, message_id)
            opened = messages.opened(session, node, actor, message_id, Act.READ)
            detail = messages.consult(session, node, actor, opened, given["justification"])
            asked = asking.by_others(session, node, actor, opened)
    except RestrictionUnread:
        with node.db.write() as session:
            return {"restriction": asdict(restrictions.show(session, node, actor, message_id))}
    node.changed.bump()
    return {**asdict(detail), "asked_before": asdict(asked)}


def _evidence(node: Node, given: Members) -> Members:
    """Write the evidence into a new file that only the owner of this node's folder may read."""
    actor, path = _actor(node, given), Path(given["path"])
    told = {name: given[name] for name in ("message_id", "case_ref", "with_content", "reason", "use")}
    wanted = Wanted(**told)
    _prove(node, actor, evidence.confirmed_as(actor, wanted), given)
    try:
        with open(path, "x+b", opener=_private) as out:
            exported = evidence.export(node, actor, wanted, out)
    except FileExistsError as error:
        raise BadInput("the file is there already") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return {"path": str(path), **asdict(exported)}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _rehearse(node: Node, given: Members) -> Members:
    """Say what `_send` would seal, to whom and what is wrong, in a transaction that is always rolled back.

    That it was looked up whether the same was asked before is logged all the same.
    """
    order = _order(node, given)
    with node.db.read() as session:
        written = drafts.write(session, node, order.actor, order.new, order.form)
        judged = checking.judge(Work(session, node), order.actor, written)
    return {**asdict(checking.shown(node, judged)), "asked_before": asdict(_asked_before(node, order))}


def _send(node: Node, given: Members) -> Members:
    """Write, check and seal one message: `in_reply_to` makes it an answer. Faults are returned, and nothing is kept."""
    order = _order(node, given)
    _prove(node, order.actor, deciding.exact(order.new.kind, order.form), given)
    sent: Members = {"message_id": None, "faults": [], "asked_before": asdict(asking.Asked())}
    try:
        return {**sent, "message_id": outbox.send(node, order)}
    except Incomplete as error:
        return {**sent, "faults": [asdict(fault) for fault in error.faults]}
    except AskedBefore:
        return {**sent, "asked_before": asdict(_asked_before(node, order))}


def _order(node: Node, given: Members) -> Order:
    form = DraftForm(tuple(given["recipients"]), given["common"], given["body"], tuple(given["copies"]))
    new = NewDraft(given["kind"], given.get("in_reply_to"), given.get("case_ref"), form.recipients)
    return Order(_actor(node, given), new, form, Again(given.get("warning", ""), given.get("again", "")))


def _asked_before(node: Node, order: Order) -> asking.Asked:
    if not fingerprints.asks(order.form.body):
        return asking.Asked()
    with node.db.write() as session:
        written = drafts.write(session, node, order.actor, order.new, order.form)
        return asking.by_us(session, node, order.actor, checking.judge(Work(session, node), order.actor, written))


def _take(node: Node, given: Members) -> Members:
    actor = _actor(node, given)
    with node.db.write() as session:
        duty.take(session, node, actor, given["message_id"])
    node.changed.bump()
    return {"message_id": given["message_id"]}


def _prove(node: Node, actor: Actor, exact: Exact | None, given: Members) -> None:
    """Return if the code that came with the order confirms exactly this, or nothing needs to; raises `ProofNeeded`."""
    if exact is None:
        return
    code = given.get("code", "")
    try:
        with node.db.write() as session:
            shown = Shown(proofs.offer(session, node, actor, exact).ticket, code=code) if code else None
            proofs.require(session, node, actor, exact, shown)
    except ProofNeeded as needed:
        if needed.refused:
            proofs.refused(node, actor)
        raise


def _actor(node: Node, given: Members) -> Actor:
    return signin.authenticate(node, given["session"]).actor
