"""The README's generated tables are current."""

from benchmarks import tables


def test_generated_tables_are_current():
    text = tables.README.read_text(encoding="utf-8")
    assert tables.render(text) == text, "run: python -m benchmarks.tables"
