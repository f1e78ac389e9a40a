"""The token that a node's settings name: where its driver comes from, and how its PIN is learnt.

The driver is an extra of this package (`serai[pkcs11]`) and is loaded only where a token is named.
"""

from functools import partial
from importlib import import_module

from crypto.custody import SEEDS, Custody
from nodes.settings import NodeSettings
from nodes.token_errors import NoDriver
from serai.passphrases import passphrase


def custody_of(settings: NodeSettings, *, at_once: bool = False) -> Custody:
    """Return where the node keeps its signing keys: its token, or the sealed files.

    The PIN is read from the owner-only file that the settings name, or asked for, when the token is needed first, which
    is now if `at_once`. Raises `NoDriver` if a token is named and the extra is not installed, and `TokenError` at once.
    """
    if settings.token_module is None:
        return SEEDS
    try:
        driver, custody = import_module("nodes.token_driver"), import_module("nodes.token_custody")
    except ModuleNotFoundError as error:
        raise NoDriver(str(error.name)) from error
    place = driver.Place(settings.token_module, settings.token_label)
    token = driver.Token(
        place, partial(passphrase, settings.token_pin_file, None, "PIN of the token", option="token_pin_file")
    )
    if at_once:
        token.do(lambda _: None)
    in_token: Custody = custody.InToken(token)
    return in_token
