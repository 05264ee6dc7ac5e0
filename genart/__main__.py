"""`python -m genart` is `genart`."""

from genart.cli import main

main()
