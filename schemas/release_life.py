"""The life of a request for a permission: asked, decided, at an end. Silence is never consent: it leads nowhere."""

from typing import Final

from schemas.life import Event, Life, State
from schemas.words import Words

LIFE: Final = Life(
    label=Words("Permission", "Разрешение"),
    states=(
        State("GRANTED", Words("Granted", "Разрешено"), final=True),
        State("SANITISED", Words("Another version promised", "Обещана иная версия"), final=True),
        State("REFUSED", Words("Refused", "Отказано"), final=True),
        State("REFERRED", Words("Referred to legal assistance", "Направлено в правовую помощь"), final=True),
    ),
    events=(
        Event("PERMISSION_ASKED", Words("Permission asked", "Запрошено разрешение")),
        Event("PERMISSION_GRANTED", Words("Granted", "Разрешено")),
        Event("PERMISSION_SANITISED", Words("Another version promised", "Обещана иная версия")),
        Event("PERMISSION_REFUSED", Words("Refused", "Отказано")),
        Event("PERMISSION_REFERRED", Words("Referred to legal assistance", "Направлено в правовую помощь")),
    ),
    from_open={
        "PERMISSION_GRANTED": "GRANTED",
        "PERMISSION_SANITISED": "SANITISED",
        "PERMISSION_REFUSED": "REFUSED",
        "PERMISSION_REFERRED": "REFERRED",
    },
)
