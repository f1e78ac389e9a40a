"""Acts upon the tables of a log: entries, tiles, head, checkpoints."""

from collections.abc import Sequence

from audit.checkpoints import LogSigner
from audit.edge import Edge
from crypto.merkle_hash import leaf_hash
from tests.audit.admin import Act, Admin, Expected

Acts = Sequence[Expected]
DAY = 86_400


def an_entry_edited(admin: Admin) -> Acts:
    at = admin.index()
    admin.run("UPDATE log_entry SET entry = :e WHERE idx = :at", e=admin.flipped(admin.entry(at)), at=at)
    return [Expected("ENTRY_ALTERED", at)]


def an_entry_edited_with_its_leaf_hash(admin: Admin) -> Acts:
    at = admin.index()
    admin.put(at, admin.flipped(admin.entry(at)))
    return [Expected("ENTRY_NOT_IN_TILE", at)]


def an_entry_dated_back(admin: Admin) -> Acts:
    at = admin.index()
    admin.put(at, admin.other_time(admin.entry(at), DAY))
    return [Expected("ENTRY_NOT_IN_TILE", at)]


def an_entry_emptied(admin: Admin) -> Acts:
    at = admin.index()
    admin.put(at, b"")
    return [Expected("ENTRY_NOT_IN_TILE", at), Expected("ENTRY_FORM", at)]


def an_entry_deleted(admin: Admin) -> Acts:
    at = admin.index()
    admin.run("DELETE FROM log_entry WHERE idx = :at", at=at)
    return [Expected("ENTRY_MISSING", at)]


def entries_deleted(admin: Admin) -> Acts:
    at = admin.tile() * 256
    count = admin.rng.randrange(2, 256)
    admin.run("DELETE FROM log_entry WHERE idx >= :at AND idx < :end", at=at, end=at + count)
    return [Expected("ENTRY_MISSING", at), Expected("ENTRY_MISSING", at + count - 1)]


def two_entries_swapped(admin: Admin) -> Acts:
    one, other = admin.index(), admin.index()
    first, second = admin.entry(one), admin.entry(other)
    admin.put(one, second)
    admin.put(other, first)
    return [Expected("ENTRY_NOT_IN_TILE", one), Expected("ENTRY_NOT_IN_TILE", other)]


def neighbours_reordered(admin: Admin) -> Acts:
    at = admin.tile() * 256 + admin.rng.randrange(255)
    first, second = admin.entry(at), admin.entry(at + 1)
    admin.put(at, second)
    admin.put(at + 1, first)
    return [Expected("ENTRY_NOT_IN_TILE", at), Expected("ENTRY_NOT_IN_TILE", at + 1)]


def an_entry_overwritten_with_another(admin: Admin) -> Acts:
    at, source = admin.index(), admin.index()
    admin.put(at, admin.entry(source))
    return [Expected("ENTRY_NOT_IN_TILE", at), Expected("ENTRY_AGAIN", max(at, source))]


def a_leaf_hash_changed(admin: Admin) -> Acts:
    at = admin.index()
    admin.run("UPDATE log_entry SET leaf_hash = :h WHERE idx = :at", h=admin.rng.randbytes(32), at=at)
    return [Expected("LEAF_ALTERED", at)]


def an_entry_behind_the_head(admin: Admin) -> Acts:
    at = admin.size + admin.rng.randrange(1_000_000)
    data = admin.entry(admin.rng.randrange(admin.size))
    admin.run(
        "INSERT INTO log_entry (log_id, idx, leaf_hash, entry) VALUES ('hub', :at, :h, :e)",
        at=at,
        h=leaf_hash(data),
        e=data,
    )
    return [Expected("ENTRY_BEYOND_HEAD", at)]


def a_hash_in_a_tile_changed(admin: Admin) -> Acts:
    tile, at = admin.tile(), admin.rng.randrange(256)
    data = admin.one("SELECT data FROM log_tile WHERE level = 0 AND n = :n", n=tile)
    changed = data[: 32 * at] + admin.flipped(data[32 * at : 32 * at + 32]) + data[32 * at + 32 :]
    admin.run("UPDATE log_tile SET data = :d WHERE level = 0 AND n = :n", d=changed, n=tile)
    return [Expected("ENTRY_NOT_IN_TILE", tile * 256 + at)]


