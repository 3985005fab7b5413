"""A worker process: started by an executor with one end of a pipe, it runs the orders that come through it.

Usage: python -m ostinato.worker FILE_DESCRIPTOR FOLDER [OBJECTS UNPACKED]

The last two are where artifacts are and where they are unpacked.
"""

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from ostinato.core.frames import HELLO, BrokenFrame, order_frames
from ostinato.worker.artifacts import ArtifactCache
from ostinato.worker.attempt import Attempts
from ostinato.worker.reporter import PipeReporter, ServerGone

READ_BYTES = 1 << 16
PATIENCE_SECONDS = 15


def main() -> int:
    """Run orders until the pipe closes or an attempt was cancelled; a cancelled process is not used again."""
    descriptor, folder = int(sys.argv[1]), Path(sys.argv[2])
    _end_with(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(descriptor, False)
    pipe = socket.socket(fileno=descriptor)
    artifacts = ArtifactCache(Path(sys.argv[3]), Path(sys.argv[4])) if len(sys.argv) > 4 else None
    attempts = Attempts(PipeReporter(pipe), folder, artifacts)
    orders = order_frames()
    try:
        pipe.sendall(HELLO)
        while not attempts.cancelled:
            data = pipe.recv(READ_BYTES)
            if not data:
                return 0
            for order in orders.feed(data):
                attempts.run(order)
    except (OSError, ServerGone):
        return 0
    except BrokenFrame as error:
        sys.stderr.write(f"ostinato worker: {error}\n")
        return 1
    return 0


def _end_with(parent: int) -> None:
    """End when the server dies, however it dies: by a signal from the kernel, and by looking, where there is none."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
