"""Following the hub's log: what has grown is fetched as hash tiles, led back to a signed checkpoint, and mirrored.

The work is proportional to what is new, and each step of 64 tiles is proved and stored by itself, so that a cut costs
one step. A hub whose signed checkpoint does not continue what this node accepted before has shown two histories: both
notes are kept as evidence and people are alarmed (protocol.md §9.4).
"""

from dataclasses import dataclass

from audit.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from audit.edge import Edge, FullTile
from audit.errors import AuditError, Malformed, ProofRefused
from audit.merkle import verify_consistency
from audit.tiles import TILE_WIDTH, TileAddress, split_tile, width_at
from exchange.quorum import policy_of
from nodes import forks
from nodes.errors import AnswerRefused, HubProblem
from nodes.forks import Fork
from nodes.hub_client import HubClient
from nodes.mirror import Held, Mirror
from nodes.node import Node

TILES_AT_ONCE = 64
"""Tiles of 256 hashes in one step: half a mebibyte."""


def hub_keys(node: Node) -> LogKeys:
    """The keys of the hub's log as the directory that is held names them."""
    return LogKeys.parse(*node.directory().federation.hub.log)


@dataclass(frozen=True, slots=True)
class Step:
    """What a step came to: whether `more` is left, and whether the hub shows an older head than we accepted."""

    more: bool = False
    behind: bool = False


def step(node: Node, client: HubClient, most: int = TILES_AT_ONCE) -> Step:
    """Mirror what is new of the published log, at most `most` tiles of it; nothing that too few have cosigned.

    Raises `HubUnreachable`, `HubProblem`, and `AnswerRefused` as `hold`.
    """
    note = client.checkpoint()
    done = _follow(node, client, note, most, published=True)
    if not done.more and not _quorum_fault(node, note):
        said = verify_checkpoint(note, hub_keys(node)).checkpoint
        with node.db.write() as session:
            Mirror(session, said.origin).follow(said.size, note, node.now())
    return done


def hold(node: Node, client: HubClient, note: bytes) -> None:
    """Mirror up to the signed `note`, which we are asked to be one of the first to cosign.

    An answer that leads nowhere is `AnswerRefused` and stores nothing. So does a second history, after its evidence was
    kept.
    """
    while _follow(node, client, note, TILES_AT_ONCE, published=False).more:
        continue


def _follow(node: Node, client: HubClient, note: bytes, most: int, *, published: bool) -> Step:
    keys = hub_keys(node)
    try:
        said = verify_checkpoint(note, keys).checkpoint
    except AuditError as error:
        raise AnswerRefused(f"checkpoint: {error.code}") from error
    with node.db.read() as session:
        mirror = Mirror(session, keys.origin)
        held, edge = mirror.held, mirror.edge(mirror.size)
        same = said.size > mirror.size or mirror.root(said.size) == said.root
    if held is not None and not same:
        raise _forked(node, held, said, note)
    if held is not None and said.size <= edge.size:
        with node.db.write() as session:
            Mirror(session, keys.origin).confirm(node.now())
        return Step(behind=said.size < held.accepted)
    if published and (fault := _quorum_fault(node, note)):
        raise AnswerRefused(f"checkpoint: {fault}")
    grown, full = _grow(client, edge, said, most)
    if not _continued(client, grown, said):
        if held is None or _continued(client, edge, said):
            raise AnswerRefused("tiles that do not lead to the checkpoint")
        raise _forked(node, held, said, note)
    with node.db.write() as session:
        Mirror(session, keys.origin).store(grown, full, (said.size, note), node.now())
    return Step(more=grown.size < said.size)


def _quorum_fault(node: Node, note: bytes) -> str:
    """Return why too few witnesses cosigned the checkpoint, empty if enough did; nothing else is followed."""
    try:
        policy_of(node.directory(), node.now()).verify(note)
    except AuditError as error:
        return error.code
    return ""


def _grow(client: HubClient, edge: Edge, said: Checkpoint, most: int) -> tuple[Edge, list[FullTile]]:
    """The edge after the next leaves of the log of `said`, nothing of them verified yet, and the tiles they fill."""
    first = edge.size // TILE_WIDTH
    leaves: list[bytes] = []
    for index in range(first, min(first + most, -(-said.size // TILE_WIDTH))):
        address = TileAddress(0, index, width_at(0, index, said.size))
        try:
            hashes = split_tile(client.tile(address))
        except Malformed as error:
            raise AnswerRefused("not a tile") from error
        if len(hashes) != address.width:
            raise AnswerRefused("a tile of another width")
        leaves += hashes
    return edge.extended(leaves[edge.size % TILE_WIDTH :])


def _continued(client: HubClient, edge: Edge, said: Checkpoint) -> bool:
    """Whether the tree of `edge` is a prefix of the signed one. A hub that has signed it owes the proof."""
    if edge.size == said.size:
        return edge.root == said.root
    try:
        path = client.consistency(edge.size, said.size)
        verify_consistency(edge.size, edge.root, said.size, said.root, path)
    except (HubProblem, ProofRefused):
        return False
    return True


def _forked(node: Node, held: Held, said: Checkpoint, note: bytes) -> AnswerRefused:
    forks.keep(node, Fork(said.origin, said.origin, held.note, note))
    return AnswerRefused("the hub has shown another history")
