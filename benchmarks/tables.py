"""Writes the generated tables of README.md from the catalogue and the csv files.

    python -m benchmarks.tables

A test fails when the README is stale.
"""

import pathlib
import re
import statistics
import sys

from benchmarks.records import read
from kerazoo import catalog

README = pathlib.Path(__file__).parent.parent / "README.md"


def table(header, rows):
    """A Markdown table; nothing where there are no rows."""
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def folded(title, body):
    """Markdown that opens on a click."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def titled(title, body):
    """A sentence and what it announces; nothing where there is nothing to announce."""
    return f"{title}:\n\n{body}" if body else ""


def pivot(name, keys, rivals, value):
    """A Markdown table with a column for each rival, kerazoo's first.

    Args:
        name: of the csv file.
        keys: `{heading: function of a row}`; rows that agree in them share a line.
        rivals: the column of the csv file that names who was measured.
        value: the column of the figure.
    """
    rows, lines = read(name), {}
    for r in rows:
        line = lines.setdefault(tuple(key(r) for key in keys.values()), {})
        line[r[rivals]] = number(r[value])
    names = dict.fromkeys(["kerazoo", *(r[rivals] for r in rows)])
    cells = [[*key, *(line.get(n, "") for n in names)] for key, line in lines.items()]
    return table([*keys, *names], cells)


def device(r):
    """What computed: the GPU, or else the processor."""
    return r["machine"] if r["device"] == "cpu" else r["device"]


# Figures of different devices or backends of Keras stand on different lines.
WHERE = {"device": device, "backend": lambda r: r["backend"]}


def number(text, digits=3):
    """A figure of a csv file in that many significant digits; integers keep theirs."""
    value = float(text)
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"


def published():
    """Published results that were reproduced."""
    rows = [
        [
            f"`{r['architecture']}`", r["dataset"], r["metric"],
            f"{float(r['value']):.4f}", r["published"],
            f"{r['recipe']}, {r['epochs']} epochs{_minutes(r['seconds'])}",
        ]
        for r in read("published")
    ]  # fmt: skip
    rows += [
        [
            f"`{r['architecture']}`", r["dataset"],
            f"{r['metric']}, mean of {r['seeds']} seeds", f"{float(r['mean']):.4f}",
            f"{r['metric']} {r['published']}", "the card's",
        ]
        for r in read("citations")
    ]  # fmt: skip
    header = ["architecture", "dataset", "metric", "test", "published", "recipe"]
    machines = dict.fromkeys(r["machine"] for r in read("published"))
    return titled(
        f"Beside the papers, on {'; '.join(machines)} (`python -m benchmarks.published "
        "NAME`, `python -m benchmarks.citations`; CIFAR-10 is JPEG re-encodings of the "
        "images; of the six speakers of spoken_digit two are only in the test)",
        table(header, rows),
    )


def _minutes(seconds):
    """How long a run took, or nothing where it was continued."""
    return f", {float(seconds) / 60:.0f} min" if seconds else ""


def overhead():
    """What the wrapper costs."""
    return "\n\n".join(
        f"`python -m benchmarks.overhead`: an epoch by `kerazoo.fit` takes "
        f"{float(r['ratio']):.3f} times that of `keras.Model.fit` by hand (median of "
        f"{r['pairs']} pairs; {r['machine']})."
        for r in read("overhead")
    )


def agents():
    """What agents reach, by task and learner."""
    groups = {}
    for r in read("agents"):
        groups.setdefault((r["task"], r["agent"]), []).append(r)
    rows = []
    for (task, agent), runs in groups.items():
        good = sum(float(r["return"]) >= float(r["bound"]) for r in runs)
        steps = [int(r["first_reached_at"]) for r in runs if r["first_reached_at"]]
        cost = statistics.median(float(r["cpu_ms_per_step"]) for r in runs)
        rows.append(
            [
                f"`{task}`", agent, runs[0]["environment"],
                f">= {runs[0]['bound']}: {good} of {len(runs)}",
                f"{min(steps):,} to {max(steps):,}" if steps else "", f"{cost:.2f}",
            ]
        )  # fmt: skip
    header = [
        "task", "agent", "environment", "seeds that reach it", "first after steps",
        "CPU ms a step",
    ]  # fmt: skip
    versions = "; ".join(dict.fromkeys(r["versions"] for r in read("agents")))
    return titled(
        f"Agents ({versions}; `python -m benchmarks.agents`, with `--peer` "
        "Stable-Baselines3 at the same settings)",
        table(header, rows),
    )


def samples():
    """Whether a classifier knows what generative models draw."""
    rows = [
        [
            f"`{r['architecture']}`", r["configuration"], r["dataset"],
            *(f"{100 * float(r[k]):.1f} %" for k in (
                "confident", "confident_real", "rarest_class", "judge_accuracy")),
        ]
        for r in read("samples")
    ]  # fmt: skip
    header = [
        "architecture", "configuration", "dataset", "sure of samples",
        "sure of real images", "rarest class", "judge's accuracy",
    ]  # fmt: skip
    return titled(
        "Samples, judged by a classifier of the same images: the share to which it "
        "gives one class with more than 0.9 (`python -m benchmarks.samples NAME`)",
        table(header, rows),
    )


def learning():
    """Figures of the reduced configurations."""
    rows = [
        [
            f"`{r['architecture']}`", r["dataset"], r["metric"],
            f"{float(r['value']):.4g}", f"{float(r['baseline']):.4g}",
            r["baseline_is"], r["params"], r["seconds"],
        ]
        for r in read("learning")
    ]  # fmt: skip
    header = [
        "architecture", "dataset", "metric", "reached", "baseline", "baseline is",
        "weights", "seconds",
    ]  # fmt: skip
    return titled(
        "The reduced configurations (`--tiny`), on their embedded data with seed 0 "
        "(`python -m benchmarks.learning`)",
        folded(f"{len(rows)} figures", table(header, rows)),
    )


def mnist():
    """The lecture's network and recipe beside the lecture's loop."""
    rows = [
        [
            f"kerazoo on {r['backend']}" if r["what"] == "kerazoo" else r["what"],
            device(r), number(r["seconds_an_epoch"]),
            f"{number(r['fastest'])} to {number(r['slowest'])}",
            *([r["test_accuracy"], r["seconds_to_99"] and number(r["seconds_to_99"])]
              if r["images"] == "mnist" else ["(random images)", ""]),
        ]
        for r in read("mnist")
    ]  # fmt: skip
    header = [
        "by", "device", "seconds an epoch", "fastest to slowest", "test accuracy",
        "seconds to 99 %",
    ]  # fmt: skip
    return titled(
        "The lectures' MNIST convnet by `kerazoo.fit` and by a training loop in "
        "PyTorch (`python -m benchmarks.mnist`)",
        table(header, rows),
    )


def time_to_accuracy():
    """How soon 1 % test error on MNIST is reached."""

    def span(r, middle, low, high):
        return f"{number(r[middle])} ({number(r[low])} to {number(r[high])})"

    rows = [
        [
            r["recipe"], r["epochs"], r["seeds"],
            span(r, "test_error_percent", "best", "worst"),
            span(r, "seconds", "fastest", "slowest"), r["machine"],
        ]
        for r in read("time_to_accuracy")
    ]  # fmt: skip
    header = ["recipe", "epochs", "seeds", "test error [%]", "seconds", "machine"]
    return titled(
        "The lectures' MNIST convnet by a quick recipe; theirs reaches about 1 % test "
        "error in 7 to 8 s on a GTX 1080 (`python -m benchmarks.time_to_accuracy`)",
        table(header, rows),
    )


def classifiers():
    """Speed of large classifiers beside those of other zoos."""
    keys = {
        "network": lambda r: f"`{r['network']}`",
        "": lambda r: r["mode"],
        "batch": lambda r: r["batch_size"],
        **WHERE,
    }
    return titled(
        "Large classifiers, images a second (`python -m benchmarks.classifiers`)",
        pivot("classifiers", keys, "by", "images_per_second"),
    )


def generation():
    """Speed of text generation."""
    keys = {"texts at once": lambda r: r["batch_size"], **WHERE}
    return titled(
        "GPT-2 (124 M weights) writing 64 tokens, tokens a second (`python -m "
        "benchmarks.generation`)",
        pivot("generation", keys, "by", "tokens_per_second"),
    )


def startup():
    """Seconds until there is a model."""
    keys = {"task": lambda r: r["task"], "machine": lambda r: r["machine"]}
    return titled(
        "Seconds in a fresh interpreter (`python -m benchmarks.startup`)",
        pivot("startup", keys, "package", "seconds"),
    )


def scale():
    """How a training step grows."""
    sweeps = {}
    for r in read("scale"):
        sweeps.setdefault((r["what"], r["grows"], r["backend"]), []).append(r)
    rows = []
    for (what, grows, backend), steps in sweeps.items():
        steps = sorted(steps, key=lambda r: int(r["value"]))

        def column(key, digits=3, steps=steps):
            return " / ".join(number(r[key], digits) for r in steps)

        rows.append(
            [
                f"`{what}`", f"{grows.replace('_', ' ')} {column('value')}",
                column("seconds_a_step"), column("memory_gib"),
                column("loss", 6) if grows == "devices" else "",
                steps[0]["machine"], backend,
            ]
        )  # fmt: skip
    header = [
        "network", "grows", "seconds a step", "memory in GiB", "loss", "machine",
        "backend",
    ]  # fmt: skip
    return titled(
        "How a training step grows; the devices are virtual and share the cores "
        "(`python -m benchmarks.scale`)",
        table(header, rows),
    )


def zoo():
    """The catalogue, by domain and year."""
    domains = {}
    for c in sorted(catalog.cards().values(), key=lambda c: (c.year, c.module)):
        domains.setdefault(c.domain, []).append(c)
    header = ["builder", "architecture", "year", "task", "dataset", "weights", "MACs"]
    parts = [f"{sum(map(len, domains.values()))} builders:"]
    for domain, cards in domains.items():
        rows = [
            [
                f"`{c.name}`", c.title, c.year, c.task, c.dataset or "",
                f"{c.params + c.non_trainable:,}",
                "" if c.macs is None else f"{c.macs:,}",
            ]
            for c in sorted(cards, key=lambda c: (c.year, c.module, c.params))
        ]  # fmt: skip
        years = " to ".join(dict.fromkeys(str(cards[i].year) for i in (0, -1)))
        title = f"<b>{domain}</b>: {len(rows)}, {years}"
        parts.append(folded(title, table(header, rows)))
    return "\n\n".join(parts)


RESULTS = (
    published, agents, samples, mnist, time_to_accuracy, classifiers, generation,
    startup, overhead, scale, learning,
)  # fmt: skip


def render(text):
    """The README's text with every generated section renewed."""
    for section in (*RESULTS, zoo):
        name = section.__name__
        body = f"<!-- {name} -->\n{section()}\n<!-- /{name} -->"
        pattern = f"<!-- {name} -->.*<!-- /{name} -->"
        text = re.sub(pattern, lambda _, body=body: body, text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    README.write_text(render(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
