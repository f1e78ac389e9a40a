"""A hub that shows two histories: it is the same hub twice, with its keys, from one moment on."""

import shutil

from tests.hub.desk import Desk
from tests.nodes.world import World, copy_database


def second_hub(world: World) -> Desk:
    """The hub once more, with its keys and its log as it stands."""
    folder = world.folder / "second"
    shutil.copytree(world.desk.folder, folder / "hub")
    copy_database(world.desk.db, folder / "hub.db")
    return Desk.copied(world.desk, folder / "hub", f"sqlite:///{folder / 'hub.db'}")


def entries_at(desk: Desk, number: int, entry: bytes) -> None:
    """Append `number` entries to the hub's log; they are signed when time passes."""
    with desk.hub.db.write() as session:
        desk.hub.log.append(session, [b"%b %d" % (entry, one) for one in range(number)], desk.now)
