"""Imported before httpx: without its command line, which httpx imports when it can, and which takes click, rich and a
tenth of a second of every process."""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
