"""What every test stands on."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture(autouse=True)
def hears_ctrl_c() -> None:
    """No test starts deaf to Ctrl-C, nor do the processes that it starts: a command that ended with an error in this
    process leaves it so, and a shell that starts the tests in the background does."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
