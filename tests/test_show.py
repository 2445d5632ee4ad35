"""One picture for what a model does: it shows what the model gave, and the truth."""

import re

import keras
import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

import kerazoo
from kerazoo import datasets, pictures, report, show
from kerazoo.datasets import shapes, tones
from kerazoo.layers.detector import Detector
from kerazoo.layers.language_model import LanguageModel
from kerazoo.layers.segmentation import SegmentationModel
from kerazoo.layers.speech import SpeechRecognizer, padded
from kerazoo.layers.translator import Translator
from kerazoo.spectrogram import FilterBank
from kerazoo.tokenizers import CharacterTokenizer, MarkedTokenizer, WordTokenizer


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def counts_of(axis, classes):
    """The matrix that is written on an axis."""
    counts = np.zeros((classes, classes), int)
    for text in axis.texts:
        column, row = text.get_position()
        counts[row, column] = int(text.get_text())
    return counts


def tiles_of(axes):
    """Titles and images of the axes that have some."""
    axes = [axis for axis in axes if axis.images]
    titles = [axis.get_title() for axis in axes]
    return titles, [axis.images[0].get_array() for axis in axes]


def lines_of(figure):
    """Blocks of `{name: text}` of a figure of texts."""
    blocks, name = [], None
    for text in figure.axes[0].texts:
        if text.get_ha() == "right":
            name = text.get_text() or name
            if name == "given" or name == "source":
                blocks.append({}) if text.get_text() else None
            continue
        blocks[-1][name] = blocks[-1].get(name, "") + text.get_text()
    return blocks


# ------------------------------------------------------------------------- classifiers


@pytest.mark.parametrize("names", [None, list("abcd")])
def test_confusion_matrix_counts_as_scikit_learn(tmp_path, names):
    random = np.random.default_rng(0)
    truth, given = random.integers(4, size=(2, 50))
    path = tmp_path / "confusion.png"
    figure = report.confusion_matrix(truth, given, path, names=names)
    axis = figure.axes[0]
    np.testing.assert_array_equal(counts_of(axis, 4), confusion_matrix(truth, given))
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == (names or list("0123")) and path.stat().st_size > 1000


def test_many_classes_are_colours_alone():
    axis = report.confusion_matrix(np.arange(30), np.arange(30)).axes[0]
    assert not axis.texts and (np.diag(axis.images[0].get_array()) == 1).all()


@pytest.mark.parametrize("by_name", [True, False])
def test_classifier_shows_its_worst_errors_first(by_name):
    model = kerazoo.create("info8010_mlp", tiny=True)
    batches = datasets.load("digits", "test", model=model, batch_size=360)
    x, y = next(iter(batches.as_numpy_iterator()))
    figure = report.show(model, "digits" if by_name else (x, y), n=5)
    probabilities = model.predict(x, verbose=0)
    given = probabilities.argmax(-1)
    matrix, *rest = figure.axes
    np.testing.assert_array_equal(counts_of(matrix, 10), confusion_matrix(y, given))
    rows = np.arange(len(y))
    excess = probabilities[rows, given] - probabilities[rows, y]
    worst = np.argsort(-excess, kind="stable")[:5]
    titles, images = tiles_of(rest)
    assert titles == [
        f"{y[i]}, given {given[i]} ({probabilities[i, given[i]]:.0%})" for i in worst
    ]
    expected = pictures.stretched(x[worst])[..., 0]
    np.testing.assert_allclose(np.stack(images), expected, atol=1e-5)
    left = figure.subfigs[0].get_suptitle()
    assert f"{(y == given).sum()} of 360 right" in left
    assert ("digits, test" in left) == by_name


def test_scores_that_are_no_probabilities_are_not_written():
    model = kerazoo.create("single_layer_perceptron", tiny=True)
    titles, _ = tiles_of(report.show(model, "digits", n=2).axes[1:])
    assert all(re.fullmatch(r"\d, given \d", title) for title in titles)


