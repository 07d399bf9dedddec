"""How does a disk become full, and have room again, without filling this machine's?"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

_MIB = 1024 * 1024


class SmallDisk:
    """A folder on a file system of its own; or, where we may not mount one, a limit on files' sizes.

    The first gives the kernel's ENOSPC; the second EFBIG, which SQLite takes for a broken disk.
    """

    def __init__(self, folder: Path, *, is_mounted: bool) -> None:
        self.folder = folder
        self.is_mounted = is_mounted
        self._ballast = folder / "ballast"

    def fill(self, writers: Iterable[int]) -> None:
        """Nothing more can be written from now on. writers: the processes that do."""
        if not self.is_mounted:
            _limit(writers, 0)
            return
        with self._ballast.open("wb", buffering=0) as file:
            for size in (65536, 4096):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def empty(self, writers: Iterable[int]) -> None:
        """There is room again."""
        if self.is_mounted:
            self._ballast.unlink(missing_ok=True)
        else:
            _limit(writers, resource.RLIM_INFINITY)


def _limit(writers: Iterable[int], largest: int) -> None:
    for pid in writers:
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, hard))


@contextmanager
def small_disk(mib: int = 24) -> Iterator[SmallDisk]:
    """A disk of this size, gone at the end."""
    folder = Path(mkdtemp(prefix="faults-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib * _MIB}", "tmpfs", str(folder)]
    mounted = (
        os.geteuid() == 0
        and subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
    )
    try:
        yield SmallDisk(folder, is_mounted=mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        else:
            for file in folder.iterdir():
                file.unlink()
        folder.rmdir()
