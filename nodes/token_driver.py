"""One PKCS#11 token: found by its label, logged in to once, and asked on one thread for as long as one is patient.

A session that broke is begun anew, driver and all, and the work repeated once; so a token that was away is used again
by itself. A PIN that the token refused is never tried again by this process, and its last try is never spent. Only one
`Token` of a module may be at work in a process, for a new beginning ends every session of the module.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import pkcs11
from pkcs11 import Attribute, ObjectClass, Session, TokenFlag, exceptions
from pkcs11.exceptions import PKCS11Error

from nodes.token_errors import KeyNotInToken, NoDriver, PinRefused, SeveralTokens, TokenAway, TokenError, TokenUnfit

PATIENCE: Final = 10.0
"""Seconds to wait for the token: a transaction may be open meanwhile, and nobody else writes."""
SLOW: Final = "SLOW"

_Result = TypeVar("_Result")
_WRONG_PIN: Final = (
    exceptions.PinIncorrect,
    exceptions.PinInvalid,
    exceptions.PinLenRange,
    exceptions.PinExpired,
    exceptions.PinLocked,
    exceptions.UserPinNotInitialized,
)
_UNFIT: Final = (
    exceptions.AttributeTypeInvalid,
    exceptions.AttributeValueInvalid,
    exceptions.DomainParamsInvalid,
    exceptions.FunctionNotSupported,
    exceptions.KeySizeRange,
    exceptions.KeyTypeInconsistent,
    exceptions.MechanismInvalid,
    exceptions.MechanismParamInvalid,
    exceptions.TemplateIncomplete,
    exceptions.TemplateInconsistent,
)
_TRIES: Final[Mapping[TokenFlag, str]] = {
    TokenFlag.USER_PIN_LOCKED: "LOCKED",
    TokenFlag.USER_PIN_FINAL_TRY: "LAST_TRY",
    TokenFlag.USER_PIN_COUNT_LOW: "FEWER_TRIES",
}
_UNTRIED: Final = frozenset({"LOCKED", "LAST_TRY"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token is found: the file of its PKCS#11 module, and its label."""

    module: Path
    label: str


class Opened:
    """A session that is logged in, and the keys that were found in it."""

    def __init__(self, session: Session) -> None:
        self.session: Final = session
        self._found: dict[tuple[ObjectClass, bytes], Any] = {}

    def key(self, kind: ObjectClass, handle: bytes) -> Any:
        """Return the one key of this kind whose id is `handle`; raises `KeyNotInToken`."""
        if (kind, handle) not in self._found:
            self._found[kind, handle] = self.find(kind, handle)
        return self._found[kind, handle]

    def find(self, kind: ObjectClass, handle: bytes) -> Any:
        """Do what `key` does by looking into the token in any case."""
        self.session.generate_random(8)  # a broken session shows itself here: the library leaves no search behind
        found = list(self.session.get_objects({Attribute.CLASS: kind, Attribute.ID: handle}))
        if len(found) != 1:
            raise KeyNotInToken(f"{len(found)}")
        return found[0]


class Token:
    """The token at `place`; `pin` is asked once, when it is needed first, and kept: a token comes back unasked."""

    def __init__(self, place: Place, pin: Callable[[], str], patience: float = PATIENCE) -> None:
        self._place, self._pin, self._patience = place, cache(pin), patience
        self._turns = ThreadPoolExecutor(1, "token")
        self._opened: Opened | None = None
        self._refused = ""
        self._overdue: Future[Any] | None = None

    def do(self, work: Callable[[Opened], _Result]) -> _Result:
        """Return what `work` does in a session of the token; raises `TokenError`.

        Nobody waits behind a call that did not come back: `TokenAway` is then raised at once.
        """
        pin = self._pin()
        if self._overdue is not None and not self._overdue.done():
            raise TokenAway(SLOW)
        asked = self._turns.submit(self._answer, work, pin)
        try:
            return asked.result(self._patience)
        except TimeoutError as error:
            if not asked.cancel():
                self._overdue = asked
            raise TokenAway(SLOW) from error

    def _answer(self, work: Callable[[Opened], _Result], pin: str) -> _Result:
        with _translated():
            if self._opened is not None:
                with suppress(PKCS11Error, KeyNotInToken):  # it was away meanwhile, and the session with it
                    return work(self._opened)
            self._opened = None
            self._opened = Opened(self._login(pin))
            return work(self._opened)

    def _login(self, pin: str) -> Session:
        if self._refused:
            raise PinRefused(self._refused)
        token, tries = self._found()
        if tries in _UNTRIED:
            raise PinRefused(tries)
        try:
            return token.open(rw=True, user_pin=pin)
        except _WRONG_PIN as error:
            self._refused = type(error).__name__  # noted before anything else is asked of the token
            self._refused = self._found()[1] or self._refused
            raise PinRefused(self._refused) from error

    def _found(self) -> tuple[pkcs11.Token, str]:
        """The token of our label as it stands now, and what it says about tries of its PIN; "" if nothing."""
        found = _labelled(self._place)
        if len(found) > 1:
            raise SeveralTokens(f"{len(found)}")
        if not found:
            raise TokenAway(self._place.label)
        return found[0], next((words for flag, words in _TRIES.items() if flag in found[0].flags), "")


def _labelled(place: Place) -> list[pkcs11.Token]:
    """The tokens of this label. The driver is begun anew for it: it looks for tokens only when it begins."""
    if not place.module.is_file():
        raise NoDriver(place.module.name)
    library = pkcs11.lib(str(place.module))
    library.reinitialize()
    return list(library.get_tokens(token_label=place.label))


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the driver raises into errors of this package: unfit for what was asked, or away."""
    try:
        yield
    except PKCS11Error as error:
        kind: type[TokenError] = TokenUnfit if isinstance(error, _UNFIT) else TokenAway
        raise kind(type(error).__name__) from error
