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
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def published():
    """Published results that were reproduced."""
    rows = [
        [
            f"`{r['architecture']}`", r["dataset"], r["metric"],
            f"{float(r['value']):.4f}", r["published"],
            f"{r['recipe']}, {r['epochs']} epochs",
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
    return table(header, rows)


def overhead():
    """What the wrapper costs."""
    return "\n".join(
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
    return table(header, rows)


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
    return table(header, rows)


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
    return f"<details><summary>{len(rows)} figures</summary>\n\n" + (
        table(header, rows) + "\n\n</details>"
    )


def zoo():
    """The catalogue, by domain and year."""
    cards = sorted(
        catalog.cards().values(), key=lambda c: (c.domain, c.year, c.module, c.params)
    )
    rows = [
        [
            f"`{c.name}`", c.title, c.year, c.task, c.dataset or "",
            f"{c.params + c.non_trainable:,}", "" if c.macs is None else f"{c.macs:,}",
        ]
        for c in cards
    ]  # fmt: skip
    header = ["builder", "architecture", "year", "task", "dataset", "weights", "MACs"]
    return f"{len(rows)} builders.\n\n" + table(header, rows)


def render(text):
    """The README's text with every generated section renewed."""
    for section in (published, agents, samples, overhead, learning, zoo):
        name = section.__name__
        body = f"<!-- {name} -->\n{section()}\n<!-- /{name} -->"
        pattern = f"<!-- {name} -->.*<!-- /{name} -->"
        text = re.sub(pattern, lambda _, body=body: body, text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    README.write_text(render(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
