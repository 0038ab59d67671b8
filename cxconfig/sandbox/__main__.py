"""`python -m cxconfig.sandbox`: the same as `cxconfig sandbox`."""

import sys

from cxconfig.cli import main

main(["sandbox", *sys.argv[1:]])
