"""The processes of a demo federation: which commands they are, and where they answer."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.base import Names
from schemas.signed_policy import RightsPair
from serai.demo.people import PLACES
from serai.demo.processes import Service
from serai.federation import Federation, Plan, UnitPlan

HOST: Final = "127.0.0.1"
IMPATIENT: Final = {"SERAI_NODE_POLL_WAIT": "3"}
"""A node ends once its last question to the hub is answered: Ctrl-C must not take half a minute."""
PAIR: Final = RightsPair(
    sender="TJ",
    recipient="KG",
    areas=("ORGCRIME", "TERROR"),
    not_before=1_767_225_600,
    source=Names(
        en="Convention against Torture, article 3; invented decision 4/2026 of the demonstration federation",
        ru="Конвенция против пыток, статья 3; вымышленное решение 4/2026 демонстрационной федерации",
    ),
)
"""The one pair of the demo, so that the gate can be seen: whoever writes to another unit, or of other crime, is not
asked."""
UNITS: Final = tuple(place.unit for place in PLACES)


@dataclass(frozen=True, slots=True)
class Ports:
    """The hub answers at `base`, the units behind it in the order of their ids."""

    base: int
    units: tuple[str, ...] = UNITS

    @property
    def hub_url(self) -> str:
        """The address of the hub."""
        return f"http://{HOST}:{self.base}"

    def of(self, unit: str) -> int:
        """The port of a unit's pages."""
        return self.base + 1 + self.units.index(unit)

    def origin(self, unit: str) -> str:
        """The address of a unit's pages."""
        return f"http://{HOST}:{self.of(unit)}"

    def every(self) -> range:
        """All ports that the federation needs."""
        return range(self.base, self.base + 1 + len(self.units))


def plan(folder: Path, ports: Ports) -> Plan:
    """Return the plan of the demo federation with the units of `ports`."""
    units = tuple(
        UnitPlan(
            place.unit,
            Names(en=place.en, ru=place.ru),
            ports.origin(place.unit),
            place.unit_class,
            place.time_zone,
            place.language,
        )
        for place in PLACES
        if place.unit in ports.units
    )
    return Plan(folder, ports.hub_url, units, "Demonstration federation", rights_pairs=(PAIR,))


def hub_service(federation: Federation, port: int) -> Service:
    """Return the hub's process."""
    home = federation.hub.home
    command = ["hub", "serve", "--home", str(home), "--port", str(port), *_secret(federation)]
    return Service("the hub", command, f"http://{HOST}:{port}", log=home / "process.log")


def node_service(federation: Federation, unit: str, port: int) -> Service:
    """Return a unit's process."""
    home = federation.nodes[unit].folder
    command = ["node", "serve", "--home", str(home), "--port", str(port), *_secret(federation)]
    address, log = f"http://{HOST}:{port}", home / "process.log"
    return Service(f"node {unit}", command, address, log=log, health="/health", environment=IMPATIENT)


def services(federation: Federation, ports: Ports) -> dict[str, Service]:
    """Return every process by the unit's id, the hub's under `HUB`."""
    nodes = {unit: node_service(federation, unit, ports.of(unit)) for unit in ports.units}
    return {"HUB": hub_service(federation, ports.base), **nodes}


def stop(running: Collection[Service]) -> None:
    """Ask every process to stop, then wait until all have."""
    for service in running:
        service.ask_to_stop()
    for service in running:
        service.stop()


def _secret(federation: Federation) -> list[str]:
    return ["--passphrase-file", str(federation.passphrase_file)]
