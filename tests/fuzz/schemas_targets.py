"""The parsers of case messages, code tables and forms, for the fuzzer."""

from collections.abc import Callable
from importlib import resources

from crypto.signing import SigningKey, new_seeds
from schemas import codes, invitations, proposals, sightings, tallies
from schemas.content import Content
from schemas.directory import sign_federation
from schemas.errors import ContentInvalid, SchemaError, TableInvalid
from schemas.invitations import Invitation
from schemas.kinds import KINDS
from schemas.proposals import Proposal, Withdrawal
from schemas.sightings import Head, Sighting
from schemas.tallies import Tally
from schemas.void import LIMIT, Void
from tests.federation import UnitKeys, World, profile
from tests.instants import DAY, NOW
from tests.messages import BODIES, content


def _table(data: bytes) -> object:
    try:
        return codes.load("handling", data.decode())
    except UnicodeDecodeError as error:
        raise TableInvalid("not UTF-8") from error


def _form(data: bytes) -> object:
    """Read lines `name=value` as a request's form; what is wrong is only ever a list of faults with their words."""
    raw: dict[str, list[str]] = {}
    for line in data.decode(errors="replace").splitlines():
        name, _, value = line.partition("=")
        raw.setdefault(name, []).append(value)
    values, faults = KINDS["REQ"].parse(raw)
    if faults and all(fault.say("ru") for fault in faults):
        raise ContentInvalid(faults)
    return values


_TABLE = (resources.files(codes) / "handling.toml").read_bytes()
_REQUEST = KINDS["REQ"].spread({**BODIES["REQ"], "objects": list(content().objects)})
_FORM = "\n".join(f"{name}={value}" for name, values in _REQUEST.items() for value in values).encode()
SEEN = Sighting(env="live", unit="TJ", time=NOW, note=b"note", heads=(Head(unit="KG", head="ab" * 32),))

WORLD = World(NOW)
INVITED = Invitation(
    federation="Test",
    anchor=WORLD.anchor(),
    hub_url="https://hub.example",
    profile=profile("UZ"),
    seeds=new_seeds(),
    issued=NOW,
    expires=NOW + DAY,
)
UZ = UnitKeys("UZ")
ROOTS = [root.public for root in WORLD.roots]

TARGETS: dict[str, tuple[Callable[[bytes], object], type[Exception]]] = {
    "content": (Content.from_bytes, SchemaError),
    "code-table": (_table, SchemaError),
    "form": (_form, SchemaError),
    "enrolment": (invitations.read_request, SchemaError),
    "invitation": (lambda data: invitations.read_invitation(data, NOW), SchemaError),
    "proposal": (lambda data: proposals.read(data).step(WORLD.anchor()), SchemaError),
    "sighting": (sightings.parse, SchemaError),
    "tally": (tallies.parse, SchemaError),
    "void": (lambda data: Void.from_bytes(data, limit=LIMIT), SchemaError),
    "withdrawal": (lambda data: proposals.read_withdrawal(data, ROOTS), SchemaError),
}
SEEDS: dict[str, list[bytes]] = {
    "content": [content(kind).to_bytes() for kind in BODIES],
    "code-table": [_TABLE],
    "form": [_FORM],
    "enrolment": [invitations.request(INVITED, UZ.root, UZ.card(NOW))],
    "invitation": [invitations.invite(INVITED, WORLD.roots[0])],
    "sighting": [sightings.sign(SigningKey.generate(), SEEN)],
    "tally": [
        tallies.sign(
            SigningKey.generate(),
            Tally(env="live", unit="TJ", partner="KG", since=NOW, until=NOW + 1, made=NOW, messages=()),
        )
    ],
    "proposal": [
        Proposal(
            held=sign_federation(WORLD.federation(1), WORLD.roots[:2]),
            federation=sign_federation(WORLD.federation(2, name="Next"), WORLD.roots[:1]),
            requests=(b"request",),
        ).to_bytes()
    ],
    "void": [Void(first=3, last=5).to_bytes()],
    "withdrawal": [proposals.withdraw(Withdrawal(env="live", digest="0" * 128), WORLD.roots[0])],
}
