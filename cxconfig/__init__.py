"""Contact-centre configuration as code."""

import logging

# What a user must know is in a result's warnings; logs are for who asks for them.
logging.getLogger("cxconfig").addHandler(logging.NullHandler())

__version__ = "0.1.0"
