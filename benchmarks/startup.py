"""How long until there is a model? Fresh interpreters, side by side.

    python -m benchmarks.startup

Commands run in turn, each in a new interpreter: importing, listing what there is, and
building ResNet-50 with random weights. Goes to results/startup.csv. Peers that are not
installed are left out.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import time

from benchmarks.records import record
from benchmarks.side_by_side import table

# What is done, by whom (the package that must be there), and the code.
TASKS = {
    "import": {
        "kerazoo": "import kerazoo",
        "keras": "import keras.applications",
        "timm": "import timm",
        "torchvision": "import torchvision.models",
        "keras_hub": "import keras_hub",
    },
    "list of models": {
        "kerazoo": "import kerazoo; assert len(kerazoo.list_models()) > 100",
        "timm": "import timm; assert len(timm.list_models()) > 100",
        "torchvision": "from torchvision.models import list_models; list_models()",
        "keras_hub": "import keras_hub; keras_hub.models.Backbone.presets.keys()",
    },
    "first ResNet-50": {
        "kerazoo": "import kerazoo; kerazoo.resnet50()",
        "keras": "import keras; keras.applications.ResNet50(weights=None)",
        "timm": "import timm; timm.create_model('resnet50')",
        "torchvision": "from torchvision.models import resnet50; resnet50()",
        "keras_hub": "import keras_hub; keras_hub.models.ResNetBackbone("
        "[64], [7], [64, 128, 256, 512], [3, 4, 6, 3], [1, 2, 2, 2], "
        "block_type='bottleneck_block', image_shape=(224, 224, 3))",
    },
}


# torchvision's wheels for other builds of torch import only after this.
_OPERATORS = "from tests.golden.peers import declare_torchvision_operators as d; d(); "


def seconds(package, code):
    """Seconds of one interpreter that runs `code`."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if package in ("timm", "torchvision"):
        code = _OPERATORS + code
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - start


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    rows = []
    for task, codes in TASKS.items():
        codes = {k: v for k, v in codes.items() if importlib.util.find_spec(k)}
        for package, code in codes.items():  # files into the page cache
            seconds(package, code)
        runs = {package: [] for package in codes}
        for _ in range(arguments.repeats):
            for package, code in codes.items():
                runs[package].append(seconds(package, code))
        ours = statistics.median(runs["kerazoo"])
        for package, times in runs.items():
            row = {
                "task": task,
                "package": package,
                "seconds": statistics.median(times),
                "fastest": min(times),
                "slowest": max(times),
                "times_kerazoo": statistics.median(times) / ours,
                "repeats": arguments.repeats,
            }
            record("startup", row, key=["task", "package"])
            rows.append(row)
    table(rows)


if __name__ == "__main__":
    sys.exit(main())
