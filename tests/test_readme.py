"""The README's generated tables are current, and show what the commands record."""

import pytest

from benchmarks import tables


def test_generated_tables_are_current():
    text = tables.README.read_text(encoding="utf-8")
    for section in (*tables.RESULTS, tables.zoo):
        assert f"<!-- {section.__name__} -->" in text
    assert tables.render(text) == text, "run: python -m benchmarks.tables"


HERE = {"device": "cpu", "machine": "abacus", "backend": "jax"}


@pytest.mark.parametrize(
    "section, rows, lines",
    [
        (
            tables.classifiers,
            [
                {"network": "vgg16", "mode": "training", "batch_size": "8", **HERE,
                 "by": by, "images_per_second": speed}
                for by, speed in (("torchvision", "9.8765"), ("kerazoo", "1234.5"))
            ],
            ["| network |  | batch | device | backend | kerazoo | torchvision |",
             "| `vgg16` | training | 8 | abacus | jax | 1,234 | 9.88 |"],
        ),
        (
            tables.generation,
            [{"batch_size": "1", "by": "kerazoo", "tokens_per_second": "50.04", **HERE,
              "device": "NVIDIA T4"}],
            ["| 1 | NVIDIA T4 | jax | 50 |"],
        ),
        (
            tables.startup,
            [{"task": "import", "package": "kerazoo", "seconds": "0.0411", **HERE},
             {"task": "import", "package": "timm", "seconds": "4.3", **HERE},
             {"task": "list", "package": "kerazoo", "seconds": "0.1", **HERE}],
            ["| import | abacus | 0.0411 | 4.3 |", "| list | abacus | 0.1 |  |"],
        ),
        (
            tables.scale,
            [{"what": "resnet20", "grows": "devices", "value": value, **HERE,
              "seconds_a_step": "0.5", "memory_gib": "1.25", "loss": "2.30259"}
             for value in ("2", "1")],
            ["| `resnet20` | devices 1 / 2 | 0.5 / 0.5 | 1.25 / 1.25 "
             "| 2.30259 / 2.30259 | abacus | jax |"],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_measurements_become_tables(monkeypatch, section, rows, lines):
    monkeypatch.setattr(tables, "read", lambda name: [])
    assert not section()
    monkeypatch.setattr(tables, "read", lambda name: rows)
    assert set(lines) <= set(section().splitlines())
