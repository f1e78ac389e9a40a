"""The rules, loaded and checked once; asked for a decision, they name the rules that made it.

A set of rules that does not fit the schema, names a rule twice or leaves one unexplained is refused whole. A unit may
add rules of its own that forbid, never one that permits. An error while deciding is a refusal.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from hashlib import sha512
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import cedarpy

from exchange.policy.errors import PolicyRefused
from exchange.policy.facts import House, Question
from schemas import codes
from schemas.words import Words

FILES: Final = ("access", "handling", "persons", "roles", "walls")
LARGEST_FILE: Final = 1 << 18
MOST_REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its stable name, its source in law, its words; `remedy` is a code: what would change its refusal.

    The source may stand in one language: a unit names its own orders as they are called.
    """

    name: str
    law: Words
    words: Words
    permits: bool
    remedy: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, and the rules that decided; a refusal without a rule means that none permits it."""

    allowed: bool
    rules: tuple[Rule, ...]


class Rulebook:
    """A checked set of rules: `texts` of the federation, and `own` of a unit, which only forbid.

    Equal questions are decided once; `text` is all of it and `digest` names it (SHA-512), as `federal` names the part
    that the federation signs: the schema and its texts. Raises `PolicyRefused` for rules that must not be used.
    """

    def __init__(self, texts: Mapping[str, str], own: Mapping[str, str] = MappingProxyType({})) -> None:
        read = [*_read(texts), *_read(own, forbids_only=True)]
        self.rules = {rule.name: rule for rule in read}
        if len(self.rules) != len(read):
            raise PolicyRefused("a rule is named twice")
        schema, whole = _text("model.cedarschema"), "\n".join((*texts.values(), *own.values()))
        self._schema = cedarpy.Schema.from_str(schema)
        checked = cedarpy.validate_policies(whole, self._schema)
        if not checked.validation_passed:
            raise PolicyRefused("; ".join(error.error for error in checked.errors))
        self._policies = cedarpy.PolicySet.from_str(whole)
        self.text = f"{schema}\n{whole}"
        self.digest = sha512(self.text.encode()).hexdigest()
        self.federal = sha512("\n".join((schema, *texts.values())).encode()).hexdigest()
        self._texts, self._own = texts, own
        self._remembered = lru_cache(MOST_REMEMBERED)(self._ask)

    def decide(self, question: Question) -> Decision:
        """Return whether the rules allow it, with the names of those that decide."""
        return self._remembered(question)

    @cached_property
    def closed(self) -> "Rulebook":
        """The same rules with one more (`unsigned.cedar`), by which nothing is done: those here are not signed."""
        return Rulebook(self._texts, {**self._own, "unsigned": _text("unsigned.cedar")})

    def _ask(self, question: Question) -> Decision:
        about = "House" if isinstance(question.about, House) else "Item"
        person, thing = _uid("Person", "asker"), _uid(about, "asked")
        entities: list[dict[str, Any]] = [
            {"uid": person, "attrs": question.person.attributes(), "parents": _roles(question)},
            {"uid": thing, "attrs": question.about.attributes(), "parents": []},
        ]
        request = {
            "principal": person,
            "action": _uid("Action", question.act),
            "resource": thing,
            "context": question.circumstances.attributes(),
        }
        result = cedarpy.is_authorized(request, self._policies, entities, self._schema)
        if result.diagnostics.errors:
            return Decision(allowed=False, rules=())
        names = sorted(result.diagnostics.id_annotations_by_reason.values())
        return Decision(result.allowed, tuple(self.rules[name] for name in names))


@cache
def federation() -> Rulebook:
    """The rules of the federation, as this release has them."""
    return Rulebook(federation_texts())


def unit_texts(files: Mapping[str, bytes]) -> dict[str, str]:
    """The texts of a unit's own rule files, each of which only forbids; raises `PolicyRefused`."""
    texts = {}
    for name, data in sorted(files.items()):
        try:
            texts[name] = data.decode()
        except UnicodeDecodeError as error:
            raise PolicyRefused(f"{name} is not UTF-8") from error
    _read(texts, forbids_only=True)
    return texts


def federation_texts() -> dict[str, str]:
    """The text of the federation's rules by file."""
    return {name: _text(f"{name}.cedar") for name in FILES}


def _read(texts: Mapping[str, str], *, forbids_only: bool = False) -> list[Rule]:
    rules = []
    for name, text in texts.items():
        if len(text.encode()) > LARGEST_FILE:
            raise PolicyRefused(f"{name} is too large")
        try:
            parsed = json.loads(cedarpy.policies_to_json_str(text))
        except ValueError as error:
            raise PolicyRefused(f"{name}: {error}") from error
        if parsed["templates"]:
            raise PolicyRefused(f"{name}: a template is no rule")
        rules += [_rule(name, one, forbids_only=forbids_only) for one in parsed["staticPolicies"].values()]
    return rules


def _rule(file: str, parsed: Mapping[str, Any], *, forbids_only: bool) -> Rule:
    said, permits = parsed.get("annotations", {}), parsed["effect"] == "permit"
    missing = [name for name in ("id", "law", "en", "ru") if not (said.get(name) or "").strip()]
    if missing:
        raise PolicyRefused(f"{file}: a rule without {', '.join(missing)}")
    if permits and forbids_only:
        raise PolicyRefused(f"{file}: {said['id']} permits, and a unit may only forbid")
    remedy = said.get("remedy", "NONE")
    if remedy not in codes.table("remedies") or (permits and remedy != "NONE"):
        raise PolicyRefused(f"{file}: {said['id']} names a remedy that is none")
    law = Words(said["law"], said.get("law_ru") or said["law"])
    return Rule(said["id"], law, Words(said["en"], said["ru"]), permits, remedy)


def _text(name: str) -> str:
    return resources.files("exchange.policy").joinpath(name).read_text("utf-8")


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": f"Serai::{kind}", "id": name}


def _roles(question: Question) -> list[dict[str, str]]:
    return [_uid("Role", role) for role in sorted(question.person.roles)]
