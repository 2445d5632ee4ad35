import os
import pathlib
import subprocess
import sys

import pytest

# Before keras is imported: the suite runs on TensorFlow unless the caller says else,
# whatever ~/.keras/keras.json holds.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="session")
def python():
    """Runs `python *arguments` in a fresh process and gives what it printed.

    `python("-c", code, KERAS_BACKEND="jax")`: keywords are environment variables, and
    `cwd=` the folder to run in.
    """

    def run(*arguments, cwd=ROOT, **environment):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env=os.environ | environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.fail(
                f"python {' '.join(arguments)} ended with {done.returncode}:\n"
                f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}",
                pytrace=False,
            )
        return done.stdout

    return run
