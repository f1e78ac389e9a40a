"""Which modules are the core: they take bytes, values and `now`, and return values or raise.

The coverage gate and the tests of the architecture read this one table; it does no more than name files.
"""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("serai", "nodes", "exchange", "audit", "schemas", "crypto")  # from the top down
CORE: Final = (
    "crypto/*.py",
    "schemas/**/*.py",
    "audit/**/*.py",
    "exchange/errors.py",
    "exchange/overload.py",
    "exchange/lifecycle.py",
    "exchange/clock.py",
    "exchange/arrivals.py",
    "exchange/courier.py",
    "exchange/pairs.py",
    "exchange/quorum.py",
)
SHELLS: Final = frozenset(
    {
        "crypto/keystore.py",  # the one place of `crypto` that opens files
        "audit/audit_database.py",  # reads for an audit
        "audit/damages.py",  # keeps what that check found
        "audit/history.py",  # keeps what was published
        "audit/log.py",  # appends in the caller's transaction
        "audit/patrol.py",  # checks a log in use
        "audit/rows.py",  # inserts there
        "audit/store.py",
        "audit/witness.py",
    }
)


def core_files(root: Path = ROOT) -> list[Path]:
    """The files of the core that exist, in order, relative to the root."""
    found = {path.relative_to(root) for pattern in CORE for path in root.glob(pattern)}
    return sorted(path for path in found if path.as_posix() not in SHELLS)


def package_files(root: Path = ROOT) -> list[Path]:
    """Every Python file of the six packages, relative to the root."""
    return sorted(path.relative_to(root) for package in PACKAGES for path in (root / package).rglob("*.py"))


def module_name(path: Path) -> str:
    """`crypto/pae.py` is `crypto.pae`; a package's `__init__.py` is the package."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
