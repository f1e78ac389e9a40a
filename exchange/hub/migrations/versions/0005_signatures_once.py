"""The signatures of a batch of receipts are stored once: rows keep their proof and their statement."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

from crypto.statements import Parts, split

revision = "0005"
down_revision = "0004"

ROWS_AT_ONCE = 500

_signatures = sa.Table(
    "signatures",
    sa.MetaData(),
    sa.Column("idx", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("signatures", sa.LargeBinary(), nullable=False),
)
_WIRES = {"message": ("receipt", ("eid",)), "receipt": ("wire", ("eid", "unit", "type"))}
"""For each table the column that holds a whole receipt, and its key."""


def _table(name: str) -> sa.TableClause:
    wire, key = _WIRES[name]
    names = (*key, "idx", wire, "signed", "proof", "statement")
    return sa.table(name, *(sa.column(column) for column in names))


def _pages(query: sa.Select[Any], table: sa.TableClause, key: Sequence[str]) -> Iterator[Sequence[sa.Row[Any]]]:
    """Every row of `query`, in the order of its key, a few at a time and each page read before it is changed."""
    columns = [table.c[name] for name in key]
    query = query.order_by(*columns).limit(ROWS_AT_ONCE)
    page = op.get_bind().execute(query).all()
    while page:
        yield page
        last = sa.tuple_(*(getattr(page[-1], name) for name in key))
        page = op.get_bind().execute(query.where(sa.tuple_(*columns) > last)).all()


def _update(table: sa.TableClause, key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    here = sa.and_(*(table.c[name] == sa.bindparam(f"key_{name}") for name in key))
    names = [name for name in rows[0] if not name.startswith("key_")]
    op.get_bind().execute(table.update().where(here).values({name: sa.bindparam(name) for name in names}), rows)


def upgrade() -> None:
    """Take every receipt apart; the leaf of one of them names the signatures that they share."""
    _signatures.create(op.get_bind(), checkfirst=False)
    held: dict[bytes, int] = {}
    for name, (wire, key) in _WIRES.items():
        with op.batch_alter_table(name) as alter:
            alter.add_column(sa.Column("signed", sa.BigInteger(), nullable=True))
            alter.add_column(sa.Column("proof", sa.LargeBinary(), nullable=True))
            alter.add_column(sa.Column("statement", sa.LargeBinary(), nullable=True))
        table = _table(name)
        for page in _pages(sa.select(table), table, key):
            _update(table, key, [_apart(dict(row._mapping), wire, key, held) for row in page])  # noqa: SLF001 - SQLAlchemy's public name
        with op.batch_alter_table(name) as alter:
            alter.drop_column(wire)
            for column, kind in (
                ("signed", sa.BigInteger()),
                ("proof", sa.LargeBinary()),
                ("statement", sa.LargeBinary()),
            ):
                alter.alter_column(column, existing_type=kind, nullable=False)


def _apart(row: dict[str, Any], wire: str, key: Sequence[str], held: dict[bytes, int]) -> dict[str, Any]:
    """Return the new columns of a row, and store signatures that were not seen before."""
    parts = split(row[wire])
    digest = sha256(parts.signatures).digest()
    if digest not in held:
        held[digest] = row["idx"]
        op.get_bind().execute(_signatures.insert(), {"idx": row["idx"], "signatures": parts.signatures})
    new = {"signed": held[digest], "proof": parts.proof, "statement": parts.statement}
    return {**{f"key_{name}": row[name] for name in key}, **new}


def downgrade() -> None:
    """Put every receipt together again."""
    for name, (wire, key) in _WIRES.items():
        with op.batch_alter_table(name) as alter:
            alter.add_column(sa.Column(wire, sa.LargeBinary(), nullable=True))
        table = _table(name)
        query = sa.select(table, _signatures.c.signatures).join(_signatures, _signatures.c.idx == table.c.signed)
        for page in _pages(query, table, key):
            _update(table, key, [_together(row, wire, key) for row in page])
        with op.batch_alter_table(name) as alter:
            for column in ("signed", "proof", "statement"):
                alter.drop_column(column)
            alter.alter_column(wire, existing_type=sa.LargeBinary(), nullable=False)
    _signatures.drop(op.get_bind())


def _together(row: sa.Row[Any], wire: str, key: Sequence[str]) -> dict[str, Any]:
    whole = Parts(row.proof, row.signatures, row.statement).wire()
    return {**{f"key_{name}": getattr(row, name) for name in key}, wire: whole}
