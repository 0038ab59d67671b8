"""The edge to the Pulumi engine: finding it, running it, reading what it says."""

import os

# The engine is started from a process that serves gRPC, whose fork handlers have nothing to do there and say so.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
