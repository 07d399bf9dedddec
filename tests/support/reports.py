"""Of which code, on which machine, does a report tell?"""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import adapter


def machine() -> str:
    """The system, its processors and memory."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{platform.system()} {platform.release()}, {os.cpu_count()} x {model}, {memory:.0f} GiB"


def revision() -> str:
    """The commit, marked if there are changes besides."""
    git = ["git", "-C", str(Path(adapter.__file__).parent), "describe", "--always", "--dirty"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
