"""The calls of a node to its hub over one kept-alive connection. It believes no answer that is not signed.

What carries signed receipts or directory parts is returned as bytes, because its own signatures count; every other
answer must carry the hub's RFC 9421 signature (protocol.md §11). No redirects, no environment proxies.
"""

import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import httpx

from audit.tiles import TileAddress
from crypto import canonical
from crypto.encoding import b64
from exchange.errors import Unsigned
from exchange.service import SNAPSHOT_FIELD
from exchange.signatures import OCTETS, NodeAuth, check_response
from nodes import answers
from nodes.answers import FRAMES_LIMIT, Frame, LoggedDocument, LoggedEntry, Outcome, Problem, StampedCheckpoint
from nodes.errors import AnswerRefused, HubProblem, HubUnreachable, NotReady
from nodes.node import Node
from nodes.settings import NodeSettings
from schemas.directory import DirectoryParts, node_kid
from schemas.errors import SchemaError

JSON = "application/json"
BODY_SENT = "http11.send_request_body.complete"
"""What the transport says when a request is on its way."""

VERSION = re.compile(r"[1-9][0-9]{0,14}")
DIRECTORY_LIMIT = 16 * 1024 * 1024
RECEIPTED = frozenset({200, 201, 422})
"""Statuses of an answer that is a receipt: accepted, accepted before, refused for good."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer to an envelope: a receipt's bytes (not verified yet), or a signed problem."""

    receipt: bytes | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer of a witness: cosignature lines, the size that it holds, or a refusal."""

    status: int
    media: str
    body: bytes


def tls_context(settings: NodeSettings) -> ssl.SSLContext:
    """Return how the hub's certificate is checked, and with which of ours the connection opens; raises `NotReady`."""
    try:
        context = ssl.create_default_context(cafile=settings.hub_ca)
        if settings.hub_certificate is not None:
            context.load_cert_chain(settings.hub_certificate, settings.hub_certificate_key)
    except OSError as error:
        raise NotReady("hub_ca or hub_certificate: no readable certificate or key there") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class HubClient:
    """One connection to the hub. Every call raises `HubUnreachable` for no answer, or one that proves nothing."""

    def __init__(self, node: Node) -> None:
        settings = node.settings
        self._node = node
        self._address = settings.hub_url.rstrip("/")
        self._patience = httpx.Timeout(settings.request_timeout, connect=10).as_dict()
        limits = httpx.Limits(max_connections=answers.MOST_FRAMES, max_keepalive_connections=8)
        self._transport = node.surroundings.transport or httpx.HTTPTransport(
            verify=tls_context(settings), limits=limits, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def post_message(self, wire: bytes, sent: Callable[[], None] | None = None) -> Posted:
        """Offer one envelope. A receipt proves itself; anything else must be a signed problem.

        `sent` is called once the last byte is on its way, so that the next one may follow on another connection.
        """
        fields = {"content-type": OCTETS, "accept-encoding": "identity"}
        request = httpx.Request("POST", f"{self._address}/v1/messages", content=wire, headers=fields)
        if sent is not None:
            request.extensions["trace"] = lambda event, _: sent() if event == BODY_SENT else None
        response = self._ask(request)
        if _media(response) == OCTETS and response.status_code in RECEIPTED:
            return Posted(receipt=response.content)
        self._demand_signed(response)
        return Posted(problem=answers.problem(response.content))

    def post_receipts(self, wires: list[bytes]) -> tuple[Outcome, ...]:
        """Hand over up to 256 signed receipts of ours; returns one outcome for each."""
        body = canonical.dumps([b64(wire) for wire in wires])
        response = self._signed(self._send("POST", "/v1/receipts", body, JSON), 200)
        return answers.outcomes(response.content, len(wires))

    def inbox(self, after: int, leaf: str, wait: int) -> tuple[Frame, ...]:
        """Return what the hub has for us after leaf `after`, whose hash we hold; `HubProblem` if it disagrees."""
        response = self._signed(self._send("GET", f"/v1/inbox?after={after}&leaf={leaf}&wait={wait}"), 200)
        self._heed(response.headers.get(SNAPSHOT_FIELD, ""))
        return answers.frames(response.content, after)

    def directory(self) -> DirectoryParts:
        """Return the parts of the directory, nothing of them verified; their own signatures count, not the answer's."""
        response = self._send("GET", "/v1/directory")
        if response.status_code != httpx.codes.OK:
            raise AnswerRefused(f"directory: status {response.status_code}")
        try:
            return DirectoryParts.from_bytes(response.content, limit=DIRECTORY_LIMIT)
        except SchemaError as error:
            raise AnswerRefused("directory: not in its form") from error

    def post_statement(self, wire: bytes) -> None:
        """Publish a key statement of ours; the hub answers the same to a repetition."""
        self._signed(self._send("POST", "/v1/directory/statements", wire), 200, 201)

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint of the hub's log as it is signed, nothing of it verified yet."""
        return self._signed(self._send("GET", "/v1/log/checkpoint"), 200).content

    def tile(self, address: TileAddress) -> bytes:
        """Return a hash tile of the hub's log, nothing of it verified yet."""
        return self._signed(self._send("GET", f"/v1/log/{address.path}"), 200).content

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the hub's proof that its log of `old` entries is a prefix of that of `new`, not verified yet."""
        response = self._signed(self._send("GET", f"/v1/log/proof?from={old}&to={new}"), 200)
        return answers.path(response.content)

    def pending(self, old: int, wait: int) -> bytes:
        """Return the add-checkpoint request that waits for our cosignature, empty if none does, not verified yet."""
        return self._signed(self._send("GET", f"/v1/log/pending?old={old}&wait={wait}"), 200).content

    def cosign(self, lines: bytes) -> None:
        """Hand in our cosignature of the checkpoint that waits."""
        self._signed(self._send("POST", "/v1/log/cosignatures", lines), 204)

    def add_checkpoint(self, request: bytes) -> Asked:
        """Ask the hub to cosign a checkpoint of our own log (C2SP tlog-witness); every status is an answer."""
        response = self._send("POST", "/v1/log/add-checkpoint", request)
        self._demand_signed(response)
        return Asked(response.status_code, _media(response), response.content)

    def anchor(self, origin: str, size: int) -> tuple[int, bytes]:
        """Return where the hub's log holds the head that our own log had at `size`, and the entry."""
        response = self._signed(self._send("GET", f"/v1/log/anchor?origin={origin}&size={size}"), 200)
        return answers.placed(response.content)

    def sealed(self, start: int, end: int) -> bytes:
        """Return the hub's entries [start, end) as it seals them to its recovery key, which nobody here can open."""
        return self._signed(self._send("GET", f"/v1/log/sealed?from={start}&to={end}"), 200).content

    def contribute(self, page: bytes) -> None:
        """Hand a page of what we hold to a restored hub."""
        self._signed(self._send("POST", "/v1/recovery", page), 204)

    def tell(self, sighting: bytes) -> None:
        """Publish what we signed about the newest checkpoint that we accepted."""
        self._signed(self._send("POST", "/v1/log/sightings", sighting), 204)

    def told(self) -> tuple[bytes, ...]:
        """Return what the other units said of theirs, nothing of it verified yet."""
        return answers.sightings(self._signed(self._send("GET", "/v1/log/sightings"), 200).content)

    def entries_about(self, eid: str, size: int) -> tuple[LoggedEntry, ...]:
        """Return what the log of `size` entries says about an envelope of ours, or to us, with its paths."""
        response = self._signed(self._send("GET", f"/v1/log/entries?size={size}&eid={eid}"), 200)
        return answers.logged_entries(response.content)

    def entries_at(self, indices: Sequence[int], size: int) -> tuple[LoggedEntry, ...]:
        """Return the entries at `indices`, which must be about the directory, with paths in the tree of `size`."""
        at = ".".join(map(str, indices))
        response = self._signed(self._send("GET", f"/v1/log/entries?size={size}&at={at}"), 200)
        return answers.logged_entries(response.content)

    def stamped(self, size: int) -> StampedCheckpoint | None:
        """Return the earliest time-stamped checkpoint of at least `size` entries, if there is one."""
        response = self._send("GET", f"/v1/log/stamped?size={size}")
        self._demand_signed(response)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return answers.stamped_checkpoint(self._signed(response, 200).content)

    def federation(self, version: int) -> LoggedDocument:
        """Return a federation document by its version; its own signatures are for the caller to check."""
        response = self._signed(self._send("GET", f"/v1/directory/federation?version={version}"), 200)
        return answers.logged_document(response.content)

    def _send(self, method: str, path: str, body: bytes = b"", media: str = OCTETS) -> httpx.Response:
        fields = {"content-type": media, "accept-encoding": "identity"}
        return self._ask(httpx.Request(method, self._address + path, content=body, headers=fields))

    def _ask(self, request: httpx.Request) -> httpx.Response:
        """Sign a request and return its answer, whatever that is worth."""
        node = self._node
        auth = NodeAuth(node.keys.request, node.keys.request_keyid, node.settings.env, node.now)
        request.extensions["timeout"] = self._patience
        try:
            answer = self._transport.handle_request(next(auth.auth_flow(request)))
            try:
                return _read(answer, request)
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise HubUnreachable(type(error).__name__) from error

    def _signed(self, response: httpx.Response, *statuses: int) -> httpx.Response:
        """Return an answer that the hub itself signed; raises `HubProblem` for a signed error."""
        self._demand_signed(response)
        if response.status_code not in statuses:
            problem = answers.problem(response.content)
            raise HubProblem(response.status_code, problem.code, problem.members)
        return response

    def _demand_signed(self, response: httpx.Response) -> None:
        node, now = self._node, self._node.now()
        directory = node.directory()
        keys = {
            f"{directory.federation.hub.name}/{node_kid(public)}": public
            for public in directory.hub_keys("REQUEST", now)
        }
        try:
            check_response(response, keys, now)
        except Unsigned as error:
            node.directory_due.set()  # the hub may have another key by now
            raise AnswerRefused(str(error)) from error

    def _heed(self, snapshot: str) -> None:
        """Let the directory be fetched at once if the hub names a newer snapshot; only a hint, so nothing covers it."""
        if VERSION.fullmatch(snapshot) and int(snapshot) > self._node.directory().snapshot.version:
            self._node.directory_due.set()


def _media(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _read(response: httpx.Response, request: httpx.Request) -> httpx.Response:
    """Return the answer with its body, of a bounded size: a hostile hub must not fill the memory."""
    if "content-encoding" in response.headers:
        raise AnswerRefused("an encoding that was not asked for")
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > FRAMES_LIMIT:
            raise AnswerRefused("an answer above every limit")
        parts.append(part)
    return httpx.Response(response.status_code, headers=response.headers, content=b"".join(parts), request=request)
