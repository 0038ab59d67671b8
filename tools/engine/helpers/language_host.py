"""A stand-in for Pulumi's Python language host, for machines without the official one.

The engine starts it with its own address as the last argument, reads the port from the first line of the output and
calls `Run` over gRPC. The work is done by the server with which the SDK runs inline programs; here the program is
`__main__.py` of the project's folder.
"""

from __future__ import annotations

import logging
import os
import runpy
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

try:
    import grpc
    from google.protobuf.empty_pb2 import Empty
    from pulumi import RunError
    from pulumi.automation._server import LanguageServer
    from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2
except ModuleNotFoundError as error:
    sys.exit(
        f"{sys.executable} has no module {error.name}: name a Python with the pulumi package in PULUMI_PYTHON_CMD, "
        "or its virtual environment in the virtualenv option of Pulumi.yaml"
    )

MESSAGE_LIMIT = 400 * 1024 * 1024
"""Bytes of one gRPC message, the limit that the engine itself sets."""
MOST_PARALLEL = 1 << 16
PARENT_CHECK = 1.0
"""Seconds between two looks whether the engine is still alive."""


class ProgramHost(LanguageServer):
    """Runs the program of a project folder for the engine at `engine_address`."""

    def __init__(self, engine_address: str) -> None:
        super().__init__(self._program)
        self.engine_address = engine_address
        self.path = ""

    def Run(self, request: Any, context: Any) -> Any:
        folder = request.info.program_directory or request.pwd
        self.path = os.path.normpath(os.path.join(folder, request.info.entry_point or "."))
        os.chdir(request.pwd or folder)
        sys.path[0] = self.path if os.path.isdir(self.path) else os.path.dirname(self.path)
        sys.argv = [self.path, *request.args]
        request.args[:] = [self.engine_address]
        # `--parallel 0` arrives as the largest int32, which the SDK multiplies by four.
        request.parallel = min(request.parallel, MOST_PARALLEL)
        run: Any = super().Run
        answer = run(request, context)
        # The error is in the engine's log already; `bail` ends the run without a second copy of it.
        return language_pb2.RunResponse(bail=True) if answer.error else answer

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def Handshake(self, request: Any, context: Any) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        return Empty()

    def _program(self) -> None:
        if os.path.isdir(self.path) and not os.path.isfile(os.path.join(self.path, "__main__.py")):
            raise RunError(f"there is no __main__.py in {self.path}")
        try:
            runpy.run_path(self.path, run_name="__main__")
        except SystemExit as exit_:
            if exit_.code:
                raise RunError(f"the program ended with exit code {exit_.code}") from None


def main() -> None:
    """Serve until the engine says stop, or is gone."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    engine = os.getppid()
    # A method that this host does not have is answered with UNIMPLEMENTED; gRPC would also log a traceback.
    logging.getLogger("grpc").setLevel(logging.CRITICAL)
    limits = [("grpc.max_send_message_length", MESSAGE_LIMIT), ("grpc.max_receive_message_length", MESSAGE_LIMIT)]
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=limits)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(ProgramHost(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while not stop.wait(PARENT_CHECK) and os.getppid() == engine:
        pass
    server.stop(None)
    sys.stdout.flush()
    sys.stderr.flush()
    # A program that waits for the engine would hold the interpreter's exit up for ever.
    os._exit(0)


if __name__ == "__main__":
    main()
