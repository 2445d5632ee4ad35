"""The page of `kerazoo demo`: what happens behind it, and that it is built."""

import base64
import importlib
import io
import types

import keras
import numpy as np
import pytest
from PIL import Image

import kerazoo
from kerazoo import cli, datasets, demo
from kerazoo.layers.detector import Detector
from kerazoo.layers.speech import SpeechRecognizer
from kerazoo.spectrogram import FilterBank


@pytest.fixture
def digits():
    return datasets.EMBEDDED["digits"].load("test")


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(0)
    return kerazoo.create("info8010_mlp", tiny=True)


# ------------------------------------------------------------------- images of a person


@pytest.mark.parametrize("dark_on_light", [False, True])
@pytest.mark.parametrize("place", [(0, 0), (40, 90)])
def test_drawings_come_as_the_data_are(digits, dark_on_light, place):
    """Digits, drawn large anywhere, in black on white or not, are as before."""
    shown = 0
    for image in digits[0]:
        rows, columns = (np.flatnonzero((image > 95).any((k, 2))) for k in (1, 0))
        if rows[0] or rows[-1] < 7 or columns[0] + columns[-1] != 7:
            continue  # not in the middle, or smaller than others
        canvas = np.zeros((320, 320, 1), "uint8")
        large = image.repeat(20, 0).repeat(20, 1)
        canvas[place[0] :, place[1] :][:160, :160] = large
        canvas = 255 - canvas if dark_on_light else canvas
        found = demo.centred_drawing(canvas, 8, 8)
        assert found.shape == (8, 8, 1) and found.dtype == np.uint8
        assert np.abs(image.astype(int) - found).mean() < 16
        shown += 1
    assert shown > 50


def test_drawing_keeps_its_distance_to_the_rim():
    image = np.full((100, 80, 1), 250, "uint8")
    image[30:70, 30:40] = 0  # a one
    found = demo.centred_drawing(image, 28, 20)[..., 0]
    rows, columns = (np.flatnonzero((found > 60).any(axis=axis)) for axis in (1, 0))
    assert (rows[0], rows[-1]) == (4, 23)
    assert abs(columns.mean() - 13.5) <= 1 and len(columns) in (5, 6)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_empty_paper_is_no_drawing(level):
    assert demo.centred_drawing(np.full((9, 9, 3), level, "uint8"), 8, 8) is None


def test_what_is_transparent_is_white():
    image = np.zeros((1, 2, 4), "uint8")
    image[0, 0] = 10, 20, 30, 255
    assert demo.flat_image(image).tolist() == [[[10, 20, 30], [255, 255, 255]]]
    assert demo.flat_image(np.zeros((2, 3), "uint8")).shape == (2, 3, 1)


def test_an_image_is_prepared_as_the_data_are(classifier, digits):
    batch = datasets.load("digits", "test", model=classifier, batch_size=2)
    expected = next(iter(batch.as_numpy_iterator()))[0][:1]
    found = datasets.prepared(digits[0][0], classifier)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    wide = np.pad(digits[0][0], [(0, 0), (3, 3), (0, 0)])
    found = datasets.prepared(wide, classifier)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    with pytest.raises(ValueError, match=r"uint8 array.*float64 \(8, 8\)"):
        datasets.prepared(np.zeros((8, 8)), classifier)


@pytest.mark.parametrize("name", ["louppe_unet", "show_and_tell"])
def test_images_for_other_tasks_are_prepared_too(name):
    model = kerazoo.create(name, tiny=True, compile=False)
    model.tokenizer = getattr(model, "tokenizer", None) or _marks()
    found = datasets.prepared(np.full((50, 70, 3), 127, "uint8"), model)
    found = found["images"] if isinstance(found, dict) else found
    assert found.shape == (1, *model.inputs[0].shape[1:])
    assert np.ptp(found[..., 0]) < 1e-3


def _marks():
    from kerazoo.tokenizers import MarkedTokenizer, WordTokenizer

    return MarkedTokenizer(WordTokenizer(["a"]))


# --------------------------------------------------------------------- behind the pages


def test_classes_have_their_probabilities(classifier, digits):
    image = 255 - digits[0][0].repeat(20, 0).repeat(20, 1)
    found = demo.classify(classifier, image, "digits", list("abcdefghij"))
    inputs = demo.as_input(classifier, image, "digits")
    expected = classifier.predict(inputs, verbose=0)[0]
    assert list(found) == list("abcdefghij")
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-5)
    assert demo.classify(classifier, None) is None
    blank = np.full((50, 50, 4), 255, "uint8")
    assert demo.classify(classifier, blank, "digits") is None


def test_scores_give_a_class_alone(digits):
    model = kerazoo.create("single_layer_perceptron", tiny=True)
    assert demo.classify(model, digits[0][0], "digits") in set("0123456789")


