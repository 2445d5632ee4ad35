"""The command line, in process; one subprocess shows what it does not import."""

import json
import re
import subprocess
import sys

import pytest

import kerazoo
from kerazoo import catalog
from kerazoo.cli import main


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs a command line: its exit code, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "80")

    def command(*words):
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


# --------------------------------------------------------------------- looking around


def test_list_fits_80_columns_and_names_everything(run):
    code, out, err = run("list")
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    assert set(catalog.cards()) <= set(out.split())
    assert f"{len(catalog.cards())} architectures" in err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["lenet*"], "lenet5"),
        (["--domain", "history", "--task", "classif"], "fleuret_mnist"),
        (["--year", "2016"], "resnet50"),
        (["--year", "2015-2016"], "resnet50"),
        (["--dataset", "cifar"], "resnet20"),
        (["--lecture", "Performance on CIFAR10"], "resnet110"),
    ],
)
def test_list_filters(run, words, name):
    code, out, _ = run("list", *words, "--json")
    found = [card["name"] for card in json.loads(out)]
    assert code == 0
    assert name in found
    assert len(found) < len(catalog.cards())


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["lenett"], "lenet5"),
        (["--year", "1066"], "The zoo covers"),
        (["--task", "juggling"], "image classification"),
        (["resnet50", "--dataset", "mnist"], "cifar10"),
    ],
)
def test_list_of_nothing_helps(run, words, hint):
    code, out, err = run("list", *words)
    assert (code, out) == (0, "")
    assert hint in err
    code, out, _ = run("list", *words, "--json")
    assert (code, json.loads(out)) == (0, [])


def test_list_datasets(run):
    code, out, _ = run("list", "--datasets")
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    for name in ("MNIST", "imagenet2012", "Cityscapes", "fashion_mnist", "digits"):
        assert name in out.replace("*", " ").split()
    _, out, _ = run("list", "--datasets", "--json")
    groups = json.loads(out)
    assert {"lectures", "relatives", "embedded"} == set(groups)
    assert any(row["tfds"] == "cifar10" for row in groups["lectures"])


def test_list_results(run):
    code, out, _ = run("list", "--results")
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "PReLU-net" in out and "5.71" in out and "wide_resnet28_10" in out
    _, out, _ = run("list", "--results", "--json")
    ensembles = json.loads(out)["ilsvrc_ensembles"]
    assert {row["method"]: row["top5"] for row in ensembles}["BN-inception"] == 4.82


def test_search(run):
    code, out, _ = run("search", "residual", "cifar10")
    assert code == 0
    assert "resnet20" in out and "lenet5" not in out
    _, out, _ = run("search", "residual", "cifar10", "--json")
    assert json.loads(out)[0]["name"].startswith("resnet")
    code, out, err = run("search", "zzzzzzzz")
    assert (code, out) == (0, "")
    assert "Nothing mentions zzzzzzzz" in err
    code, out, err = run("search", "lennet5")
    assert code == 0 and "lenet5" in out
    assert "Nothing mentions lennet5. Near names:" in err


def test_info_shows_the_whole_card(run):
    code, out, _ = run("info", "fleuret_mnist")
    card = catalog.card("fleuret_mnist")
    flat = " ".join(out.split())
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    assert f"{card.params:,}" in flat and f"{card.macs:,}" in flat
    for text in (*card.published, *card.deviations, *card.lectures, card.url):
        assert text in flat
    assert "SGD(learning_rate=0.1)" in flat
    assert "kerazoo fit fleuret_mnist --tiny" in flat
    assert "filters (32, 64)" in flat


@pytest.mark.parametrize("name", sorted(catalog.cards()))
def test_info_of_every_card(run, name):
    assert run("info", name)[0] == 0
    code, out, _ = run("info", name, "--json")
    assert code == 0
    assert json.loads(out)["params"] == catalog.card(name).params


