"""Turns a template and values into a page: one Jinja environment for the life of the process.

Nothing of a request, a person or a language may be put into the environment's globals: it is shared by all threads.
"""

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import (
    BaseLoader,
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Undefined,
    UndefinedError,
)
from jinja2.utils import missing

from nodes.web import moments
from nodes.web.languages import gettext, language, ngettext

_MACRO_NAMES: Final = frozenset({"caller", "undefined", "null"})


class Missing(StrictUndefined):
    """A name that does not exist is an error, except where the GOV.UK macros count on absent dictionary members.

    Pages pass frozen values, never dictionaries of their own, so a misspelt attribute is always an error.
    """

    def __new__(  # type: ignore[misc]  # another class than its own is the point
        cls, hint: str | None = None, obj: Any = missing, name: str | None = None, *_: object
    ) -> Undefined:
        """Return the lenient kind for a dictionary member or a name that only the macros use."""
        if isinstance(obj, dict) or name in _MACRO_NAMES:
            return ChainableUndefined(hint, obj, name, UndefinedError)
        return super().__new__(cls)


def environment(*first: BaseLoader) -> Environment:
    """Return an environment whose templates are looked for in `first`, then among those of the officers' pages."""
    made = Environment(
        loader=ChoiceLoader(
            [
                *first,
                PackageLoader("nodes.web", "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        undefined=Missing,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # newstyle=False: the new style would format a bare "%" in a translated text
    made.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]  # added by the i18n extension
    made.filters.update(
        local=moments.local,
        universal=moments.universal,
        iso=moments.iso,
        hand=moments.hand,
        duration=moments.duration,
    )
    made.globals["lang"] = language  # a function: it reads the context variable of the request
    return made


_templates: Final = environment()


def render(template: str, values: Mapping[str, object]) -> str:
    """Return the page; an undefined name in a template raises `jinja2.UndefinedError`."""
    return _templates.get_template(template).render(values)
