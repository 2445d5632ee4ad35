"""Results as csv rows that say on which machine and with which versions."""

import csv
import datetime
import functools
import os
import pathlib
import platform
import subprocess

RESULTS = pathlib.Path(__file__).parent / "results"


@functools.cache
def machine():
    """Processor and cores of this machine, e.g. `"Intel Xeon ..., 2 cores"`."""
    name = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return f"{name}, {cores or os.cpu_count()} cores"


@functools.cache
def accelerator():
    """Name of the first GPU, or `"cpu"`."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        names = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "cpu"
    return names.stdout.splitlines()[0].strip()


def backend():
    """Name of the backend that Keras uses."""
    import keras

    return keras.backend.backend()


def versions():
    """Versions of Keras and of the backend in use."""
    import importlib.metadata

    version = importlib.metadata.version
    return f"keras {version('keras')}, {backend()} {version(backend())}"


@functools.cache
def commit():
    """Short hash of the checked-out commit, or `""` outside a checkout."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(
            command, cwd=RESULTS, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def record(name, row, *, key):
    """Writes `row` to `results/<name>.csv`, in place of the row with the same `key`.

    Args:
        name: file name without its ending.
        row: mapping of columns; machine, versions, date and commit are added.
        key: columns that identify what was measured.
    """
    row = {
        **{k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()},
        "machine": machine(),
        "versions": versions(),
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
    }
    rows = [r for r in read(name) if any(str(row[k]) != r[k] for k in key)]
    rows = sorted([*rows, row], key=lambda r: [str(r[k]) for k in key])
    path = RESULTS / f"{name}.csv"
    partial = path.with_suffix(".partial")
    with open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(partial, path)


def read(name):
    """Rows of `results/<name>.csv` as mappings of strings; none if there is no file."""
    path = RESULTS / f"{name}.csv"
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
