"""The case that the demo federation wakes up in: heroin under a false floor, on its way from Khorugh to Almaty.

Every person, plate, company and number is invented. A step says who writes what, how many minutes before the demo
begins, and to which earlier step it replies; `requests` and `replies` write the message of a given instant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from serai.demo import replies, requests
from serai.demo.writing import Writing

HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class Step:
    """One message of the story: `ago` in minutes before the demo begins, `reply_to` the name of the step it answers."""

    name: str
    ago: int
    author: str
    to: tuple[str, ...]
    kind: str
    writing: Callable[[int], Writing]
    reply_to: str = ""


STORY: Final = (
    Step("precursor", 52 * HOUR, "UZ-1330", ("KG", "TJ"), "REQ", requests.precursor),
    Step("precursor-question", 47 * HOUR, "TJ-1042", ("UZ",), "CLQ", replies.which_consignment, "precursor"),
    Step("lorry-owner", 27 * HOUR, "KZ-1215", ("KG",), "REQ", requests.lorry_owner),
    Step("precursor-answer", 22 * HOUR, "KG-1107", ("UZ",), "ANS", replies.company_known, "precursor"),
    Step("stamps", 9 * HOUR, "CR-0105", ("KG", "KZ", "TJ", "UZ"), "REQ", requests.stamps),
    Step("lorry-delay", 4 * HOUR, "KG-1107", ("KZ",), "DLY", replies.court_order, "lorry-owner"),
    Step("delivery", 3 * HOUR, "TJ-1042", ("KG", "KZ"), "REQ", requests.controlled_delivery),
    Step("delivery-question", 2 * HOUR, "KG-1107", ("TJ",), "CLQ", replies.which_crossing, "delivery"),
    Step("delivery-clarified", 95, "TJ-1042", ("KG",), "CLA", replies.kyzyl_art, "delivery-question"),
    Step("kidnapping", 40, "KG-2004", ("TJ",), "REQ", requests.kidnapping),
)
"""In the order of time. The urgent last one has no owner yet; KZ has not touched the controlled delivery either."""

TAKEN: Final = {
    "precursor": ("TJ-1042", "KG-1107"),
    "lorry-owner": ("KG-1107",),
    "delivery": ("KG-1107",),
    "delivery-question": ("TJ-1042",),
    "stamps": ("UZ-1330",),
}
"""Who takes which arrival before replying."""
