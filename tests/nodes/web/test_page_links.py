"""Which pages of a list are linked to from the one that is shown."""

from nodes.web.inbox_pages import page_links


def test_a_list_of_eight_hundred_pages_links_to_few_of_them_and_says_where_some_are_left_out() -> None:
    def shown(here: int, pages: int) -> list[str]:
        return [f"{'… ' * one.gap}{one.text}{'!' * one.here}" for one in page_links(here, pages, str)]

    assert shown(1, 1) == shown(1, 0) == []
    assert shown(2, 3) == ["1", "2!", "3"]
    assert shown(40, 800) == ["1", "… 37", "38", "39", "40!", "41", "42", "43", "… 800"]
    assert shown(9999, 800) == ["1", "… 800"]
