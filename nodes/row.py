"""The base of all rows of a unit's node. It knows no table.

A row is made by the hundred for every page of mail, so it takes its values without the book-keeping of the mapper.
"""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    """Base of the node's rows; its metadata is what the migrations are compared with."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[type, object]] = {int: BigInteger, bytes: LargeBinary, str: String}

    def __init__(self, **values: Any) -> None:
        """Take the values as they are: a row that was never stored has no history to keep, column by column."""
        unknown = values.keys() - self.__mapper__.class_manager.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no column {min(unknown)}")
        vars(self).update(values)