def test_binary_classifier_and_one_without_errors():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.set_weights([np.zeros((2, 1)), np.ones(1)])  # always says 1
    x, y = datasets.EMBEDDED["xor"].load("test")
    figure = report.show(model, (x, y))
    assert counts_of(figure.axes[0], 2).tolist() == [[0, 2], [0, 2]]
    assert len(figure.axes) == 1  # inputs that are no images
    figure = report.show(model, (x[1:3], y[1:3]))
    assert "2 of 2 right (100.00%)" in figure.get_suptitle()


def test_graph_shows_the_nodes_that_count():
    model = kerazoo.create("gcn", tiny=True)
    figure = report.show(model, "block_graph")
    counts = counts_of(figure.axes[0], 4)
    measured = kerazoo.evaluate(model, "block_graph", verbose=0)
    assert np.trace(counts) / counts.sum() == pytest.approx(measured["accuracy"])
    right, wrong = figure.axes[1].collections
    assert len(right.get_offsets()) == np.trace(counts)
    assert len(wrong.get_offsets()) == counts.sum() - np.trace(counts)


# ------------------------------------------------------------------- images and answers


class Seer(Detector):
    """Finds a sure circle and an unsure square in every image."""

    classes = 3

    def detect(self, images):
        boxes = np.array([[1.0, 2, 30, 40], [5, 5, 9, 9]])
        one = {"boxes": boxes, "scores": np.array([0.9, 0.3]), "labels": np.arange(2)}
        return [one for _ in images]


def test_boxes_stand_beside_the_true_ones():
    image = keras.Input((64, 64, 3))
    model = Seer(image, keras.layers.Identity()(image))
    figure = report.show(model, "shapes/boxes", n=3)
    true = datasets.EMBEDDED["shapes/boxes"].load("test")[1]["labels"][:3]
    axes = [axis for axis in figure.axes if axis.images]
    assert [len(axis.patches) for axis in axes[::2]] == (true >= 0).sum(1).tolist()
    names = [[text.get_text() for text in axis.texts] for axis in axes[::2]]
    assert names[0] == [shapes.THINGS[k] for k in true[0] if k >= 0]
    for axis in axes[1::2]:
        assert [text.get_text() for text in axis.texts] == ["circle 0.90"]
        assert axis.patches[0].get_bbox().bounds == (1, 2, 29, 38)


def test_regions_stand_beside_the_true_ones():
    image = keras.Input((64, 64, 3))
    scores = keras.layers.Conv2D(5, 1, activation="softmax")(image)
    model = SegmentationModel(image, scores)
    figure = report.show(model, "shapes/masks", n=2)
    batch = next(iter(datasets.load("shapes/masks", "test", model=model, batch_size=2)))
    x, y, _ = map(keras.ops.convert_to_numpy, batch)
    given = model.predict(x, verbose=0).argmax(-1)
    expected = pictures.painted(x, [y, given])
    titles, images = tiles_of(figure.axes)
    assert titles == ["", "true", "given"] * 2
    np.testing.assert_allclose(images[1], expected[1][0], atol=1e-5)
    np.testing.assert_allclose(images[5], expected[2][1], atol=1e-5)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == list(shapes.REGIONS)


# ------------------------------------------------------------------------------- texts


def test_language_model_writes_on(tmp_path):
    class Successor(LanguageModel):
        def generate(self, prompt, max_new_tokens):
            more = prompt[:, -1:] + 1 + np.arange(max_new_tokens)
            return np.concatenate([prompt, more % 26], axis=1)

    tokens = keras.Input((8,), dtype="int32")
    model = Successor(tokens, keras.layers.Embedding(26, 26)(tokens))
    model.tokenizer = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz")
    encode = model.tokenizer.encode
    rows = np.array([encode("abcdabcd"), encode("wxyzzzzz")])
    path = tmp_path / "texts.png"
    figure = report.show(model, [(rows, rows)], path)
    assert lines_of(figure) == [
        {"given": "abcd", "written": "efgh", "true": "abcd"},
        {"given": "wxyz", "written": "abcd", "true": "zzzz"},
    ]
    assert path.stat().st_size > 1000


