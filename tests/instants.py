"""The instants and spans that tests share. No test asks the clock: it says `NOW` and adds to it."""

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

NOW = 1_795_327_200  # 2026-11-22T06:00:00Z, a Sunday: 11:00 in Dushanbe, 12:00 in Bishkek
