"""GPT-2: generation, tokenizers, texts, Hugging Face folders."""

import json
import math
import os
import pathlib
import random

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo import datasets, tokenizers
from kerazoo.datasets import little_language
from kerazoo.layers import CausalSelfAttention
from kerazoo.layers.attention import KeyValueCache, causal_mask
from kerazoo.layers.language_model import draw, keep_likely
from kerazoo.weights import translation
from kerazoo.zoo.language.gpt2 import gpt

REAL = pathlib.Path(os.environ.get("TFDS_DATA_DIR", ""))
SIZES = {
    "vocabulary_size": 13, "sequence_length": 24, "num_layers": 2, "num_heads": 2,
    "hidden_dim": 16, "dropout": 0.0,
}  # fmt: skip
TEXT = [3, 1, 4, 1, 5]


def randomized(model, seed=0):
    """No weight of the model stays zero or one."""
    noise = np.random.default_rng(seed)
    weights = [w + noise.normal(0, 0.4, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    return model


@pytest.fixture(scope="module")
def model():
    return randomized(kerazoo.gpt2(**SIZES))


def logits(model, ids):
    return keras.ops.convert_to_numpy(model(np.array([ids], "int32")))[0]


def recomputed(model, ids, count):
    """Greedy decoding without a cache."""
    ids = list(ids)
    for _ in range(count):
        ids.append(int(logits(model, ids)[-1].argmax()))
    return ids


# --- the network


def test_a_token_does_not_see_later_ones(model):
    before = logits(model, TEXT)
    after = logits(model, [*TEXT[:-1], 9])
    np.testing.assert_array_equal(before[:-1], after[:-1])
    assert np.abs(before[-1] - after[-1]).max() > 0.1


def test_any_length_up_to_the_context(model):
    assert logits(model, [1]).shape == (1, 13)
    assert logits(model, [1] * 24).shape == (24, 13)
    with pytest.raises(ValueError, match="24 positions"):
        logits(model, [1] * 25)


def test_logits_are_tied_to_the_embedding(model):
    names = [weight.path for weight in model.weights]
    assert sum("embedding" in name for name in names) == 2  # tokens and positions
    assert not any("logits" in name or "head" in name for name in names)


def test_initial_scale_of_the_residual_stream():
    deep = kerazoo.gpt2(**SIZES | {"num_layers": 8, "hidden_dim": 64})
    weights = {weight.path: keras.ops.std(weight) for weight in deep.weights}
    assert float(weights["block3_mlp1/kernel"]) == pytest.approx(0.02, rel=0.1)
    for path in ("block3_mlp2/kernel", "block3_attention/output/kernel"):
        assert float(weights[path]) == pytest.approx(0.02 / 4, rel=0.1)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="num_heads=3"):
        kerazoo.gpt2(**SIZES | {"num_heads": 3})


def test_band_of_attention():
    mask = keras.ops.convert_to_numpy(causal_mask(2, 6, start=3, window=2))
    assert mask.tolist() == [[0, 0, 1, 1, 0, 0], [0, 0, 0, 1, 1, 0]]
    local = CausalSelfAttention(2, window=3)
    x = np.random.default_rng(0).normal(size=(1, 9, 8)).astype("float32")
    changed = x.copy()
    changed[0, 2] += 1
    moved = np.abs(local(changed) - local(x))[0].max(-1) > 1e-6
    assert moved.tolist() == [i in (2, 3, 4) for i in range(9)]


def test_gpt3_is_banded_in_every_second_block():
    blocks = randomized(gpt(**SIZES, local_window=2))
    windows = [blocks.get_layer(f"block{i}_attention").window for i in (1, 2)]
    assert windows == [None, 2]
    assert blocks.generate(TEXT, 8).tolist() == recomputed(blocks, TEXT, 8)


def test_dropping_no_weight_changes_nothing():
    """Training with dropout takes another way to the same sums."""
    layer = CausalSelfAttention(2, dropout=1e-9, window=3)
    x = np.random.default_rng(0).normal(size=(2, 7, 8)).astype("float32")
    np.testing.assert_allclose(layer(x, training=True), layer(x), atol=1e-5)


# --- generation


def test_cached_logits_equal_those_of_the_whole_text(model):
    ids = np.array([TEXT + [9, 2, 6]], "int32")
    whole = keras.ops.convert_to_numpy(model(ids))
    states = KeyValueCache.empty(model, 1, 12).states
    for start, stop in ((0, 3), (3, 4), (4, 8)):
        with KeyValueCache(start, states) as cache:
            part = keras.ops.convert_to_numpy(model(ids[:, start:stop]))
        states = cache.states
        np.testing.assert_allclose(part, whole[:, start:stop], atol=1e-5)


def test_greedy_decoding_equals_recomputing(model):
    continued = model.generate(TEXT, 10)
    assert continued.dtype == "int32"
    assert continued.tolist() == recomputed(model, TEXT, 10)


def test_texts_of_different_lengths_do_not_disturb_each_other(model):
    texts = [TEXT, TEXT[:2], [7]]
    together = model.generate(texts, 6)
    assert [row.tolist() for row in together] == [
        recomputed(model, text, 6) for text in texts
    ]


def test_rows_of_one_length_come_as_an_array(model):
    texts = np.array([TEXT, TEXT[::-1]])
    assert model.generate(texts, 3).shape == (2, 8)


def test_a_full_context_goes_on_from_its_last_half(model):
    text = recomputed(model, TEXT, 19)
    assert len(text) == 24
    expected = text + recomputed(model, text[-12:], 6)[12:]
    assert model.generate(TEXT, 25).tolist() == expected
    long = [1] * 20 + TEXT * 2
    assert (
        model.generate(long, 2).tolist() == long + recomputed(model, long[-12:], 2)[12:]
    )


def test_a_stop_token_ends_a_text(model):
    free = recomputed(model, TEXT, 10)
    stop = free[7]
    end = free.index(stop, 5)
    stopped = model.generate([TEXT, [7]], 10, stop_token=stop)[0].tolist()
    assert stopped == free[:end] + [stop] * (15 - end)
    # In the prompt it ends nothing.
    assert (
        model.generate([stop, 2], 1, stop_token=stop)[-1]
        == (recomputed(model, [stop, 2], 1)[-1])
    )


def test_one_program_serves_many_prompts():
    model = randomized(kerazoo.gpt2(**SIZES))
    model.run_eagerly = False
    for text, count in ((TEXT, 10), (TEXT[:2], 7), (TEXT * 2, 4)):
        assert model.generate(text, count).tolist() == recomputed(model, text, count)
    assert len(model._programs) == 1
    if keras.backend.backend() == "tensorflow":
        (program,) = model._programs.values()
        assert program.experimental_get_tracing_count() == 1


def test_jax_generates_the_same(python, tmp_path):
    """Compiled, with weights that come from TensorFlow."""
    model = randomized(kerazoo.gpt2(**SIZES))
    model.save(tmp_path / "model.keras")
    code = f"""
import kerazoo
model = kerazoo.load({str(tmp_path / "model.keras")!r})
print([row.tolist() for row in model.generate([{TEXT}, [7]], 8)])
one = model.generate({TEXT}, 8, temperature=1.0, top_k=5, top_p=0.9, seed=3)
assert one.tolist() == model.generate(
    {TEXT}, 8, temperature=1.0, top_k=5, top_p=0.9, seed=3
).tolist()
"""
    printed = python("-c", code, KERAS_BACKEND="jax", JAX_PLATFORMS="cpu")
    expected = [row.tolist() for row in model.generate([TEXT, [7]], 8)]
    assert json.loads(printed) == expected


def test_writes_nothing_that_is_no_text(model, monkeypatch):
    abc = tokenizers.CharacterTokenizer("abc")
    monkeypatch.setattr(model, "tokenizer", abc, raising=False)
    for top_k in (None, 9):
        text = model.generate("a", 30, temperature=5.0, top_k=top_k, seed=0)
        assert len(text) == 31 and set(text) == set("abc")


def test_generates_in_half_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = randomized(kerazoo.gpt2(**SIZES))
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.output.dtype == "float32"
    assert model.generate(TEXT, 4).shape == (9,)


def likely(values, top_k=99, top_p=math.inf):
    kept = keep_likely(keras.ops.log([values]), top_k, top_p)
    return np.isfinite(keras.ops.convert_to_numpy(kept))[0].tolist()


def test_unlikely_tokens_are_not_drawn():
    values = [0.1, 0.4, 0.2, 0.3]
    assert likely(values) == [True] * 4
    assert likely(values, top_k=1) == [False, True, False, False]
    assert likely(values, top_k=3) == [False, True, True, True]
    # The fewest tokens that reach the share, the one that crosses it included.
    assert likely(values, top_p=0.39) == [False, True, False, False]
    assert likely(values, top_p=0.41) == [False, True, False, True]
    assert likely(values, top_p=0.95) == [True] * 4
    # Of the probability that top_k leaves: 4/7, 3/7.
    assert likely(values, top_k=2, top_p=0.5) == [False, True, False, False]


def test_draws_follow_the_probabilities():
    values = np.log([[0.1, 0.4, 1e-30, 0.5]])
    uniform = np.linspace(0, 1, 1000, endpoint=False, dtype="float32")
    tokens = draw(np.repeat(values, 1000, 0).astype("float32"), uniform)
    counts = np.bincount(keras.ops.convert_to_numpy(tokens), minlength=4)
    np.testing.assert_allclose(counts, [100, 400, 0, 500], atol=2)
    impossible = np.array([[-np.inf, 0.0, -np.inf]], "float32")
    for extreme in (0.0, 1 - 2**-24):
        chosen = draw(impossible, np.array([extreme], "float32"))
        assert keras.ops.convert_to_numpy(chosen).tolist() == [1]


def test_sampling(model):
    greedy = model.generate(TEXT, 10).tolist()
    drawn = {"temperature": 1.0, "seed": 0}
    assert model.generate(TEXT, 10, top_k=1, **drawn).tolist() == greedy
    assert model.generate(TEXT, 10, top_p=1e-6, **drawn).tolist() == greedy
    cold = model.generate(TEXT, 10, temperature=1e-4, seed=0).tolist()
    assert cold == greedy
    wild = model.generate([TEXT] * 4, 10, temperature=3.0, seed=0)
    again = model.generate([TEXT] * 4, 10, temperature=3.0, seed=0)
    other = model.generate([TEXT] * 4, 10, temperature=3.0, seed=1)
    assert (wild == again).all() and (wild != other).any()
    assert len({row.tobytes() for row in wild}) == 4


@pytest.mark.parametrize(
    ("prompt", "keywords", "message"),
    [
        ([], {}, "empty"),
        ([[1], []], {}, "empty"),
        ([13], {}, r"0\.\.12"),
        ([-1], {}, r"0\.\.12"),
        ([1.5], {}, "integers"),
        (TEXT, {"stop_token": 13}, "stop_token"),
        ("text", {}, "no tokenizer"),
        (TEXT, {"max_new_tokens": 0}, "max_new_tokens"),
        (TEXT, {"temperature": -1}, "temperature"),
        (TEXT, {"top_k": 5}, "temperature"),
        (TEXT, {"top_k": 0, "temperature": 1}, "top_k"),
        (TEXT, {"top_p": 0.0, "temperature": 1}, "top_p"),
    ],
)
def test_what_cannot_be_generated_is_refused(model, prompt, keywords, message):
    with pytest.raises(ValueError, match=message):
        model.generate(prompt, **{"max_new_tokens": 3, **keywords})


# --- tokenizers


def byte_pairs(folder):
    """A small tokenizer with GPT-2's files: bytes and four merges."""
    symbols = list(tokenizers._byte_symbols().values())
    merges = ["h e", "l l", "he ll", "Ġ hell"]
    tokens = [*symbols, *("".join(merge.split()) for merge in merges), "<|endoftext|>"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    text = "#version: 0.2\n" + "\n".join(merges) + "\n"
    (folder / "merges.txt").write_text(text, encoding="utf-8")
    return tokenizers.BytePairTokenizer.from_directory(folder)


ANYTHING = "Hello, hello world's  end…\n\n\tZürich 日本 ½ ² x1 'll\u00a0 <|endoftext|>é"


def test_tokenizers_lose_nothing(tmp_path):
    for tokenizer in (
        tokenizers.ByteTokenizer(),
        tokenizers.CharacterTokenizer.of(ANYTHING),
        byte_pairs(tmp_path),
    ):
        ids = tokenizer.encode(ANYTHING)
        assert tokenizer.decode(ids) == ANYTHING
        assert 0 <= min(ids) <= max(ids) < tokenizer.vocabulary_size
        config = json.dumps(keras.saving.serialize_keras_object(tokenizer))
        again = keras.saving.deserialize_keras_object(json.loads(config))
        assert again.encode(ANYTHING) == ids
        assert tokenizer.encode("") == [] and tokenizer.decode([]) == ""


def test_byte_pairs_merge_in_their_order(tmp_path):
    tokenizer = byte_pairs(tmp_path)
    read = {index: token for token, index in tokenizer.vocabulary.items()}
    assert [read[i] for i in tokenizer.encode("hello hello shell")] == (
        ["hell", "o", "Ġhell", "o", "Ġ", "s", "hell"]
    )
    assert tokenizer.end_token == tokenizer.vocabulary_size - 1
    assert tokenizer.encode("he<|endoftext|>") == [256, tokenizer.end_token]


def test_words_are_those_of_gpt2():
    r"""Those of `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|...`."""
    text = "It's  2nd³½ o'clock,\n\n  they'LL've— naïve\u3000日本 x\x85"
    classes = text.translate(tokenizers._Classes())
    words = [text[m.start() : m.end()] for m in tokenizers._WORDS.finditer(classes)]
    assert words == [
        "It", "'s", " ", " 2", "nd", "³½", " o", "'", "clock", ",", "\n\n ", " they",
        "'", "LL", "'ve", "—", " naïve", "\u3000", "日本", " x", "\x85",
    ]  # fmt: skip


def test_characters_outside_the_alphabet_are_named():
    with pytest.raises(ValueError, match="'z'"):
        tokenizers.CharacterTokenizer("abc").encode("az")
    with pytest.raises(ValueError, match="different"):
        tokenizers.CharacterTokenizer("aba")


# --- texts


def test_entropy_of_the_little_language():
    class Counting(random.Random):
        nats = 0.0

        def choice(self, alternatives):
            self.nats += math.log(len(alternatives))
            return super().choice(alternatives)

    chance, characters = Counting(0), 0
    for _ in range(5000):
        sentence = little_language._draw("SENTENCE", chance)
        characters += len(little_language._written(sentence)) + 1
    assert chance.nats / characters == pytest.approx(
        little_language.entropy(), rel=0.01
    )
    about = datasets.EMBEDDED["little_language"].about
    assert f"{little_language.entropy():.2f} nats" in about


def test_windows_of_a_text():
    model = kerazoo.create("gpt2_nano", tiny=True)
    test = datasets.load("little_language", "test", model=model, batch_size=7)
    text = str(little_language.little_language("test")[0])
    assert model.tokenizer.characters == "".join(sorted(set(text) | {"\n"}))
    batches = list(test.as_numpy_iterator())
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    assert len(x) == (len(text) - 1) // 64
    assert model.tokenizer.decode(x.ravel()) == text[: x.size]
    assert model.tokenizer.decode(y.ravel()) == text[1 : 1 + x.size]


def test_shuffled_windows_come_from_anywhere():
    model = kerazoo.create("gpt2_nano", tiny=True)

    def epochs(seed):
        batches = datasets.load(
            "little_language", model=model, batch_size=32, seed=seed
        ).take(1)
        return [next(batches.as_numpy_iterator())[0] for _ in range(2)]

    first, second = epochs(0)
    assert (first != second).any()
    assert (epochs(0)[0] == first).all() and (epochs(1)[0] != first).any()
    text = str(little_language.little_language("train")[0])
    assert all(model.tokenizer.decode(row) in text for row in first)


def test_texts_that_do_not_fit_are_refused():
    small = kerazoo.gpt2_nano(**SIZES)
    with pytest.raises(ValueError, match="vocabulary_size=2"):
        datasets.load("little_language", model=small)
    long = kerazoo.gpt2_nano(**SIZES | {"vocabulary_size": 65})
    long.tokenizer = tokenizers.CharacterTokenizer("ab")
    with pytest.raises(ValueError, match="alphabet"):
        datasets.load("little_language", model=long)


@pytest.mark.skipif(
    not (REAL / "tiny_shakespeare").is_dir(), reason="no tiny_shakespeare"
)
def test_tiny_shakespeare():
    model = kerazoo.create("gpt2_nano", tiny=True)
    validation = datasets.load("tiny_shakespeare", "validation", model=model)
    assert model.tokenizer.vocabulary_size == 65
    x, _ = next(iter(validation))
    assert "\n" in model.tokenizer.decode(np.ravel(x).tolist())


def test_saved_models_write_the_same(tmp_path):
    model = kerazoo.create("gpt2_nano", tiny=True)
    kerazoo.fit(model, "little_language", epochs=1, steps_per_epoch=2, verbose=0)
    before = model.generate("the old ", 12)
    assert before.startswith("the old ") and len(before) == 20
    model.save(tmp_path / "model.keras")
    loaded = kerazoo.load(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert loaded.generate(["the old "], 12) == [before]


# --- Hugging Face folders


def folder(path, model, prefix="", drop=(), **config):
    """Writes a model as a Hugging Face folder."""
    numpy = pytest.importorskip("safetensors.numpy")
    layout = translation.get_layout(model, "huggingface")
    tensors = {
        prefix + source.tensor: keras.ops.convert_to_numpy(source.weight)
        for source in translation.sources(model, layout)
        if source.tensor not in drop
    }
    tensors[f"{prefix}h.0.attn.bias"] = np.ones((1, 1, 24, 24), "float32")
    numpy.save_file(tensors, path / "model.safetensors")
    usual = {
        "n_head": 2, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5
    }  # fmt: skip
    (path / "config.json").write_text(json.dumps(usual | config))
    return path


@pytest.mark.parametrize("prefix", ["", "transformer."])
def test_folders_are_loaded(model, tmp_path, prefix):
    byte_pairs(tmp_path)
    loaded = kerazoo.gpt2(**SIZES, weights=folder(tmp_path, model, prefix))
    for ours, theirs in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert loaded.tokenizer.vocabulary_size == 261


def test_folders_that_do_not_fit_are_refused(model, tmp_path):
    with pytest.raises(ValueError, match="config.json"):
        kerazoo.gpt2(**SIZES, weights=tmp_path)
    for config in ({"n_head": 4}, {"activation_function": "gelu"}):
        path = folder(tmp_path, model, **config)
        with pytest.raises(ValueError, match=next(iter(config))):
            kerazoo.gpt2(**SIZES, weights=path)
    path = folder(tmp_path, model, drop=["h.1.ln_2.bias"])
    with pytest.raises(ValueError, match=r"1 missing \(h.1.ln_2.bias\)"):
        kerazoo.gpt2(**SIZES, weights=path)
    with pytest.raises(ValueError, match="1 left over"):
        one = kerazoo.gpt2(**SIZES | {"num_layers": 1}, compile=False)
        folder(tmp_path, model, drop=[f"h.1.{part}" for part in _rest(model)])
        kerazoo.weights.load(one, tmp_path)
    with pytest.raises(ValueError, match="no key map"):
        kerazoo.gpt2_nano(**SIZES, weights=tmp_path)


def _rest(model):
    """Tensors of the second block but one."""
    layout = translation.get_layout(model, "huggingface")
    names = [source.tensor for source in translation.sources(model, layout)]
    second = [name.removeprefix("h.1.") for name in names if name.startswith("h.1.")]
    return second[1:]