def test_long_texts_are_wrapped_and_line_breaks_seen():
    text = "word " * 40 + "\n$x$ end"
    figure = pictures.written_texts([{"given": text}], columns=30)
    lines = [t.get_text() for t in figure.axes[0].texts if t.get_ha() == "left"]
    assert max(map(len, lines)) <= 30
    assert "".join(lines) == text.replace("\n", "\u21b5")


def test_translations_stand_between_source_and_truth():
    class Shouter(Translator):
        def translate(self, source):
            return [text.upper() for text in source]

    source, target = (keras.Input((None,), dtype="int32") for _ in range(2))
    model = Shouter([source, target], keras.layers.Embedding(9, 9)(target))
    model.tokenizer = MarkedTokenizer(WordTokenizer(["a", "cat", "eine", "katze"]))
    encode = model.tokenizer.encode
    english, german = ([encode(text)] for text in ("a cat", "eine katze"))
    batch = tuple(np.array([[*row[0], 2, 0]]) for row in (english, german))
    figure = report.show(model, [((batch[0], batch[1]), batch[1])])
    assert lines_of(figure) == [
        {"source": "a cat", "written": "A CAT", "true": "eine katze"}
    ]


def test_recordings_show_what_was_heard():
    random = np.random.default_rng(0)
    recordings = [tones.play(text, random) for text in ("a b", "ha")]
    bank = FilterBank.fitted(recordings, tones.RATE, 20)
    batch = padded([bank(recording) for recording in recordings])
    spectrogram = keras.Input((None, 21), name="spectrogram")
    length = keras.Input((), dtype="int32", name="length")
    logits = keras.layers.Dense(10)(spectrogram)
    model = SpeechRecognizer({"spectrogram": spectrogram, "length": length}, logits)
    model.alphabet, model.filter_bank = " abcdefgh", bank
    bias = np.zeros(10)
    bias[2] = 1  # hears nothing but one long "a"
    model.layers[-1].set_weights([np.zeros((21, 10)), bias])
    letters = np.array([model.encode("a b"), [*model.encode("ha"), 0]])
    figure = report.show(model, [(batch, letters)], n=4)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == ["heard: a\ntrue: a b", "heard: a\ntrue: ha"]
    for axis, recording in zip(figure.axes, recordings, strict=True):
        shown = axis.images[0].get_array()
        np.testing.assert_allclose(shown, bank(recording)[:, :20].T, atol=1e-5)
        assert [text.get_text() for text in axis.texts] == ["a"]


# -------------------------------------------------------------------------- new images


def test_generator_needs_no_data():
    model = kerazoo.create("dcgan", tiny=True)
    figure = report.show(model, n=2, seed=3)  # its card's data are not here
    expected = report.sample_sheet(model.sample(4, seed=3))
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), expected)


def test_autoencoder_gives_images_back_and_draws():
    model = kerazoo.create("vae", tiny=True)
    figure = report.show(model, "digits", n=3)
    batches = datasets.load("digits", "test", model=model, batch_size=3)
    x, _ = next(iter(batches.as_numpy_iterator()))
    sheets = {axis.get_title(loc="left"): axis for axis in figure.axes}
    assert list(sheets) == ["images", "given back", "samples"]
    back = report.sample_sheet(model.reconstruct(x), columns=3).astype(int)
    shown = sheets["given back"].images[0].get_array().astype(int)
    assert abs(shown - back).max() <= 1


