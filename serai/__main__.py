"""`python -m serai`: the same as the installed program."""

from serai.cli import main

main()
