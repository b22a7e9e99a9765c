"""`python -m scband` is the command line."""

from scband.cli import main

main()
