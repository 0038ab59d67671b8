"""`python -m cxconfig.cli`."""

from cxconfig.cli import main

main()
