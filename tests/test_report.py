"""Tables and charts."""

import csv
import math
import types

import numpy as np
import pytest

from kerazoo import catalog, report, tables

PNG = b"\x89PNG\r\n"


def is_picture(path):
    content = path.read_bytes()
    return content.startswith(PNG) and len(content) > 5_000


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "-"),
        (0, "0"),
        (999, "999"),
        (105_506, "105.5 k"),
        (25_557_032, "25.56 M"),
        (3_857_973_248, "3.86 G"),
        (366_137_372_049_408, "366.1 T"),
    ],
)
def test_short(number, text):
    assert report.short(number) == text


HISTORY = {"loss": [2.0, 1.0, 0.5], "accuracy": [0.1, 0.5, 0.7], "val_loss": [1, 2, 3]}


def test_history_from_a_dictionary_from_keras_and_from_csv(tmp_path):
    expected = report.read_history(HISTORY)
    assert expected == ([1, 2, 3], HISTORY)
    callback = types.SimpleNamespace(history=HISTORY, epoch=[0, 1, 2])
    assert report.read_history(callback) == expected
    report.write_history(HISTORY, tmp_path / "history.csv")
    assert report.read_history(tmp_path / "history.csv") == expected
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,loss,accuracy,val_loss"
    assert lines[1] == "1,2.0,0.1,1.0"


def test_history_of_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss,val_loss\n0,2.0,NA\n1,1.5,NA\n")
    assert report.read_history(path) == ([1, 2], {"loss": [2.0, 1.5]})


def test_metric_that_began_on_resume_belongs_to_the_last_epochs():
    _, metrics = report.read_history({"loss": [3, 2, 1], "val_loss": [2.5]})
    assert math.isnan(metrics["val_loss"][0])
    assert metrics["val_loss"][2] == 2.5


@pytest.mark.parametrize("empty", [{}, {"loss": []}])
def test_empty_history(empty):
    with pytest.raises(ValueError, match="no finished epoch"):
        report.read_history(empty)


def test_history_of_the_wrong_type():
    with pytest.raises(TypeError, match="Received: int"):
        report.read_history(3)


@pytest.mark.parametrize("metrics", [1, 2, 4])
def test_learning_curves(tmp_path, metrics):
    history = {f"metric_{i}": [0.1, 0.2] for i in range(metrics)}
    history |= {"val_metric_0": [0.1, 0.3], "learning_rate": [0.1, 0.01]}
    figure = report.learning_curves(history, tmp_path / "curve.png")
    assert is_picture(tmp_path / "curve.png")
    shown = [axis for axis in figure.axes if axis.axison]
    assert [axis.get_title(loc="left") for axis in shown] == [
        f"metric {i}" for i in range(metrics)
    ]
    assert [len(axis.lines) for axis in shown] == [2] + [1] * (metrics - 1)


def test_learning_curve_of_one_epoch(tmp_path):
    report.learning_curves({"loss": [1.0]}, tmp_path / "curve.png")
    assert is_picture(tmp_path / "curve.png")


@pytest.fixture
def counts_from_cards(monkeypatch):
    """Leaves out what the cards do not count, so that the test builds no network."""
    points = [
        point
        for point in tables.CANZIANI_2016
        if not point.config or point.network in ("AlexNet", "GoogLeNet")
    ]
    monkeypatch.setattr(tables, "CANZIANI_2016", points)


def test_operations_versus_accuracy(tmp_path, counts_from_cards):
    rows = report.operations_versus_accuracy(tmp_path / "chart.png")
    assert is_picture(tmp_path / "chart.png")
    found = {row["network"]: row for row in rows}
    expected = catalog.card("resnet18")
    assert found["ResNet-18"]["params"] == expected.params
    assert found["ResNet-18"]["gops"] == pytest.approx(2e-9 * expected.macs, abs=1e-3)
    assert found["ResNet-18"]["top1"] == 69.5
    assert found["GoogLeNet"]["params"] == 6_624_904  # as it predicts
    # The figure's AlexNet has no groups.
    assert found["AlexNet"]["params"] == 62_378_344
    assert found["AlexNet"]["gops"] == pytest.approx(2.26, abs=0.02)
    assert [row["network"] for row in rows if row["source"] == "figure"] == ["ENet"]
    assert [row["top1"] for row in rows] == sorted(row["top1"] for row in rows)
    with open(tmp_path / "chart.csv", newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["network"] for row in written] == [row["network"] for row in rows]
    assert [float(row["gops"]) for row in written] == [row["gops"] for row in rows]


def test_chart_agrees_with_the_figure(counts_from_cards):
    # Canziani et al. give Inception-v4 at a smaller input, BN-AlexNet without its
    # dense layers.
    for row in report.operations_versus_accuracy():
        if row["network"] not in ("Inception-v4", "BN-AlexNet"):
            assert row["gops"] == pytest.approx(row["gops_figure"], rel=0.02), row


def test_network_that_is_not_in_the_catalogue_is_left_out(monkeypatch):
    point = tables.Canziani("VGG-16", "no_such_builder", {}, 30.97, 70.6)
    monkeypatch.setattr(tables, "CANZIANI_2016", [point, *tables.CANZIANI_2016[3:4]])
    rows = report.operations_versus_accuracy()
    assert [row["network"] for row in rows] == ["ENet"]


def test_tables_of_the_lectures():
    errors = {row.method: row for row in tables.ILSVRC_SINGLE_MODEL}
    assert errors["ResNet-152"].top5 == 4.49
    assert min(row.top5 for row in tables.ILSVRC_ENSEMBLES) == 3.57
    assert len(tables.CANZIANI_2016) == 14
    names = [row.name for row in tables.DATASETS]
    assert len(set(names)) == len(names)
    # ImageNet is two rows: the challenge's subset and the whole.
    assert sum(bool(row.lectures) for row in tables.DATASETS) == 15
    assert all(row.tfds or not row.manual for row in tables.DATASETS)


def test_every_dataset_is_in_tfds_under_its_name():
    tfds = pytest.importorskip("tensorflow_datasets")
    builders = set(tfds.list_builders(with_community_datasets=False))
    named = {row.tfds.split("/")[0] for row in tables.DATASETS if row.tfds}
    assert named <= builders


def test_sample_sheet_puts_images_side_by_side(tmp_path):
    images = np.zeros((3, 4, 5, 1), "float32")
    images[1], images[2, 0, 0] = 1.0, 0.5
    sheet = report.sample_sheet(images, tmp_path / "sheet.png", columns=2)
    assert sheet.shape == (9, 11, 3) and sheet.dtype == np.uint8
    assert (sheet[:4, :5] == 0).all() and (sheet[:4, 6:] == 255).all()
    assert (sheet[5, 0] == 128).all() and (sheet[5:, 6:] == 255).all()
    assert (tmp_path / "sheet.png").read_bytes().startswith(PNG)


def test_sample_sheet_reads_bytes_and_both_ranges_of_floats():
    ramp = np.linspace(0, 1, 48, dtype="float32").reshape(1, 4, 4, 3)
    sheet = report.sample_sheet(ramp)
    assert (report.sample_sheet(2 * ramp - 1) == sheet).all()
    assert (report.sample_sheet((255 * ramp).round().astype("uint8")) == sheet).all()
    with pytest.raises(ValueError, match="n, height, width"):
        report.sample_sheet(np.zeros((2, 16)))
