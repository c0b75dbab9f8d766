"""What the drivers share: a driver is a program of the most usual lines that a library's users write, for each action."""

import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

BUCKET = os.environ["BUCKET"]
ENDPOINT = os.environ["S3_ENDPOINT"]
KEY_ID = os.environ["AWS_ACCESS_KEY_ID"]
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = os.environ["AWS_REGION"]
CHUNK_BYTES = 1024 * 1024


def raise_exception() -> None:
    raise OSError("the source broke off")


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Source(io.RawIOBase):
    """A file that comes to an untimely end: once so many bytes of it were read, something happens."""

    def __init__(self, path: str, most_bytes: int, happen: Callable[[], None]) -> None:
        super().__init__()
        self.file = open(path, "rb")
        self.left = most_bytes
        self.happen = happen

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.left <= 0:
            self.happen()
        chunk = self.file.read(min(size, self.left) if 0 <= size else self.left)
        self.left -= len(chunk)
        return chunk


def write_all(target, source: Source) -> None:
    while chunk := source.read(CHUNK_BYTES):
        target.write(chunk)


def drive(*, upload, copy, move, stream, folder=None) -> None:
    """Carries out what the command line asks for. `stream(source, key)` uploads what it reads from the source."""

    def upload_each(path: str, prefix: str) -> None:
        for each in sorted(Path(path).iterdir()):
            upload(str(each), prefix + each.name)

    action, path, key, *rest = sys.argv[1:]
    match action:
        case "upload":
            upload(path, key)
        case "copy":
            copy(path, key)
        case "move":
            move(path, key)
        case "folder":
            (folder or upload_each)(path, key)
        case "exception":
            stream(Source(path, int(rest[0]), raise_exception), key)
        case "ctrl-c":
            stream(Source(path, int(rest[0]), press_ctrl_c), key)
        case _:
            raise SystemExit(f"There is no action {action}")
