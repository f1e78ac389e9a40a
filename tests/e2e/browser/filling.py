"""Filling in a generated form as a person would: choose, type, add the rows and fields that are not there yet."""

from collections.abc import Mapping

from playwright.sync_api import Page

MOST_ROUNDS = 20


def fill(page: Page, form: Mapping[str, object]) -> None:
    """Fill in every input of `form`, by the path that names it; buttons are pressed where an input is not there yet."""
    pending = {
        name: [str(one) for one in given] if isinstance(given, list) else [str(given)] for name, given in form.items()
    }
    for _ in range(MOST_ROUNDS):
        missing = _fill_present(page, pending)
        if not missing:
            return
        _ask_for(page, missing[0])
        pending = {name: pending[name] for name in missing}
    raise AssertionError(f"the form never showed {sorted(pending)}")


def accept(page: Page) -> None:
    """Agree on the check page that exactly these units may read it; where the same was asked before, say why again."""
    page.check("#confirm")
    if page.locator("#again").count():
        page.fill("#again", "for another part of the case")


def _fill_present(page: Page, form: Mapping[str, list[str]]) -> list[str]:
    """Fill in what is on the page, choices first, because they decide what else is shown; return what is not there."""
    missing = [name for name in form if not page.locator(f'[name="{name}"]').count()]
    present = [name for name in form if name not in missing]
    for name in sorted(present, key=lambda name: not _is_choice(page, name)):
        _put(page, name, form[name])
    return missing


def _is_choice(page: Page, name: str) -> bool:
    kind = page.locator(f'[name="{name}"]').first.evaluate("one => one.tagName == 'SELECT' ? 'radio' : one.type")
    return kind in {"radio", "checkbox"}


def _put(page: Page, name: str, values: list[str]) -> None:
    inputs = page.locator(f'[name="{name}"]')
    kind = inputs.first.evaluate("one => one.tagName == 'SELECT' ? 'select' : one.type")
    if kind == "select":
        inputs.first.select_option(values[0])
    elif kind in {"radio", "checkbox"}:
        proposed = page.locator(f'[name="{name}"][type=checkbox]:checked').evaluate_all(
            "all => all.map(one => one.value)"
        )
        for value in set(proposed) - set(values):
            page.locator(f'[name="{name}"][value="{value}"]').uncheck()
        for value in values:
            page.locator(f'[name="{name}"][value="{value}"]').check()
    else:
        inputs.first.fill("\n".join(values))


def _ask_for(page: Page, name: str) -> None:
    """Press the nearest button that brings the input `name` on the page."""
    steps = name.split(".")
    for length in range(len(steps) - 1, 0, -1):
        path = ".".join(steps[:length])
        for act in ("show", "add"):
            button = page.locator(f'button[value="{act}:{path}"]')
            if button.count():
                with page.expect_navigation():
                    button.click()
                return
    raise AssertionError(f"nothing on the page leads to {name}")