def test_denoiser_shows_what_it_was_given():
    model = kerazoo.create("denoising_autoencoder", tiny=True)
    figure = report.show(model, "digits", n=2)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == ["images", "spoilt", "given back"]
    clean, spoilt = (axis.images[0].get_array() for axis in figure.axes[:2])
    assert (spoilt == 0).mean() > (clean == 0).mean() + 0.2


# ----------------------------------------------------------- agents, curves with bands


def test_agent_shows_its_returns_and_a_game():
    model = kerazoo.create("dqn_mlp", tiny=True)
    figure = report.show(model, "catch", seed=0)
    histogram, *frames = figure.axes
    measured = kerazoo.evaluate(model, "catch")
    assert f"mean return {measured['return']:.2f} " in histogram.get_title()
    games = int(re.search(r"of (\d+) games", histogram.get_title())[1])
    assert sum(patch.get_height() for patch in histogram.patches) == games
    titles, images = tiles_of(frames)
    assert titles == [f"step {k}" for k in range(9)]  # a ball falls nine cells
    assert (images[0] != images[4]).any()


def test_curve_lies_in_its_bands():
    model = kerazoo.create("heteroscedastic_mlp", tiny=True)
    model.layers[-1].set_weights([np.zeros((64, 2)), np.log([np.exp(0.5), 0.4])])
    axis = report.show(model, "noisy_sine").axes[0]
    _, y = datasets.EMBEDDED["noisy_sine"].load("test")
    np.testing.assert_allclose(axis.lines[1].get_ydata(), 0.5, atol=1e-6)
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    within = [np.mean(np.abs(y - 0.5) <= width * 0.4) for width in (1, 2)]
    assert f"1 standard deviation: {within[0]:.1%} " in " ".join(labels)
    assert f"2 standard deviations: {within[1]:.1%} " in " ".join(labels)
    bands = {tuple(c.get_datalim(axis.transData).intervaly) for c in axis.collections}
    assert {tuple(np.round(b, 3)) for b in bands} == {(-0.3, 1.3), (0.1, 0.9)}


def test_mixture_is_drawn_from():
    model = kerazoo.create("mixture_density_network", tiny=True)
    left, right = report.show(model, "inverse_problem", seed=1).axes
    x, y = datasets.EMBEDDED["inverse_problem"].load("test")
    np.testing.assert_array_equal(left.lines[0].get_xydata(), np.hstack([x, y]))
    drawn = keras.ops.convert_to_numpy(model.sample(x, seed=1))
    np.testing.assert_allclose(right.lines[0].get_ydata(), drawn[:, 0], atol=1e-5)


# ----------------------------------------------------------------------- what it is not


@pytest.mark.parametrize(
    "name", ["associative_memory", "hebbian_layer", "neocognitron", "snarc"]
)
def test_what_has_no_picture_says_so(name):
    model = kerazoo.create(name, tiny=True)
    with pytest.raises(ValueError, match=f"no picture of what '{name}'"):
        report.show(model, kerazoo.card(name).offline)


def test_data_that_do_not_fit():
    model = kerazoo.create("info8010_mlp", tiny=True)
    x = np.zeros((3, 28, 28, 1))
    with pytest.raises(ValueError, match="`split` goes with the name"):
        report.show(model, (x, np.zeros(3, int)), split="test")
    with pytest.raises(ValueError, match="targets of shape None"):
        report.show(model, (x,))
    with pytest.raises(ValueError, match="split of 'digits'"):
        report.show(model, "digits", split="tset")


def test_every_task_has_a_drawing():
    model = kerazoo.create("info8010_mlp", tiny=True)
    assert show.task_of(model) is None
    assert show.task_of(kerazoo.create("ddpm", tiny=True, compile=False)) == "sample"


def test_notebooks_show_figures():
    formatters = pytest.importorskip("IPython.core.formatters")
    figure = report.learning_curves({"loss": [2.0, 1.0]})
    content = formatters.PNGFormatter()(figure)
    assert content.startswith(b"\x89PNG")
