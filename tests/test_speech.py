"""Deep Speech: spectrograms, the network, connectionist decoding, error rates."""

import importlib.util
import itertools
import math
import os
import pathlib

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo import datasets
from kerazoo.datasets import speech, tones
from kerazoo.layers import error_rate
from kerazoo.layers.error_rate import ErrorRate
from kerazoo.layers.speech import beam_search, padded
from kerazoo.spectrogram import MIN_FRAMES, FilterBank

REAL = pathlib.Path(os.environ.get("TFDS_DATA_DIR", ""))
SIZES = {"features": 5, "context": 2, "units": 7, "dropout": 0.0, "alphabet": " abc"}


def numbers(x):
    return keras.ops.convert_to_numpy(x)


@pytest.fixture(scope="module")
def model():
    model = kerazoo.deep_speech(**SIZES)
    noise = np.random.default_rng(0)
    weights = [w + noise.normal(0, 0.3, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    return model


@pytest.fixture(scope="module")
def spectrograms():
    random = np.random.default_rng(1)
    return [random.normal(0, 1, (n, 5)).astype("float32") for n in (34, 47, 40)]


# --- the filter bank


def tone(hertz, seconds=0.5, rate=8000):
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def test_a_tone_is_heard_in_its_band():
    bank = FilterBank(8000, 39)  # bands 100 Hz apart
    energies = bank.energies(0.5 * tone(1000))
    assert energies.shape == (49, 40) and energies.dtype == np.float32
    assert set(energies[:, :39].argmax(axis=1)) == {9}  # that of 1000 Hz
    np.testing.assert_allclose(energies[:, 39], math.log(0.125), atol=0.05)
    louder = bank.energies(tone(1000)) - energies
    np.testing.assert_allclose(louder[:, [9, 39]], math.log(4), atol=1e-4)


def test_recordings_of_every_type():
    bank, audio = FilterBank(16000, 160), 0.3 * tone(440, rate=16000)
    whole = (audio * 2**15).astype("int16")
    for same in (whole, whole.astype("int64"), whole / np.float32(2**15)):
        np.testing.assert_allclose(bank(same), bank(whole), atol=1e-5)
    coarse = np.uint8(128 + 100 * tone(440, rate=16000))
    np.testing.assert_allclose(
        bank(coarse)[:, 160], bank(0.78 * audio / 0.3)[:, 160], atol=0.1
    )
    assert np.isfinite(bank(np.zeros(3, "int16"))).all()
    with pytest.raises(ValueError, match=r"Received: \(2, 3\)"):
        bank(np.zeros((2, 3)))


def test_features_are_standardised_over_the_training_set():
    random = np.random.default_rng(0)
    recordings = [random.normal(0, 0.1, 4000 + 800 * n) for n in range(5)]
    bank = FilterBank.fitted(recordings, 8000, 20)
    frames = np.concatenate([bank(audio) for audio in recordings])
    np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(frames.std(axis=0), 1, atol=1e-2)
    again = FilterBank(**bank.get_config())
    np.testing.assert_array_equal(again(recordings[0]), bank(recordings[0]))
    short = bank(recordings[0][:900])  # 10 frames
    assert short.shape == (MIN_FRAMES, 21) and not short[10:].any()


# --- the network


def by_hand(model, spectrogram):
    """The paper's equations in plain torch, for one recording without padding."""
    torch = pytest.importorskip("torch")
    weights = {w.path: torch.tensor(numbers(w)) for w in model.weights}

    def g(z):
        return z.clamp(0, 20)

    def layer(name, x):
        return x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]

    x = torch.tensor(spectrogram)
    context = (weights["layer1/kernel"].shape[0] - 1) // 2
    x = torch.nn.functional.pad(x, (0, 0, context, context))
    frames = x.unfold(0, 2 * context + 1, 2).transpose(1, 2).flatten(1)
    x = g(frames @ weights["layer1/kernel"].flatten(0, 1) + weights["layer1/bias"])
    x = g(layer("layer3", g(layer("layer2", x))))
    drive = layer("layer4", x)
    sums = torch.zeros_like(drive)
    for name, order in (
        ("forward_kernel", range(len(x))),
        ("backward_kernel", reversed(range(len(x)))),
    ):
        state = torch.zeros(drive.shape[1])
        for t in order:
            state = g(drive[t] + state @ weights[f"layer4/{name}"])
            sums[t] += state
    return layer("layer6", g(layer("layer5", sums)))


def test_network_equals_the_equations_whatever_the_padding(model, spectrograms):
    logits = model.predict_on_batch(padded(spectrograms))
    assert logits.shape == (3, 32, 5)
    for spectrogram, ours in zip(spectrograms, logits, strict=True):
        steps = (len(spectrogram) + 1) // 2
        expected = by_hand(model, spectrogram).numpy()
        assert len(expected) == steps
        np.testing.assert_allclose(ours[:steps], expected, rtol=1e-4, atol=1e-4)
        assert (ours[steps:, 0] == 0).all() and (ours[steps:, 1:] == -1e4).all()


def test_the_activation_is_clipped():
    from kerazoo.zoo.speech.deep_speech import clipped_relu

    z = np.float32([-3, 0, 7, 20, 50])
    assert numbers(clipped_relu(z)).tolist() == [0, 0, 7, 20, 20]


def test_loss_equals_that_with_true_lengths(model, spectrograms):
    torch = pytest.importorskip("torch")
    texts = ["ab ca", "bb", "c ccab"]
    labels = np.zeros((3, 16), "int32")
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = model.encode(text)
    batch = padded(spectrograms)
    logits = model.predict_on_batch(batch)
    ours = numbers(keras.losses.CTC(reduction=None)(labels, logits))
    expected = torch.nn.functional.ctc_loss(
        torch.tensor(logits).log_softmax(-1).transpose(0, 1),
        torch.tensor(labels),
        torch.tensor((batch["length"] + 1) // 2),
        torch.tensor([*map(len, texts)]),
        reduction="none",
    )
    np.testing.assert_allclose(ours, expected.numpy(), rtol=1e-4)


def test_alphabets():
    model = kerazoo.create("deep_speech", tiny=True, alphabet=" xyz", compile=False)
    assert model.output_shape[-1] == 5
    assert model.encode("Zx y") == [4, 2, 1, 3] and model.decode([4, 0, 2]) == "zx"
    with pytest.raises(ValueError, match="'q' of 'xq' is not in the alphabet"):
        model.encode("xq")
    for wrong in ("abc", " abca"):
        with pytest.raises(ValueError, match="`alphabet` must begin with a space"):
            kerazoo.deep_speech(alphabet=wrong)


# --- decoding


def brute_force(log_probabilities):
    """Probabilities of all texts, summed over all paths."""
    steps, letters = log_probabilities.shape
    texts = {}
    for path in itertools.product(range(letters), repeat=steps):
        spelt = tuple(letter for letter, _ in itertools.groupby(path) if letter)
        p = math.exp(sum(log_probabilities[t, k] for t, k in enumerate(path)))
        texts[spelt] = texts.get(spelt, 0) + p
    return texts


@pytest.mark.parametrize("seed", range(4))
def test_beam_search_finds_the_most_probable_text(seed):
    logits = np.random.default_rng(seed).normal(0, 1.5, (6, 4))
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    texts = brute_force(logits)
    assert math.isclose(sum(texts.values()), 1)
    best = max(texts, key=texts.get)
    assert beam_search(logits, 1000, lambda prefix: 0.0) == best


def test_sum_of_paths_against_best_path():
    """The textbook's case: "a" has three paths, the empty text the best one."""
    p = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert numbers(error_rate.best_path(p[None])).tolist() == [[0, 0]]
    assert beam_search(p, 2, lambda prefix: 0.0) == (1,)
    doubled = np.log(
        [[0.1, 0.9], [0.9, 0.1], [0.1, 0.9]]
    )  # a blank parts equal letters
    assert beam_search(doubled, 8, lambda prefix: 0.0) == (1, 1)


def test_a_language_model_weighs_words(model, monkeypatch):
    probable = np.full((1, 5, 5), -9.0)
    for step, (letter, p) in enumerate([(2, 0), (1, 0), (3, 0), (0, 0), (0, 0)]):
        probable[0, step, letter] = p  # "a b"
    probable[0, 2, 4] = -0.5  # or "a c"
    monkeypatch.setattr(model, "predict_on_batch", lambda batch: probable)
    asked = []

    def language_model(words):
        asked.append(tuple(words))
        return math.log({"a": 0.5, "b": 0.1, "c": 0.4}.get(words[-1], 1e-9))

    assert model.transcribe({}) == ["a b"]
    assert model.transcribe({}, beam_width=8) == ["a b"]
    sums = {"language_model": language_model, "beam_width": 8}
    assert model.transcribe({}, **sums) == ["a c"]  # 0.6 x 0.4 against 1 x 0.1
    assert model.transcribe({}, **sums, alpha=0.1) == ["a b"]
    assert ("a", "c") in asked and ("a",) in asked
    assert not model.transcribe({}, **sums, beta=-30.0)[0].strip()


def test_transcribe_refuses(model):
    with pytest.raises(ValueError, match="no filter bank for samples yet"):
        model.transcribe(np.zeros(1000))
    with pytest.raises(ValueError, match="`beam_width` must be.*Received: 0"):
        model.transcribe({}, beam_width=0)
    with pytest.raises(ValueError, match="`language_model` needs a `beam_width`"):
        model.transcribe({}, language_model=len)


# --- error rates


def levenshtein(a, b):
    row = [*range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def test_edit_distance():
    random = np.random.default_rng(0)
    said, meant = random.integers(0, 4, (40, 9)), random.integers(0, 4, (40, 6))
    said[0] = meant[1] = 0
    ours = error_rate.edit_distance(
        keras.ops.cast(said, "int32"), keras.ops.cast(meant, "int32")
    )
    pairs = zip(said, meant, strict=True)
    expected = [levenshtein(a[a > 0], b[b > 0]) for a, b in pairs]
    assert numbers(ours).tolist() == expected


def labels(*texts):
    rows = np.zeros((len(texts), 24), "int32")
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = [1 + " abcdefghijklmnopqrstuvwxyz".index(c) for c in text]
    return rows


def logits(*texts):
    """Logits whose best paths spell texts: every letter twice, blanks between."""
    path = np.repeat(labels(*texts), 3, axis=1)
    path[:, 2::3] = 0
    return 9.0 * np.eye(28, dtype="float32")[path]


def test_words_are_equal_by_their_letters():
    text = labels("ab  b aab", "b", "incomprehensible ab")
    found = numbers(error_rate.words(text))
    ab, b, aab = found[0][found[0] != 0]
    assert found[1][found[1] != 0].tolist() == [b]
    assert found[2][found[2] != 0][1] == ab and len({ab, b, aab, 0}) == 4


@pytest.mark.parametrize(
    ("said", "meant", "letters", "words"),
    [
        (["seven"], ["seven"], 0, 0),
        ([""], ["seven"], 1, 1),
        (["seen", "one two"], ["seven", "one too"], 2 / 12, 2 / 3),
        (["the cat sat on"], ["cat sat in"], 5 / 10, 2 / 3),
        (["a b"], ["ab"], 1 / 2, 2),
    ],
)
def test_error_rates(said, meant, letters, words):
    for unit, expected in (("letter", letters), ("word", words)):
        metric = ErrorRate(unit)
        metric.update_state(labels(*meant), logits(*said))
        assert float(metric.result()) == pytest.approx(expected), unit
        assert metric.name == f"{unit}_error"
    with pytest.raises(ValueError, match="'letter' or 'word'"):
        ErrorRate("sentence")


@pytest.mark.skipif(not importlib.util.find_spec("jiwer"), reason="no jiwer")
def test_error_rates_equal_jiwers():
    import jiwer

    random = np.random.default_rng(0)

    def sentence():
        words = random.choice("ab abc cab b ac bca".split(), random.integers(1, 5))
        return " ".join(words)

    said, meant = zip(*[(sentence(), sentence()) for _ in range(20)], strict=True)
    for unit, expected in (("letter", jiwer.cer), ("word", jiwer.wer)):
        metric = ErrorRate(unit)
        metric.update_state(labels(*meant), logits(*said))
        expected = expected([*meant], [*said])
        assert float(metric.result()) == pytest.approx(expected)


# --- recordings


@pytest.fixture(scope="module")
def tiny():
    return kerazoo.create("deep_speech", tiny=True)


def test_batches_of_recordings(tiny):
    (audio, rate), texts = tones.tone_letters("test")[0].values(), None
    _, texts = tones.tone_letters("test")
    assert set(rate) == {8000}
    seen = []
    for x, y in datasets.load("tone_letters", "test", model=tiny, batch_size=16):
        frames, length = x["spectrogram"].numpy(), x["length"].numpy()
        assert frames.shape[1] % 32 == 0 and y.shape[1] % 8 == 0
        assert (np.diff(length) >= 0).all()  # of similar length
        for row, n in zip(frames, length, strict=True):
            assert row[:MIN_FRAMES].any() and not row[n:].any()
        seen += [
            (n, tiny.decode(row)) for n, row in zip(length, y.numpy(), strict=True)
        ]
    heard = [len(tiny.filter_bank(recording.numpy())) for recording in audio]
    assert sorted(seen) == sorted(zip(heard, texts.tolist(), strict=True))


def test_batches_are_drawn_by_the_seed(tiny):
    augment = {
        "speed": [0.8, 1.2], "tempo": [0.9, 1.1], "gain": [-9, 9], "noise": [5, 20],
        "colour": [0, 4], "shift": [0, 0.1], "mask": 4,
    }  # fmt: skip

    def batch(seed):
        data = datasets.load(
            "tone_letters", model=tiny, batch_size=8, seed=seed, augment=augment
        )
        return next(iter(data))[0]["spectrogram"].numpy()

    np.testing.assert_array_equal(batch(3), batch(3))
    assert batch(3).shape != batch(4).shape or (batch(3) != batch(4)).any()


@pytest.mark.parametrize(
    ("augment", "expected"),
    [
        ({"speed": [0.5, 0.5]}, {"frames": 2, "hertz": 500}),
        ({"tempo": [0.5, 0.5]}, {"frames": 2, "hertz": 1000}),
        ({"shift": [0.25, 0.25]}, {"frames": 2, "hertz": 1000}),
        ({"gain": [-20, -20]}, {"frames": 1, "hertz": 1000, "loudness": -20}),
    ],
)
def test_augmentation(augment, expected):
    bank = FilterBank(8000, 39)
    audio = 0.5 * tone(1000)
    spectrogram = speech.augmented(audio, bank, augment, np.random.default_rng(0))
    middle = spectrogram[len(spectrogram) // 2]
    assert len(spectrogram) == pytest.approx(49 * expected["frames"], abs=2)
    assert middle[:39].argmax() == expected["hertz"] / 100 - 1
    loudness = (middle[39] - math.log(0.125)) * 10 / math.log(10)
    assert loudness == pytest.approx(expected.get("loudness", 0), abs=0.5)


def test_noise_has_its_loudness():
    bank, random = FilterBank(8000, 39), np.random.default_rng(0)
    clean = 0.1 * tone(1000, seconds=4)
    noisy = speech.augmented(clean, bank, {"noise": [0, 0]}, random)
    difference = (noisy[:, 39] - bank(clean)[:, 39]).mean()  # twice the power
    assert difference == pytest.approx(math.log(2), abs=0.15)
    masked = speech.augmented(clean, bank, {"mask": 5}, random)
    hidden = np.flatnonzero(~masked.any(axis=0))
    assert len(hidden) <= 5 and (np.diff(hidden) == 1).all() and 39 not in hidden


def test_recordings_need_a_listener(tiny):
    dense = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="'tone_letters' holds recordings"):
        datasets.load("tone_letters", model=dense)
    with pytest.raises(ValueError, match="has colour, gain, .*Received: flip"):
        datasets.load("tone_letters", model=tiny, augment={"flip": True})
    other = kerazoo.create("deep_speech", tiny=True, alphabet=" abc", compile=False)
    other.filter_bank = FilterBank(16000, 20)
    with pytest.raises(ValueError, match="has 8000 samples a second.*hears 16000"):
        datasets.load("tone_letters", model=other)
    other.filter_bank = FilterBank(8000, 20)
    with pytest.raises(Exception, match="is not in the alphabet"):
        next(iter(datasets.load("tone_letters", model=other)))


def test_the_filter_bank_is_saved_with_the_model(tiny, tmp_path):
    datasets.load("tone_letters", model=tiny)
    recording = tones.play("ab cd", np.random.default_rng(0))
    tiny.save(tmp_path / "model.keras")
    loaded = kerazoo.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.hear(recording), tiny.hear(recording))
    assert loaded.alphabet == tiny.alphabet
    text = loaded.transcribe(recording)
    assert text == tiny.transcribe([recording, recording])[1]
    assert isinstance(loaded.transcribe(recording, beam_width=4), str)


@pytest.mark.skipif(not (REAL / "spoken_digit").is_dir(), reason="no spoken_digit")
def test_speakers_of_spoken_digit_are_held_out():
    import tensorflow_datasets as tfds

    source = datasets.find("spoken_digit", kerazoo.create("deep_speech", tiny=True))
    assert source.splits == ("train", "test")
    train, test = source.read("train"), source.read("test")
    assert (int(train.cardinality()), int(test.cardinality())) == (2000, 1000)
    recordings = {}
    for raw in tfds.load("spoken_digit", split="train").as_numpy_iterator():
        digit, speaker, _ = raw["audio/filename"].decode().split("_")
        recordings[raw["audio"].tobytes()] = speaker, int(digit)
    for split, data in (("train", train), ("test", test)):
        for recording, word in data.as_numpy_iterator():
            speaker, digit = recordings[recording["audio"].tobytes()]
            assert (speaker in speech._TEST_SPEAKERS["spoken_digit"]) == (
                split == "test"
            )
            assert word.decode() == speech._DIGITS[digit]
            assert recording["rate"] == 8000


def test_librispeech_by_code(monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setattr("kerazoo.datasets.tfds._check_online", lambda: None)
    model = kerazoo.deep_speech(features=41, units=8, compile=False)
    policy = tfds.testing.MockPolicy.USE_CODE
    with tfds.testing.mock_data(num_examples=3, policy=policy):
        source = datasets.find("librispeech", model)
        assert {"train", "validation", "test"} <= set(source.splits)
        for split in ("test", "train", "train[:2]"):
            recording, text = next(source.read(split).as_numpy_iterator())
            assert recording["rate"] == 16000 and recording["audio"].ndim == 1
            assert isinstance(text, bytes)


def test_a_transcript_is_drawn_above_its_spectrogram(tiny, tmp_path, monkeypatch):
    datasets.load("tone_letters", model=tiny)
    recording = tones.play("ab cd", np.random.default_rng(0))
    steps = 16 * -(-len(tiny.hear(recording)) // 32)
    probable = np.zeros((1, steps, 10), "float32")
    probable[..., 0] = 1
    for step, letter in ((5, 2), (6, 2), (9, 3), (20, 1), (30, 4)):
        probable[0, step, letter] = 2
    monkeypatch.setattr(tiny, "predict_on_batch", lambda batch: probable)
    figure = kerazoo.report.transcript(tiny, recording, tmp_path / "heard.png")
    assert (tmp_path / "heard.png").stat().st_size > 5000
    letters = [(t.get_text(), t.xy[0]) for t in figure.axes[0].texts]
    assert [letter for letter, _ in letters] == ["a", "b", "\u2423", "c"]
    assert [x for _, x in letters] == pytest.approx([0.11, 0.19, 0.41, 0.61])


def test_command_line(tiny, tmp_path, capsys):
    from scipy.io import wavfile

    from kerazoo import cli

    datasets.load("tone_letters", model=tiny)
    recording = tones.play("ab cd", np.random.default_rng(0))
    tiny.save(tmp_path / "model.keras")
    for name, rate in (("good.wav", tones.RATE), ("fast.wav", 16000)):
        wavfile.write(tmp_path / name, rate, recording)
    model, good, fast = (
        str(tmp_path / name) for name in ("model.keras", "good.wav", "fast.wav")
    )
    picture = tmp_path / "heard.png"
    command = ["transcribe", model, good, "--picture", str(picture)]
    assert cli.main(command) == 0
    assert capsys.readouterr().out == f"{good}: {tiny.transcribe(recording)}\n"
    assert picture.stat().st_size > 5000
    assert cli.main(["transcribe", model, fast]) == 1
    assert "16000 samples a second" in capsys.readouterr().err.replace("\n", " ")