def two_tiles_swapped(admin: Admin) -> Acts:
    one, other = admin.tile(), admin.tile()
    first, second = (admin.one("SELECT data FROM log_tile WHERE level = 0 AND n = :n", n=n) for n in (one, other))
    for n, data in ((one, second), (other, first)):
        admin.run("UPDATE log_tile SET data = :d WHERE level = 0 AND n = :n", d=data, n=n)
    return [Expected("ENTRY_NOT_IN_TILE", one * 256), Expected("ENTRY_NOT_IN_TILE", other * 256 + 255)]


def a_tile_deleted(admin: Admin) -> Acts:
    admin.run("DELETE FROM log_tile WHERE level = 0 AND n = :n", n=admin.tile())
    return [Expected("TILE_MISSING")]


def a_tile_cut(admin: Admin) -> Acts:
    tile, length = admin.tile(), admin.rng.randrange(8192)
    data = admin.one("SELECT data FROM log_tile WHERE level = 0 AND n = :n", n=tile)
    admin.run("UPDATE log_tile SET data = :d WHERE level = 0 AND n = :n", d=data[:length], n=tile)
    return [Expected("TILE_ALTERED")]


def the_root_of_a_tile_changed(admin: Admin) -> Acts:
    admin.run("UPDATE log_tile SET root = :r WHERE level = 0 AND n = :n", r=admin.rng.randbytes(32), n=admin.tile())
    return [Expected("TILE_ROOT_ALTERED")]


def a_tile_too_many(admin: Admin) -> Acts:
    values = {"level": admin.rng.randrange(3, 60), "n": admin.rng.randrange(10**9), "d": bytes(8192), "r": bytes(32)}
    admin.run("INSERT INTO log_tile (log_id, level, n, data, root) VALUES ('hub', :level, :n, :d, :r)", **values)
    return [Expected("TILE_UNKNOWN")]


def history_rewritten_up_to_the_head(admin: Admin) -> Acts:
    at = admin.rng.randrange(admin.signed[-1])
    admin.rewrite(at, admin.other_time(admin.entry(at), 1))
    return [Expected("CHECKPOINT_ROOT", next(size for size in admin.signed if size > at))]


def an_entry_removed_and_the_gap_closed(admin: Admin) -> Acts:
    at = admin.index()
    admin.run("DELETE FROM log_entry WHERE idx = :at", at=at)
    admin.run("UPDATE log_entry SET idx = -idx WHERE idx > :at", at=at)
    admin.run("UPDATE log_entry SET idx = -idx - 1 WHERE idx < 0")
    admin.run("UPDATE log_head SET size = size - 1")
    return [Expected("ENTRY_NOT_IN_TILE", at), Expected("CHECKPOINT_AHEAD", admin.signed[-1])]


def the_end_cut_off_and_the_head_put_back(admin: Admin) -> Acts:
    size = admin.rng.randrange(admin.signed[-1])
    leaves = [row[0] for row in admin.run("SELECT leaf_hash FROM log_entry ORDER BY idx LIMIT :size", size=size)]
    edge, full = Edge().extended(leaves)
    admin.run("DELETE FROM log_entry WHERE idx >= :size", size=size)
    admin.connection.exec_driver_sql(f"DELETE FROM log_tile WHERE (n + 1) * 256 > {size} AND level = 0")  # noqa: S608 - a number
    time = admin.one("SELECT time FROM log_head")
    admin.run("UPDATE log_head SET size = :size, root = :root, time = :time", size=edge.size, root=edge.root, time=time)
    assert full or size < 256
    return [Expected("CHECKPOINT_AHEAD", admin.signed[-1])]


