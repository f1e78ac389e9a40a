"""The recovery key of a hub or a unit: it opens backups and nothing else, and is kept offline.

Its folder holds the sealed private key; the public half lies beside it and may be anywhere. What a backup does not hold
is said here once, in the words that the commands print.
"""

from pathlib import Path
from typing import Annotated, Final

import typer

from crypto.encryption import EncryptionKey
from crypto.keystore import KeyStore
from serai.passphrases import RECOVERY

KIND: Final = "recovery"
NAME: Final = "recovery"
PUBLIC: Final = "recovery.pub"

PublicOption = Annotated[Path, typer.Option("--recovery", help="Public file of the recovery key.", exists=True)]
KeyOption = Annotated[Path, typer.Option("--recovery-key", help="Folder of the recovery key.", exists=True)]
OptionalKey = Annotated[
    Path | None, typer.Option("--recovery-key", help="Folder of the recovery key, for what units keep sealed.")
]
KeyPassphraseFile = Annotated[
    Path | None, typer.Option(RECOVERY, help="Owner-only file with the recovery key's passphrase.")
]

NOT_IN_A_NODE_BACKUP: Final = (
    "Not in the backup, on purpose: the private encryption keys, which are erased every four weeks, and the root. "
    "Messages on the way to a lost key cannot be read; their senders are told and send them again. "
    "The file beside it, with .keys at its end, has the keys of the content: keep only the newest, and what was erased "
    "comes back from no backup."
)
AFTER_A_NODE_RESTORE: Final = (
    "Start the node. It first reads its mailbox to the end and asks the hub for its next number; until then it seals "
    "nothing. If the root key is lost too, the federation must invite the unit anew: see docs/joining.md."
)
NOT_IN_A_HUB_BACKUP: Final = (
    "Not in the backup, on purpose: the federation's roots. Keep the backup and the recovery key in different places."
)
AFTER_A_HUB_RESTORE: Final = (
    "The hub stays closed: it signs and accepts nothing. Serve it: the nodes hand over by themselves what it lost. "
    "Then stop it, and `serai hub resume` puts the log together again and opens it."
)
WHILE_A_HUB_IS_CLOSED: Final = (
    "This hub is closed until `serai hub resume`. It takes what units hand over; `serai hub handed-over` lists it."
)


def make(folder: Path, passphrase: str) -> Path:
    """Make a recovery key in `folder` and return the path of its public half; raises `CryptoError` if there is one."""
    key = EncryptionKey.generate()
    KeyStore.create(folder, passphrase).store(KIND, NAME, key.seed)
    public = folder / PUBLIC
    public.write_bytes(key.public)
    return public


def open_key(folder: Path, passphrase: str) -> EncryptionKey:
    """Return the recovery key of `folder`; a wrong passphrase or a broken file is a `CryptoError`."""
    return EncryptionKey.from_seed(KeyStore.open(folder, passphrase).load(KIND, NAME))
