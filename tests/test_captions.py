"""Images to captions: words as tokens, batches, decoding against brute force, BLEU."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerazoo
from kerazoo import datasets, inspection
from kerazoo.datasets import captions
from kerazoo.tokenizers import MarkedTokenizer, WordTokenizer


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def small(**config):
    keras.utils.set_random_seed(0)
    model = kerazoo.create("show_and_tell", tiny=True, **config)
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    return model


def images(count, seed=0):
    shape = count, 64, 64, 3
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# --- the data


def test_captions_tell_the_scene():
    x, y = datasets.EMBEDDED["shapes/captions"].load("test")
    assert x.shape == (400, 64, 64, 3) and y.shape == (400, 1)
    words = {word for caption in y[:, 0] for word in caption.split()}
    assert len(words) == 1 + 6 + 3 + 5
    assert "a red circle in the sky" in y and "a blue square on the ground" in y
    counts = np.unique(y, return_counts=True)[1]
    assert len(counts) == 36 and counts.max() < 30


def source(texts, image=None):
    image = np.zeros((64, 64, 3), "uint8") if image is None else image
    texts = tf.ragged.constant(texts)
    data = tf.data.Dataset.from_tensor_slices(texts)
    data = data.map(lambda row: (tf.constant(image), row))
    return datasets.Source(
        "test", "captions", None, ("train",), image.shape, lambda split: data
    )


def batch(model, source, **changes):
    settings = {
        "preprocess": {"std": 1.0}, "augment": {}, "batch_size": 64, "shuffle": False,
        "seed": 0, "drop_remainder": False,
    }  # fmt: skip
    batches = captions.batches(
        source.read("train"), source, model, **{**settings, **changes}
    )
    (x, y), = batches.as_numpy_iterator()  # fmt: skip
    return x, y


def test_next_words_follow_the_words():
    model = small(compile=False)
    x, y = batch(
        model, source([["A red cat.", "one, two"], [" ".join("abcdefghijkl")]])
    )
    decode = model.tokenizer.decode
    assert x["tokens"].shape == y.shape == (3, 10) and x["images"].shape[0] == 3
    assert (x["tokens"][:, 0] == 1).all()
    np.testing.assert_array_equal(x["tokens"][:, 1:], y[:, :-1])
    assert [decode(row) for row in y] == ["a red cat", "one two", "a b c d e f g h i j"]
    assert y[1].tolist()[2:] == [2] + [0] * 7  # the end, then padding


def test_shuffled_an_image_has_one_of_its_captions():
    model = small(compile=False)
    texts = source([["red", "green", "blue"]] * 60)
    _, y = batch(model, texts, shuffle=True)
    counts = np.unique(y[:, 0], return_counts=True)[1]
    assert len(y) == 60 and len(counts) == 3 and counts.min() > 8
    np.testing.assert_array_equal(y, batch(model, texts, shuffle=True)[1])


def test_images_are_fitted():
    image = np.full((20, 30, 1), 200, "uint8")
    x, _ = batch(small(compile=False), source([["grey"]], image))
    assert x["images"].shape == (1, 64, 64, 3) and (x["images"] == 200).all()


def test_a_model_keeps_its_words():
    model = small(compile=False)
    model.tokenizer = MarkedTokenizer(WordTokenizer(["red"]))
    _, y = batch(model, source([["red cat"]]))
    assert y[0, :3].tolist() == [4, 3, 2]
    model.tokenizer = MarkedTokenizer(WordTokenizer(map(str, range(99))))
    with pytest.raises(ValueError, match="103 tokens.*knows 32.*vocabulary_size=103"):
        batch(model, source([["red cat"]]))


def test_captions_need_a_model_that_writes():
    classifier = kerazoo.create("lenet5", tiny=True, compile=False)
    with pytest.raises(ValueError, match="does not take images and tokens"):
        datasets.load("shapes/captions", model=classifier)


def test_coco_captions_by_name(monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setattr("kerazoo.datasets.tfds._check_online", lambda: None)
    policy = tfds.testing.MockPolicy.USE_CODE
    model = small(compile=False)
    with tfds.testing.mock_data(num_examples=3, policy=policy):
        found = datasets.find("coco_captions", model)
        assert (found.kind, found.classes) == ("captions", None)
        found = dataclasses.replace(found, splits=("train",))
        x, y = next(iter(datasets.batches(found, "train", model)))
    assert x["images"].shape == (3, 64, 64, 3) and y.shape == (3, 10)


def test_words():
    tokenizer = WordTokenizer.train(["The cat's hat!", "a cat, the hat", "the end"], 4)
    assert tokenizer.words == ["the", "hat", "a"] and tokenizer.vocabulary_size == 4
    assert tokenizer.encode("THE hat-box, a hat") == [1, 0, 3, 2]
    assert tokenizer.decode([1, 0]) == "the <unknown>"
    again = WordTokenizer.from_config(tokenizer.get_config())
    assert again.encode("a hat") == tokenizer.encode("a hat")
    with pytest.raises(ValueError, match="different"):
        WordTokenizer(["a", "a"])


# --- decoding


def log_probabilities(model, image, rows):
    """Of the next tokens after each begin, by the whole network."""
    length = model.given["tokens"].shape[1]
    tokens = np.zeros((len(rows), length), "int32")
    for line, row in zip(tokens, rows, strict=True):
        line[: len(row) + 1] = [1, *row]
    inputs = {"images": np.repeat(image[None], len(rows), 0), "tokens": tokens}
    logits = array(model(inputs, training=False))
    logits = np.stack([line[len(row)] for line, row in zip(logits, rows, strict=True)])
    logits[:, :2] = -np.inf  # neither padding nor start are written
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def test_greedy_captions_are_the_networks():
    model, x = small(), 3 * images(3)
    found = model.caption(x, beam_width=1, batch_size=2)
    for image, caption in zip(x, found, strict=True):
        row = []
        while len(row) < 10:
            row.append(int(log_probabilities(model, image, [row])[0].argmax()))
            if row[-1] == 2:
                break
        assert caption.tolist() == [token for token in row if token != 2]


def test_a_wide_beam_finds_the_most_probable_caption():
    model, x = small(vocabulary_size=5, sequence_length=3), images(1)
    model.get_layer("logits").kernel.assign(
        20 * np.random.default_rng(1).normal(size=(48, 5))
    )
    rows = [
        [*words, 2][:3]
        for length in range(4)
        for words in itertools.product((3, 4), repeat=length)
    ]
    begins = sorted({tuple(row[:n]) for row in rows for n in range(len(row))})
    known = dict(zip(begins, log_probabilities(model, x[0], begins), strict=True))
    scores = {
        tuple(row): sum(known[tuple(row[:n])][token] for n, token in enumerate(row))
        for row in rows
    }
    assert np.exp(list(scores.values())).sum() == pytest.approx(1, rel=1e-4)
    best = [token for token in max(scores, key=scores.get) if token != 2]
    assert model.caption(x, beam_width=10)[0].tolist() == best


def test_the_decoder_agrees_with_torch():
    torch = pytest.importorskip("torch")
    model = small()
    embedding = keras.Model(model.given["images"], model.get_layer("image_first").input)
    kernel, recurrent, bias = map(array, model.get_layer("lstm").weights)
    lstm = torch.nn.LSTM(48, 48, batch_first=True)
    state = {"weight_ih_l0": kernel.T, "weight_hh_l0": recurrent.T, "bias_ih_l0": bias}
    state = {key: torch.tensor(value.copy()) for key, value in state.items()}
    lstm.load_state_dict({**state, "bias_hh_l0": torch.zeros(192)})
    x, tokens = images(2), np.array([[1, 5, 6, 7, 0, 0, 0, 0, 0, 0]] * 2, "int32")
    words = array(model.get_layer("word_embedding").embeddings)[tokens]
    sequence = np.concatenate([array(embedding(x))[:, None], words], axis=1)
    with torch.no_grad():
        hidden = lstm(torch.tensor(sequence))[0].numpy()[:, 1:]
    weights, bias = map(array, model.get_layer("logits").weights)
    ours = array(model({"images": x, "tokens": tokens}, training=False))
    np.testing.assert_allclose(ours, hidden @ weights + bias, rtol=1e-4, atol=1e-5)


def test_caption_refuses():
    model = small(compile=False)
    with pytest.raises(ValueError, match=r"\(n, 64, 64, 3\).*\(64, 64, 3\)"):
        model.caption(images(1)[0])
    with pytest.raises(ValueError, match="`beam_width`.*0"):
        model.caption(images(1), beam_width=0)
    with pytest.raises(ValueError, match="`length_penalty`.*-1"):
        model.caption(images(1), length_penalty=-1)


# --- the network


def test_a_frozen_encoder_stays():
    model = small(train_encoder=False)
    encoder = model.get_layer("encoder")
    before = [array(v) for v in encoder.variables]
    x = {"images": images(4), "tokens": np.ones((4, 10), "int32")}
    model.train_on_batch(x, np.full((4, 10), 5))
    for old, new in zip(before, encoder.variables, strict=True):
        np.testing.assert_array_equal(old, array(new))
    names = {v.path.split("/")[0] for v in model.trainable_variables}
    head = {"image_embedding", "image_embedding_bn"}
    assert names == head | {"word_embedding", "lstm", "logits"}


def test_the_decoder_has_the_released_codes_size():
    model = inspection.skeleton(
        "show_and_tell", image_shape=(299, 299, 3), encoder="inception_v3"
    )
    image, words, hidden = 2048 * 512, 12000 * 512, 4 * (1024 * 512 + 512)
    trainable = inspection.parameters(model)[0]
    assert trainable == image + words + hidden + 512 * 12000 + 12000


def test_evaluation_gives_bleu_against_all_captions_of_an_image(monkeypatch):
    model = small()
    model.tokenizer = MarkedTokenizer(WordTokenizer("a b c d e f".split()))
    rows = [model.tokenizer.encode(text) + [2] for text in ("a b c d", "c d e f", "b")]
    y = np.zeros((3, 10), "int32")
    for line, row in zip(y, rows, strict=True):
        line[: len(row)] = row
    x = images(3)
    x[1] = x[0]  # one image with two captions
    asked = []

    def caption(images, **options):
        asked.append(len(images))
        return ["c d e f", "b"]

    monkeypatch.setattr(model, "caption", caption)
    inputs = {"images": x, "tokens": np.roll(y, 1, axis=1)}
    result = model.evaluate(inputs, y, verbose=0, return_dict=True)
    assert asked == [2] and result["bleu"] == 1 and 0 <= result["accuracy"] <= 1


def test_a_saved_model_writes_the_same(tmp_path):
    model, x = small(), images(2)
    model.tokenizer = MarkedTokenizer(WordTokenizer("a b c d e f".split()))
    model.save(tmp_path / "model.keras")
    loaded = kerazoo.load(tmp_path / "model.keras")
    loaded.run_eagerly = model.run_eagerly
    texts = model.caption(x, beam_width=1)
    assert loaded.caption(x, beam_width=1) == texts
    assert all(isinstance(text, str) for text in texts)


def test_pictures_show_captions(tmp_path):
    model = small()
    datasets.load("shapes/captions", model=model)
    figure = kerazoo.report.answers(
        model, "shapes/captions", tmp_path / "answers.png", n=2
    )
    assert len(figure.axes) == 4 and (tmp_path / "answers.png").stat().st_size > 1000
    figure = kerazoo.report.captioned(images(3), ["a", "b", "a cat " * 9])
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[:2] == ["a", "b"] and "\n" in titles[2]
    classifier = kerazoo.create("lenet5", tiny=True, compile=False)
    with pytest.raises(ValueError, match="neither captions"):
        kerazoo.report.answers(classifier, "digits")
