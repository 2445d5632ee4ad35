"""Every example runs, offline."""

import os
import pathlib
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.stem)
def test_example_runs(path, tmp_path):
    environment = {
        **os.environ,
        "TFDS_DATA_DIR": str(tmp_path),
        "KERAS_MAX_EPOCHS": "2",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    subprocess.run(
        [sys.executable, path], cwd=tmp_path, env=environment, check=True, timeout=600
    )
