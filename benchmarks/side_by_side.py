"""Times rivals in turn, each in a process of its own.

Frameworks in one process share threads and memory, and a machine that is slow for a
minute is slow for whoever runs in that minute. So every rival lives in its own process,
with its own environment, and their repeats alternate: first each once, then each again.
"""

import contextlib
import importlib
import multiprocessing
import os
import statistics
import sys
import time

# What libraries read to choose their number of threads.
_THREADS = (
    "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)  # fmt: skip


class Rival:
    """A process that repeats one piece of work when told to.

    Args:
        factory: `"module:function"`; called with `arguments` in the new process. It
            returns a callable that does the work once. What this returns (after having
            waited for it) comes back untimed if it is a number, a string or None; if it
            is a callable, it is called untimed and its result comes back.
        arguments: positional arguments of the factory.
        environment: environment variables of the process, e.g. `KERAS_BACKEND`.
        threads: threads the process may compute with.
    """

    def __init__(self, factory, arguments=(), *, environment=None, threads=None):
        threads = threads or os.cpu_count()
        settings = {
            **dict.fromkeys(_THREADS, str(threads)),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            **(environment or {}),
        }
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(other, factory, arguments, threads), daemon=True
        )
        with _environment(settings):
            self._process.start()
        other.close()
        self._receive()

    def once(self):
        """Seconds of wall time, seconds of processor time and the result."""
        self._connection.send(True)
        return self._receive()

    def close(self):
        """Ends the process.

        Returns:
            Its largest resident memory in bytes.
        """
        self._connection.send(False)
        memory = self._receive()
        self._process.join()
        return memory

    def _receive(self):
        try:
            result = self._connection.recv()
        except EOFError:
            raise RuntimeError(
                "The process of a rival died: its message is above."
            ) from None
        if isinstance(result, Exception):
            raise result
        return result


def compare(rivals, *, repeats, warm_ups=1):
    """Times rivals in turn.

    Args:
        rivals: mapping from name to `Rival`; they are closed at the end.
        repeats: how often each does its work, timed.
        warm_ups: how often before that, untimed (tracing, compilation, caches).

    Returns:
        Mapping from name to a mapping: `seconds` (median), `fastest`, `slowest`,
        `processor_seconds` (median), `all` (seconds of every repeat), `results` of all
        repeats, `memory` (largest resident size in bytes).
    """
    for _ in range(warm_ups):
        for rival in rivals.values():
            rival.once()
    runs = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, rival in rivals.items():
            runs[name].append(rival.once())
    timings = {}
    for name, rival in rivals.items():
        wall, processor, results = zip(*runs[name], strict=True)
        timings[name] = {
            "seconds": statistics.median(wall),
            "fastest": min(wall),
            "slowest": max(wall),
            "processor_seconds": statistics.median(processor),
            "all": wall,
            "results": results,
            "memory": rival.close(),
        }
    return timings


def torch_device():
    """Where torch's side computes: on the GPU if there is one, as Keras does."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def wait_for_torch():
    """Waits until the GPU has done what it was told."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def table(rows, columns=None):
    """Prints mappings as rows under their keys, the first `columns` of them."""
    lines = [
        [f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()]
        for row in rows
    ]
    texts = [line[:columns] for line in ([*rows[0]], *lines)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = [row[0].ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells), flush=True)


@contextlib.contextmanager
def _environment(settings):
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _serve(connection, factory, arguments, threads):
    import resource

    module, function = factory.split(":")
    try:
        work = getattr(importlib.import_module(module), function)(*arguments)
        if "torch" in sys.modules:
            import torch

            torch.set_num_threads(threads)
        connection.send(None)
        while connection.recv():
            wall, processor = time.perf_counter(), time.process_time()
            result = work()
            spent = time.perf_counter() - wall, time.process_time() - processor
            connection.send((*spent, result() if callable(result) else result))
    except Exception as error:
        connection.send(RuntimeError(f"{factory}: {type(error).__name__}: {error}"))
        raise
    connection.send(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