def test_looking_around_loads_no_framework():
    program = """
import sys
from kerazoo.cli import main
for words in ("list", "list --datasets", "list --results", "search residual",
              "info resnet50", "list --json", "info nosuch", "fit nosuch",
              "list lenet --year 2016"):
    main(words.split())
loaded = {"keras", "tensorflow", "jax", "torch", "matplotlib"} & set(sys.modules)
sys.exit(f"loaded: {loaded}" if loaded else 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- errors and exit codes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["info", "lenet6"], "Did you mean 'lenet5"),
        (["list", "--domain", "histry"], "Did you mean 'history'"),
        (["summary", "resnet51"], "'resnet50'"),
        (["fit", "fleuret_mnst"], "Did you mean 'fleuret_mnist'"),
        (["fit"], "Which architecture"),
        (["fit", "fleuret_mnist", "--resume"], "--run-dir"),
        (["evaluate", "runs/nowhere.keras"], "No model file or run folder"),
        (["evaluate", "lenet55"], "Did you mean 'lenet5"),
        (["fit", "fleuret_mnist", "--set", "filter=3"], "Did you mean 'filters'"),
    ],
)
def test_failure_is_one_line_on_stderr(run, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
    assert not list(tmp_path.iterdir())


def test_debug_shows_the_traceback():
    with pytest.raises(ValueError, match="lenet5"):
        main(["info", "lenet6", "--debug"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lst"], "Did you mean 'list'"),
        (["list", "--nosuch"], "unrecognized arguments"),
        (["list", "--year", "long ago"], "neither 1998 nor 1990-2000"),
        (["info"], "required: NAME"),
        (["fit", "lenet5", "--epochs", "0"], "not a positive integer"),
        (["fit", "lenet5", "--backend", "tensorflw"], "Did you mean 'tensorflow'"),
        (["fit", "lenet5", "--set", "classes"], "not of the form key=value"),
        (["fit", "lenet5", "--set", "filters=(8,"], "no Python literal"),
    ],
)
def test_wrong_usage(run, words, message):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())


def test_help_has_an_example_for_every_command(run):
    code, out, _ = run()
    assert code == 2
    commands = re.findall(r"^    (\w+)  ", out, re.MULTILINE)
    assert {"list", "info", "fit", "evaluate", "export", "chart"} <= set(commands)
    for command in commands:
        code, out, _ = run(command, "--help")
        assert code == 0
        assert f"Example: kerazoo {command}" in " ".join(out.split())


def test_version(run):
    assert run("--version")[:2] == (0, f"kerazoo {kerazoo.__version__}\n")


# --------------------------------------------------------------- training and measuring

FIT = ["fit", "fleuret_mnist", "--tiny", "--seed", "0", "--set", "filters=(4, 8)"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run folder of two epochs, and what the command printed."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
        assert main([*FIT, "--epochs", "2", "--run-dir", str(folder)]) == 0
    return folder


def accuracy(out):
    return float(re.search(r"test accuracy (\d\.\d{4})", out)[1])


def test_fit_fills_the_run_folder(trained):
    assert {path.name for path in trained.iterdir()} == {
        "settings.json", "history.csv", "learning_curve.png", "model.keras",
        "last.keras", "best.keras", "test.png",
    }  # fmt: skip
    settings = json.loads((trained / "settings.json").read_text())
    assert settings["name"] == "fleuret_mnist"
    assert settings["data"] == "digits"
    assert settings["config"] == {"filters": [4, 8]}
    assert settings["versions"]["kerazoo"] == kerazoo.__version__
    assert len((trained / "history.csv").read_text().splitlines()) == 3


def test_evaluate_a_run_folder_and_its_file(run, trained):
    code, out, _ = run("evaluate", trained, "--json")
    measured = json.loads(out)
    assert code == 0
    assert measured["data"] == "digits" and measured["split"] == "test"
    assert measured["metrics"]["accuracy"] > 0.5
    (trained / "test.png").unlink()
    file = trained / "model.keras"
    code, out, err = run("evaluate", file, "--split", "test")
    assert code == 0 and "wrote" in err
    assert (trained / "test.png").stat().st_size > 10_000
    assert accuracy(out) == pytest.approx(measured["metrics"]["accuracy"], abs=1e-4)


def test_fit_does_not_overwrite_a_run(run, trained):
    code, _, err = run(*FIT, "--run-dir", trained)
    assert code == 1
    assert "--resume" in err


def test_resume_continues_the_run_as_it_was(run, trained):
    code, out, _ = run("fit", "--resume", "--run-dir", trained, "--epochs", "3")
    assert code == 0
    rows = (trained / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "1", "2", "3"]
    assert "Epoch 3/3" in out and "Epoch 2/3" not in out
    assert accuracy(out) > 0.5
    code, _, err = run("fit", "lenet5", "--resume", "--run-dir", trained)
    assert code == 1
    assert "was started with name='fleuret_mnist'" in err


def test_resume_without_a_run_needs_a_name(run, tmp_path):
    code, _, err = run("fit", "--resume", "--run-dir", tmp_path / "nowhere")
    assert code == 1
    assert "Which architecture" in err


def test_export_weights(run, trained, tmp_path):
    out = tmp_path / "net.weights.h5"
    assert run("export", trained, "--format", "weights", "-o", out)[0] == 0
    model = kerazoo.create("fleuret_mnist", tiny=True, filters=(4, 8))
    model.load_weights(out)
    code, _, err = run("export", trained, "--format", "litert", "-o", tmp_path / "net")
    assert code == 1
    assert "must end in '.tflite'" in err


def test_evaluate_by_name_says_that_it_is_untrained(run):
    code, out, err = run("evaluate", "fleuret_mnist", "--data", "digits", "--json")
    assert code == 0
    assert "untrained" in err
    measured = json.loads(out)
    assert measured["data"] == "digits" and measured["metrics"]["accuracy"] < 0.5


def test_backend_of_a_running_process_cannot_change(run, monkeypatch):
    import keras

    other = "jax" if keras.backend.backend() != "jax" else "torch"
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    code, _, err = run("evaluate", "fleuret_mnist", "--backend", other)
    assert code == 1
    assert "in this process already" in err


def test_summary(run):
    code, out, _ = run("summary", "fleuret_mnist")
    assert code == 0
    assert "105,506" in out and "1,333,200" in out
    _, out, _ = run("summary", "fleuret_mnist", "--tiny", "--layers")
    assert "105,506" not in out and "conv1" in out


def test_chart(run, tmp_path, monkeypatch):
    from kerazoo import tables

    points = [point for point in tables.CANZIANI_2016 if not point.config]
    monkeypatch.setattr(tables, "CANZIANI_2016", points)
    code, out, _ = run("chart", "--output", tmp_path / "chart.png")
    assert code == 0
    assert "ResNet-18" in out
    assert {path.name for path in tmp_path.iterdir()} == {"chart.png", "chart.csv"}


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_fit_on_every_backend(backend, tmp_path, python):
    pytest.importorskip(backend)
    python(
        "-m", "kerazoo", "fit", "fleuret_mnist", "--tiny", "--epochs", "1",
        "--backend", backend, "--run-dir", str(tmp_path),
    )  # fmt: skip
    settings = json.loads((tmp_path / "settings.json").read_text())
    assert settings["backend"] == backend and settings["machine"]["devices"]


# -------------------------------------------------------------------------- new images


def test_sample_writes_a_sheet(run, tmp_path):
    picture = tmp_path / "samples.png"
    code, _, err = run("sample", "vae", "-n", 4, "-o", picture)
    assert code == 0, err
    assert picture.is_file() and "samples.png" in err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["fleuret_mnist"], "'fleuret_mnist' does not draw images"),
        (["vae", "--steps", "5"], "'vae' draws in one step. Received: --steps"),
    ],
)
def test_sample_refuses(run, words, hint):
    code, _, err = run("sample", *words)
    assert code == 1
    assert hint in " ".join(err.split())