def test_sure_boxes_are_shown():
    class Seer(Detector):
        def detect(self, images):
            boxes = np.array([[1.0, 2, 30, 40], [5, 5, 9, 9]])
            scores, labels = np.array([0.9, 0.3]), np.array([0, 1])
            return [{"boxes": boxes, "scores": scores, "labels": labels}]

    image = keras.Input((64, 64, 3))
    model = Seer(image, keras.layers.Identity()(image))
    figure = demo.detect(model, np.zeros((90, 90, 3), "uint8"), ["cat", "dog"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["cat 0.90"]


def test_recordings_of_another_rate_are_resampled(monkeypatch):
    spectrogram = keras.Input((None, 9), name="spectrogram")
    length = keras.Input((), dtype="int32", name="length")
    logits = keras.layers.Dense(3)(spectrogram)
    model = SpeechRecognizer({"spectrogram": spectrogram, "length": length}, logits)
    model.alphabet, model.filter_bank = " a", FilterBank(8000, 8)
    heard = []
    monkeypatch.setattr(model, "transcribe", lambda audio: heard.append(audio) or "a")
    time = np.arange(44100) / 44100
    tone = (20000 * np.sin(2 * np.pi * 440 * time)).astype("int16")
    text, figure = demo.transcribe(model, (44100, np.stack([tone, tone], axis=1)))
    assert text == "a" and len(figure.axes) == 1 and len(heard[0]) == 8000
    peak = np.abs(np.fft.rfft(heard[0])).argmax()
    assert peak == 440 and 0.5 < np.abs(heard[0]).max() < 0.7
    assert demo.transcribe(model, None) == ("", None)


def test_samples_come_enlarged_and_repeat():
    model = kerazoo.create("vae", tiny=True)
    sheet = demo.sample(model, 4, seed=1)
    small = kerazoo.report.sample_sheet(model.sample(4, seed=1))
    np.testing.assert_array_equal(sheet[::28, ::28], small)  # 17 pixels to 480
    pair = demo.give_back(model, np.zeros((8, 8), "uint8"), spoil=False)
    assert pair.shape[1] > 2 * pair.shape[0] - 60


def test_an_agent_plays_a_picture(tmp_path):
    path, outcome = demo.play(kerazoo.create("dqn_mlp", tiny=True), "catch", 0)
    assert Image.open(path).n_frames == 9 and outcome in ("return 1", "return -1")


# ------------------------------------------------------------------------------ pages


@pytest.mark.parametrize("name", ["mcculloch_pitts", "gcn", "heteroscedastic_mlp"])
def test_what_cannot_be_tried_says_so(name):
    model = kerazoo.create(name, tiny=True, compile=False)
    with pytest.raises(ValueError, match="no page on which to try"):
        demo.check(model)


def test_without_gradio_the_error_says_what_to_install(monkeypatch, classifier):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r'pip install "kerazoo\[demo\]"'):
        demo.check(classifier)


def functions(page):
    """The functions behind a page that take something."""
    return [f.fn for f in page.fns.values() if f.fn is not None and f.inputs]


def test_page_of_a_classifier(classifier, digits):
    pytest.importorskip("gradio")
    page = demo.page(classifier, "digits")
    config = page.get_config_file()
    assert config["analytics_enabled"] is False
    kinds = [component["type"] for component in config["components"]]
    assert {"html", "image", "label"} <= set(kinds)
    image = 255 - digits[0][0].repeat(20, 0).repeat(20, 1)
    expected = demo.classify(classifier, image, "digits")
    on_drawing, on_file = (f.fn for f in page.fns.values() if f.outputs)
    content = io.BytesIO()
    Image.fromarray(image[..., 0]).save(content, format="PNG")
    url = b"data:image/png;base64," + base64.b64encode(content.getvalue())
    drawn = types.SimpleNamespace(drawing=url.decode())
    assert on_file(image) == on_drawing(drawn) == expected


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("gpt2_nano", "little_language", {"textbox", "slider", "button"}),
        ("dqn_mlp", "catch", {"image", "button", "number"}),
        ("ddpm", "digits", {"image", "slider", "button"}),
        ("louppe_unet", "cells", {"image", "plot"}),
        ("deep_speech", "tone_letters", {"audio", "textbox", "plot"}),
        ("denoising_autoencoder", "digits", {"html", "image"}),
        ("lenet5", "no_such_data", {"image", "label"}),
    ],
)
def test_pages_of_other_tasks(name, data, shown):
    pytest.importorskip("gradio")
    model = kerazoo.create(name, tiny=True)
    components = demo.page(model, data).get_config_file()["components"]
    assert shown <= {component["type"] for component in components}


def test_page_writes_on(monkeypatch):
    pytest.importorskip("gradio")
    model = kerazoo.create("gpt2_nano", tiny=True)
    given = []

    def generate(prompt, tokens, **options):
        given.append((prompt, tokens, options))
        return prompt + "!"

    monkeypatch.setattr(model, "generate", generate)
    run = functions(demo.page(model, "little_language"))[0]
    assert run("a cat", 7, 0.5, 3) == "a cat!"
    assert given == [("a cat", 7, {"temperature": 0.5, "seed": 3})]


# ------------------------------------------------------------------------- the command


def test_command_trains_once_and_opens_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "check", lambda model: None)
    opened, trained = [], []
    monkeypatch.setattr(
        demo, "launch", lambda model, data, **options: opened.append((data, options))
    )
    fit = cli._fit

    def _fit(arguments):
        trained.append(arguments.name)
        fit(arguments)

    monkeypatch.setattr(cli, "_fit", _fit)
    words = ["demo", "info8010_mlp", "--port", "7999", "--no-browser"]
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    assert cli.main(words) == 0 and cli.main(words) == 0
    assert "training the reduced info8010_mlp on digits" in capsys.readouterr().err
    assert trained == ["info8010_mlp"]
    assert opened == [("digits", {"port": 7999, "browser": False})] * 2
    assert (tmp_path / "runs" / "demo-info8010_mlp" / "model.keras").is_file()


def test_command_does_not_know_the_network(capsys):
    assert cli.main(["demo", "lenet55"]) == 1
    assert "lenet5" in capsys.readouterr().err