def the_end_cut_off_with_its_checkpoints(admin: Admin) -> Acts:
    """The log of an earlier day: only the rows beside the log, and whoever holds a later checkpoint, know better."""
    size = admin.signed[len(admin.signed) // 2]
    leaves = [row[0] for row in admin.run("SELECT leaf_hash FROM log_entry ORDER BY idx LIMIT :size", size=size)]
    edge, _ = Edge().extended(leaves)
    admin.run("DELETE FROM log_checkpoint WHERE size > :size", size=size)
    admin.run("DELETE FROM log_entry WHERE idx >= :size", size=size)
    admin.run("UPDATE log_head SET size = :size, root = :root", size=edge.size, root=edge.root)
    return [Expected("ROW_NOT_LOGGED")]


def the_last_entries_deleted(admin: Admin) -> Acts:
    at = admin.size - admin.rng.randrange(1, min(admin.size, 300))
    admin.run("DELETE FROM log_entry WHERE idx >= :at", at=at)
    return [Expected("ENTRY_MISSING", at), Expected("ENTRY_MISSING", admin.size - 1)]


def the_root_of_the_head_changed(admin: Admin) -> Acts:
    admin.run("UPDATE log_head SET root = :root", root=admin.rng.randbytes(32))
    return [Expected("HEAD_ROOT", admin.size)]


def the_time_of_the_head_changed(admin: Admin) -> Acts:
    admin.run("UPDATE log_head SET time = time - :by", by=admin.rng.randrange(1, DAY))
    return [Expected("HEAD_TIME", admin.size)]


def the_head_moved_on(admin: Admin) -> Acts:
    admin.run("UPDATE log_head SET size = size + 1")
    return [Expected("ENTRY_MISSING", admin.size)]


def _checkpoint(admin: Admin) -> int:
    """A checkpoint that was left alone so far."""
    free = [size for size in admin.signed if -size not in admin.used] or admin.signed
    size = admin.rng.choice(free)
    admin.used.add(-size)
    return size


def the_root_of_a_checkpoint_changed(admin: Admin) -> Acts:
    size = _checkpoint(admin)
    admin.run("UPDATE log_checkpoint SET root = :r WHERE size = :s", r=admin.rng.randbytes(32), s=size)
    return [Expected("CHECKPOINT_ROW", size)]


def a_checkpoint_dated_back(admin: Admin) -> Acts:
    size = _checkpoint(admin)
    admin.run("UPDATE log_checkpoint SET time = time - 60 WHERE size = :s", s=size)
    return [Expected("CHECKPOINT_ROW", size)]


def a_checkpoint_edited(admin: Admin) -> Acts:
    size = _checkpoint(admin)
    note = admin.one("SELECT note FROM log_checkpoint WHERE size = :s", s=size)
    admin.run("UPDATE log_checkpoint SET note = :n WHERE size = :s", n=admin.flipped(note), s=size)
    return [Expected("CHECKPOINT_REFUSED", size)]


def a_signature_taken_from_a_checkpoint(admin: Admin) -> Acts:
    size = _checkpoint(admin)
    note = admin.one("SELECT note FROM log_checkpoint WHERE size = :s", s=size)
    lines = note.splitlines(keepends=True)
    del lines[admin.rng.choice([4, 5])]
    admin.run("UPDATE log_checkpoint SET note = :n WHERE size = :s", n=b"".join(lines), s=size)
    return [Expected("CHECKPOINT_REFUSED", size)]


def the_note_of_another_checkpoint(admin: Admin) -> Acts:
    size, other = _checkpoint(admin), _checkpoint(admin)
    note = admin.one("SELECT note FROM log_checkpoint WHERE size = :s", s=other)
    admin.run("UPDATE log_checkpoint SET note = :n WHERE size = :s", n=note, s=size)
    return [Expected("CHECKPOINT_ROW", size)]


def a_checkpoint_signed_by_own_keys(admin: Admin) -> Acts:
    size = _checkpoint(admin)
    mine = LogSigner.from_seeds(admin.signer.keys.origin, admin.rng.randbytes(64))
    root, time = admin.run("SELECT root, time FROM log_checkpoint WHERE size = :s", s=size).one()
    values = {"n": mine.sign(size, root, time), "k": "\n".join(mine.keys.vkeys), "s": size}
    admin.run("UPDATE log_checkpoint SET note = :n, vkeys = :k WHERE size = :s", **values)
    return [Expected("CHECKPOINT_KEYS", size)]


def a_checkpoint_moved(admin: Admin) -> Acts:
    size = _checkpoint(admin)
    admin.run("UPDATE log_checkpoint SET size = :new WHERE size = :s", new=-size, s=size)
    return [Expected("CHECKPOINT_ROW", -size)]


def a_checkpoint_of_a_larger_log(admin: Admin) -> Acts:
    size = admin.size + admin.rng.randrange(1, 10**6)
    vkeys = "\n".join(admin.signer.keys.vkeys)
    values = {"s": size, "r": bytes(32), "t": 1, "n": admin.signer.sign(size, bytes(32), 1), "k": vkeys}
    columns = "(log_id, size, root, time, note, vkeys) VALUES ('hub', :s, :r, :t, :n, :k)"
    admin.run(f"INSERT INTO log_checkpoint {columns}", **values)
    return [Expected("CHECKPOINT_AHEAD", size)]


def a_cosignature_replaced(admin: Admin) -> Acts:
    size = admin.one("SELECT size FROM log_cosignature WHERE witness = 'KG'")
    lines = admin.one("SELECT lines FROM log_cosignature WHERE witness = 'KZ'")
    admin.run("UPDATE log_cosignature SET lines = :l WHERE witness = 'KG'", l=lines)
    return [Expected("COSIGNATURE_REFUSED", size)]


def a_cosignature_changed(admin: Admin) -> Acts:
    row = admin.run("SELECT * FROM log_cosignature WHERE witness = 'KZ'").one()
    admin.run("UPDATE log_cosignature SET lines = :l WHERE witness = 'KZ'", l=admin.flipped(row.lines))
    return [Expected("COSIGNATURE_REFUSED", row.size)]


def half_a_cosignature(admin: Admin) -> Acts:
    row = admin.run("SELECT * FROM log_cosignature WHERE witness = 'UZ'").one()
    half = admin.rng.choice(row.lines.splitlines(keepends=True))
    admin.run("UPDATE log_cosignature SET lines = :l WHERE witness = 'UZ'", l=half)
    return [Expected("COSIGNATURE_REFUSED", row.size)]


def a_cosignature_said_to_be_of_another_size(admin: Admin) -> Acts:
    size = admin.signed[0]
    admin.run("UPDATE log_cosignature SET size = :s WHERE witness = 'TM'", s=size)
    return [Expected("COSIGNATURE_REFUSED", size)]


def the_quorum_taken_from_what_is_published(admin: Admin) -> Acts:
    size, note = admin.run("SELECT size, note FROM log_published").one()
    admin.run("UPDATE log_published SET note = :n", n=b"".join(note.splitlines(keepends=True)[:7]))
    return [Expected("PUBLISHED_REFUSED", size)]


def what_is_published_changed(admin: Admin) -> Acts:
    size, note = admin.run("SELECT size, note FROM log_published").one()
    admin.run("UPDATE log_published SET note = :n", n=admin.flipped(note))
    return [Expected("PUBLISHED_REFUSED", size)]


_WHOLE = (
    history_rewritten_up_to_the_head,
    an_entry_removed_and_the_gap_closed,
    the_end_cut_off_and_the_head_put_back,
    the_end_cut_off_with_its_checkpoints,
    the_last_entries_deleted,
    the_root_of_the_head_changed,
    the_time_of_the_head_changed,
    the_head_moved_on,
)
_LOCAL = (
    an_entry_edited,
    an_entry_edited_with_its_leaf_hash,
    an_entry_dated_back,
    an_entry_emptied,
    an_entry_deleted,
    entries_deleted,
    two_entries_swapped,
    neighbours_reordered,
    an_entry_overwritten_with_another,
    a_leaf_hash_changed,
    an_entry_behind_the_head,
    a_hash_in_a_tile_changed,
    two_tiles_swapped,
    a_tile_deleted,
    a_tile_cut,
    the_root_of_a_tile_changed,
    a_tile_too_many,
    the_root_of_a_checkpoint_changed,
    a_checkpoint_dated_back,
    a_checkpoint_edited,
    a_signature_taken_from_a_checkpoint,
    the_note_of_another_checkpoint,
    a_checkpoint_signed_by_own_keys,
    a_checkpoint_moved,
    a_checkpoint_of_a_larger_log,
    a_cosignature_replaced,
    a_cosignature_changed,
    half_a_cosignature,
    a_cosignature_said_to_be_of_another_size,
    the_quorum_taken_from_what_is_published,
    what_is_published_changed,
)
ACTS = {
    **{act.__name__.replace("_", " "): Act(act) for act in _LOCAL},
    **{act.__name__.replace("_", " "): Act(act, whole=True) for act in _WHOLE},
}
