"""The Transformer: its blocks, decoding, and the data of translation."""

import collections
import dataclasses
import functools
import json
import re

import keras
import numpy as np
import pytest
from keras import ops

import kerazoo
from kerazoo import datasets
from kerazoo.bleu import bleu
from kerazoo.cli import main
from kerazoo.datasets import little_german
from kerazoo.layers.attention import DotProductAttention, SinusoidalPositions
from kerazoo.layers.beam_search import beam_search
from kerazoo.layers.masked import MaskedAccuracy, MaskedCrossentropy
from kerazoo.layers.translator import END, PADDING, START
from kerazoo.tokenizers import (
    BytePairTokenizer,
    CharacterTokenizer,
    MarkedTokenizer,
)

SIZES = {
    "vocabulary_size": 13, "sequence_length": 16, "num_layers": 2, "num_heads": 2,
    "hidden_dim": 16, "intermediate_dim": 24, "dropout": 0.0,
}  # fmt: skip
TEXT = [3, 11, 4, 11, 5]


def randomized(model, seed=0):
    """No weight of the model stays zero or one."""
    noise = np.random.default_rng(seed)
    weights = [w + noise.normal(0, 0.3, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    return model


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return randomized(kerazoo.transformer(**SIZES))


def array(tensor):
    return ops.convert_to_numpy(tensor)


def logits(model, source, target):
    inputs = [np.array([row], "int32") for row in (source, target)]
    return array(model(inputs, training=False))[0]


# --- the network


def test_a_target_token_sees_no_later_one_and_all_of_the_source(model):
    before = logits(model, TEXT, [1, 7, 8, 9])
    after = logits(model, TEXT, [1, 7, 8, 3])
    np.testing.assert_allclose(before[:-1], after[:-1], atol=1e-6)
    assert np.abs(before[-1] - after[-1]).max() > 0.01
    other = logits(model, [*TEXT[:-1], 6], [1, 7, 8, 9])
    assert (np.abs(before - other).max(axis=-1) > 1e-3).all()


def test_padding_of_the_source_is_not_seen(model):
    padded = logits(model, [*TEXT, 0, 0, 0], [1, 7, 8])
    np.testing.assert_allclose(padded, logits(model, TEXT, [1, 7, 8]), atol=1e-5)


def test_texts_of_any_length(model):
    assert logits(model, [3] * 40, [1] * 21).shape == (21, 13)


def test_one_matrix_for_both_texts_and_the_logits(model):
    large = [w.path for w in model.weights if w.shape[0] == 13]
    assert large == ["embedding/embeddings"]


def test_refuses_widths_that_heads_cannot_share():
    with pytest.raises(ValueError, match="num_heads=3"):
        kerazoo.transformer(**SIZES | {"num_heads": 3})
    with pytest.raises(ValueError, match="even"):
        kerazoo.transformer(**SIZES | {"num_heads": 1, "hidden_dim": 15})
    with pytest.raises(ValueError, match="num_heads=3"):
        DotProductAttention(3)(*np.ones((3, 1, 2, 8), "float32"))


def test_sines_and_cosines_of_the_position():
    waves = array(SinusoidalPositions()(np.zeros((1, 50, 6), "float32")))[0]
    for position in (0, 1, 49):
        for i in range(3):
            angle = position / 10_000 ** (2 * i / 6)
            expected = np.sin(angle), np.cos(angle)
            assert waves[position, 2 * i : 2 * i + 2] == pytest.approx(
                expected, abs=1e-5
            )


def test_equal_to_torch():
    """torch.nn.Transformer with the same weights, without its two last norms."""
    torch = pytest.importorskip("torch")
    model = randomized(kerazoo.transformer(**SIZES))
    sizes = (16, 2, 24, 0.0)
    options = {"batch_first": True, "layer_norm_eps": 1e-6}
    encoder = torch.nn.TransformerEncoder(
        torch.nn.TransformerEncoderLayer(*sizes, **options), 2,
        enable_nested_tensor=False,
    )  # fmt: skip
    decoder = torch.nn.TransformerDecoder(
        torch.nn.TransformerDecoderLayer(*sizes, **options), 2
    )
    peer = torch.nn.Transformer(
        16, 2, custom_encoder=encoder, custom_decoder=decoder, batch_first=True
    ).eval()

    def weight(path):
        (found,) = [w for w in model.weights if w.path == path]
        return torch.tensor(array(found))

    def dense(name):
        return weight(f"{name}/kernel").T, weight(f"{name}/bias")

    state = {}
    for side, attentions in (("encoder", ["self"]), ("decoder", ["self", "memory"])):
        for index in range(2):
            ours, theirs = f"{side}{index + 1}", f"{side}.layers.{index}"
            for kind in attentions:
                to = {"self": "self_attn", "memory": "multihead_attn"}[kind]
                parts = [
                    dense(f"{ours}_{kind}_{what}")
                    for what in ("queries", "keys", "values")
                ]
                packed = map(torch.cat, zip(*parts, strict=True))
                names = f"{theirs}.{to}.in_proj_weight", f"{theirs}.{to}.in_proj_bias"
                state |= dict(zip(names, packed, strict=True))
                names = f"{theirs}.{to}.out_proj.weight", f"{theirs}.{to}.out_proj.bias"
                state |= dict(zip(names, dense(f"{ours}_{kind}_output"), strict=True))
            for number in (1, 2):
                linear = f"{theirs}.linear{number}"
                values = dense(f"{ours}_feed_forward_{number}")
                state |= dict(
                    zip((f"{linear}.weight", f"{linear}.bias"), values, strict=True)
                )
            for number, kind in enumerate([*attentions, "feed_forward"], 1):
                norm = f"{ours}_{kind}_norm"
                state[f"{theirs}.norm{number}.weight"] = weight(f"{norm}/gamma")
                state[f"{theirs}.norm{number}.bias"] = weight(f"{norm}/beta")
    peer.load_state_dict(state, strict=True)

    random = np.random.default_rng(1)
    source, target = random.integers(3, 13, (2, 4, 9))
    source[0, 5:] = source[2, 8:] = PADDING
    embeddings = array(weight("embedding/embeddings"))

    def embedded(tokens):
        x = np.float32(embeddings[tokens] * 16**0.5)
        return torch.tensor(array(SinusoidalPositions()(x)))

    padding = torch.tensor(source == PADDING)
    with torch.no_grad():
        expected = peer(
            embedded(source), embedded(target),
            tgt_mask=torch.nn.Transformer.generate_square_subsequent_mask(9),
            src_key_padding_mask=padding, memory_key_padding_mask=padding,
        )  # fmt: skip
    found = array(model([np.int32(source), np.int32(target)]))
    expected = expected.numpy() @ embeddings.T
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


# --- loss and accuracy


def test_smoothed_loss_is_that_of_smoothed_targets():
    random = np.random.default_rng(0)
    targets = random.integers(1, 7, (3, 5))
    targets[0, 3:] = targets[1, 1:] = PADDING
    scores = random.normal(0, 3, (3, 5, 7)).astype("float32")
    is_token = targets != PADDING
    for share in (0.0, 0.1):
        reference = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=share
        )(np.eye(7)[targets[is_token]], scores[is_token])
        loss = MaskedCrossentropy(label_smoothing=share)
        assert float(loss(targets, scores)) == pytest.approx(float(reference), rel=1e-5)
    again = MaskedCrossentropy.from_config(loss.get_config())
    assert float(again(targets, scores)) == float(loss(targets, scores))
    assert float(loss(np.zeros((2, 3)), scores[:2, :3])) == 0.0


def test_accuracy_leaves_padding_out():
    metric = MaskedAccuracy()
    scores = np.eye(4, dtype="float32")[np.array([[1, 2, 0, 0], [3, 3, 3, 3]])]
    metric.update_state(np.array([[1, 3, 0, 0], [3, 3, 3, 0]]), scores)
    assert float(metric.result()) == pytest.approx(4 / 5)
    assert metric.name == "accuracy"
    assert MaskedAccuracy.from_config(metric.get_config()).padding == PADDING


# --- translating


def recomputed(model, source, beam_width, length_penalty, extra):
    """The search without caches: all is computed again at each token."""
    source = [*source, END]
    room = max(16, 1 << (len(source) - 1).bit_length())
    length = room + extra
    never = np.where(np.arange(13) < END, -np.inf, 0.0).astype("float32")
    only_end = np.where(np.arange(13) != END, -np.inf, 0.0).astype("float32")

    def step(position, tokens, states):
        states = array(states["written"]).copy()
        states[:, int(position)] = array(tokens)
        sources = np.repeat([source], len(states), axis=0).astype("int32")
        found = model([sources, states[:, : int(position) + 1]], training=False)
        within = int(position) < len(source) - 1 + extra
        found = found[:, -1] + never if within else found[:, -1] * 0 + only_end
        return found, {"written": ops.convert_to_tensor(states)}

    found, scores = beam_search(
        step, {"written": ops.zeros((1, length), "int32")}, start_token=START,
        stop_token=END, max_length=length, beam_width=beam_width,
        length_penalty=length_penalty,
    )  # fmt: skip
    row = array(found)[0, 0].tolist()
    return row[: row.index(END)] if END in row else row


@pytest.mark.parametrize("beam_width", [1, 3])
def test_translating_equals_recomputing(model, beam_width):
    for text in (TEXT, [9]):
        found = model.translate(
            text, beam_width=beam_width, length_penalty=0.6, max_extra_tokens=2
        )
        assert found.dtype == "int32"
        penalty = 0.6 if beam_width > 1 else 0.0
        assert found.tolist() == recomputed(model, text, beam_width, penalty, extra=2)


def test_texts_do_not_disturb_each_other(model):
    texts = [TEXT, [7], [*range(3, 13)] * 2, [3, 4]]
    options = {"beam_width": 2, "max_extra_tokens": 1, "batch_size": 3}
    alone = [model.translate(text, **options).tolist() for text in texts]
    together = model.translate(texts, **options)
    assert [row.tolist() for row in together] == alone


def test_marks_are_never_written(model):
    written = np.concatenate(model.translate([TEXT, [7], [8, 8]], max_extra_tokens=2))
    assert written.min() > END


def test_strings_come_as_they_were_given(tmp_path, capsys):
    model = randomized(kerazoo.transformer(**SIZES))
    model.tokenizer = MarkedTokenizer(CharacterTokenizer("abcdefgh"))  # 11 of 13 ids
    one = model.translate("abba", max_extra_tokens=1)
    assert isinstance(one, str) and set(one) <= set("abcdefgh")
    assert model.translate(["abba", "c"], max_extra_tokens=1)[0] == one
    model.save(tmp_path / "model.keras")
    loaded = kerazoo.load(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    loaded.run_eagerly = model.run_eagerly
    assert loaded.translate("abba", max_extra_tokens=1) == one
    assert main(["translate", str(tmp_path / "model.keras"), "abba", "c"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["translate", "mcculloch_pitts", "abba"]) == 1
    assert "does not translate" in capsys.readouterr().err


def test_translate_says_what_is_wrong(model):
    for keywords, message in (
        ({"beam_width": 0}, "`beam_width` must be a positive integer. Received: 0"),
        ({"batch_size": 2.5}, "`batch_size` must be a positive"),
        ({"max_extra_tokens": -1}, "`max_extra_tokens` must be a positive"),
        ({"length_penalty": -1}, "`length_penalty` must not be negative"),
    ):
        with pytest.raises(ValueError, match=message):
            model.translate(TEXT, **keywords)
    with pytest.raises(ValueError, match="no tokenizer"):
        model.translate("abc")
    with pytest.raises(ValueError, match=r"integers in 0\.\.12"):
        model.translate([13])
    with pytest.raises(ValueError, match="no text may be empty"):
        model.translate([TEXT, []])


def test_jax_translates_the_same(python, tmp_path):
    """Compiled, with weights that come from this backend."""
    model = randomized(kerazoo.transformer(**SIZES))
    model.save(tmp_path / "model.keras")
    code = f"""
import kerazoo
model = kerazoo.load({str(tmp_path / "model.keras")!r})
rows = model.translate([{TEXT}, [7]], beam_width=3, max_extra_tokens=2)
print([row.tolist() for row in rows])
"""
    printed = python("-c", code, KERAS_BACKEND="jax", JAX_PLATFORMS="cpu")
    rows = model.translate([TEXT, [7]], beam_width=3, max_extra_tokens=2)
    assert json.loads(printed) == [row.tolist() for row in rows]


# --- tokenizers


def test_marks_stand_in_front():
    tokenizer = MarkedTokenizer(CharacterTokenizer("abc"))
    assert tokenizer.encode("cab") == [5, 3, 4] and tokenizer.vocabulary_size == 6
    assert tokenizer.decode([START, 5, 3, 4, END, PADDING, PADDING]) == "cab"
    config = json.dumps(keras.saving.serialize_keras_object(tokenizer))
    again = keras.saving.deserialize_keras_object(json.loads(config))
    assert again.encode("cab") == [5, 3, 4]


def slowly_trained(text, vocabulary_size):
    """Merges by counting all pairs again after each of them."""
    words = collections.Counter(re.findall(" ?[a-z]+", text))
    words = {word: list(word.replace(" ", "Ġ")) for word in words}, words
    merges = []
    while len(merges) + 256 < vocabulary_size:
        pairs = collections.Counter()
        for word, symbols in words[0].items():
            for pair in zip(symbols, symbols[1:], strict=False):
                pairs[pair] += words[1][word]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(" ".join(best))
        for symbols in words[0].values():
            index = 0
            while index < len(symbols) - 1:
                if (symbols[index], symbols[index + 1]) == best:
                    symbols[index : index + 2] = ["".join(best)]
                index += 1
    return merges


def test_byte_pairs_are_learned_by_their_frequency():
    """The dictionary of Sennrich et al., 2016, algorithm 1."""
    text = " low" * 5 + " lower" * 2 + " newest" * 6 + " widest" * 3
    tokenizer = BytePairTokenizer.train([text], 256 + 10)
    assert tokenizer.merges[:4] == ["e s", "es t", "l o", "lo w"]
    assert tokenizer.merges == slowly_trained(text, 256 + 10)
    assert tokenizer.decode(tokenizer.encode("the lowest, Zürich")) == (
        "the lowest, Zürich"
    )
    with pytest.raises(ValueError, match="at least 256"):
        BytePairTokenizer.train([text], 100)


def test_byte_pairs_of_a_longer_text():
    random = np.random.default_rng(0)
    letters = random.choice([*"aab "], 3000)
    text = " " + re.sub(" +", " ", "".join(letters))
    assert BytePairTokenizer.train([text], 330).merges == slowly_trained(text, 330)
    everything = BytePairTokenizer.train([" ab ab"], 1000)
    assert everything.vocabulary_size == 258  # no neighbours are left


# --- data


def tiny(**config):
    return kerazoo.create("transformer", tiny=True, **config)


def test_german_follows_the_english():
    """Agreement and order, on sentences that a German speaker has read."""
    pairs = dict(little_german._pairs())
    for english, german in {
        "the woman has known a happy mouse.":
            "die Frau hat eine fröhliche Maus gekannt.",
        "often a girl has carried a little queen that finds an old girl.":
            "oft hat ein Mädchen eine kleine Königin, die ein altes Mädchen findet, "
            "getragen.",
        "here the red man finds every old child.":
            "hier findet der rote Mann jedes alte Kind.",
        "often the old queen has known the red bird that has found every old dog.":
            "oft hat die alte Königin den roten Vogel, der jeden alten Hund gefunden "
            "hat, gekannt.",
        "a girl that has heard every ship sees the girl that will find every mouse.":
            "ein Mädchen, das jedes Schiff gehört hat, sieht das Mädchen, das jede "
            "Maus finden wird.",
    }.items():  # fmt: skip
        assert pairs[english] == german


def test_test_sentences_are_new():
    train, test = map(little_german.little_german, ("train", "test"))
    assert (len(train["en"]), len(test["en"])) == (5000, 500)
    assert not {*train["en"]} & {*test["en"]}
    assert len({*train["de"]} | {*test["de"]}) == 5500  # nothing is ambiguous


def test_batches_of_pairs():
    model = tiny()
    test = datasets.load("little_german", "test", model=model, batch_size=64)
    decode = model.tokenizer.decode
    assert model.tokenizer.vocabulary_size <= 512
    batches = list(test.as_numpy_iterator())
    assert len(batches) == int(test.cardinality())
    pairs, rooms = [], []
    for (source, target), following in batches:
        assert source.shape == target.shape == following.shape
        assert source.dtype == target.dtype == following.dtype == np.int32
        rooms.append(source.shape[1])
        for row in zip(source, target, following, strict=True):
            words = [part[part > END].tolist() for part in row]
            assert row[0][: len(words[0]) + 1].tolist() == [*words[0], END]
            assert row[1][: len(words[1]) + 1].tolist() == [START, *words[1]]
            assert row[2][: len(words[2]) + 1].tolist() == [*words[1], END]
            pairs.append((decode(words[0]), decode(words[1])))
            assert len(row[0]) == 16 or max(map(len, words)) >= 16
    assert rooms == sorted(rooms, reverse=True) and {*rooms} == {16, 32}
    raw = little_german.little_german("test")
    assert sorted(pairs) == sorted(zip(raw["en"], raw["de"], strict=True))


def test_order_is_new_every_epoch_and_fixed_by_the_seed():
    model = tiny()

    def epochs(seed):
        batches = datasets.load("little_german", model=model, seed=seed)
        return [next(batches.as_numpy_iterator())[1].tolist() for _ in range(2)]

    first, second = epochs(0)
    assert epochs(0) == [first, second]
    assert first != second and epochs(1)[0] != first


def test_long_pairs_are_not_trained_on_but_measured():
    model = tiny(sequence_length=16)
    train = datasets.load("little_german", model=model, batch_size=500)
    test = datasets.load("little_german", "test", model=model, batch_size=500)
    lengths = [x.shape[1] for (x, _), _ in train.as_numpy_iterator()]
    assert {*lengths} == {16}
    assert sum(len(y) for _, y in test.as_numpy_iterator()) == 500
    with pytest.raises(ValueError, match="larger `sequence_length`"):
        datasets.load("little_german", model=tiny(sequence_length=3))


def test_translations_that_do_not_fit_are_refused():
    small = tiny()
    small.tokenizer = MarkedTokenizer(CharacterTokenizer("".join(map(chr, range(600)))))
    with pytest.raises(ValueError, match="vocabulary_size=603"):
        datasets.load("little_german", model=small)
    small.tokenizer = CharacterTokenizer("abc")
    for use in (
        lambda: datasets.load("little_german", model=small),
        lambda: small.translate("abc"),
    ):
        with pytest.raises(ValueError, match="Received: CharacterTokenizer"):
            use()


def test_wmt_through_tfds(monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setattr("kerazoo.datasets.tfds._check_online", lambda: None)
    policy = tfds.testing.MockPolicy.USE_CODE
    with tfds.testing.mock_data(num_examples=6, policy=policy):
        model = tiny(vocabulary_size=300, sequence_length=1024)
        source = datasets.find(kerazoo.card("transformer").dataset, model)
        assert source.kind == "translation"
        raw = {pair["en"].decode() for pair in source.read("train").as_numpy_iterator()}
        source = dataclasses.replace(source, splits=("train",))
        batches = datasets.batches(source, "train", model, batch_size=4)
        read = [x[0] for x, _ in batches.as_numpy_iterator()]
    decode = model.tokenizer.decode
    assert {decode(row.tolist()) for rows in read for row in rows} == raw


def test_the_language_must_be_there():
    model = tiny()
    german = datasets.find("little_german", model)

    def read(split):
        pairs = german.read(split)
        return pairs.map(lambda pair: {"fr": pair["en"], "de": pair["de"]})

    french = dataclasses.replace(german, name="french", read=read)
    with pytest.raises(ValueError, match="one of them 'en'. It has: de, fr"):
        datasets.batches(french, "test", model)


def test_evaluation_translates():
    """BLEU in `evaluate`, not in the validations of `fit`."""
    model = tiny(num_layers=1)
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    model.translate = functools.partial(
        model.translate, beam_width=1, max_extra_tokens=1
    )
    data = datasets.load("little_german", "test", model=model, batch_size=4).take(1)
    logs = model.evaluate(data, verbose=0, return_dict=True)
    assert {*logs} == {"loss", "accuracy", "bleu"}
    (((source, _), target),) = data.as_numpy_iterator()
    decode = model.tokenizer.decode
    found = model.translate([decode(row) for row in source.tolist()])
    answers = [[decode(row)] for row in target.tolist()]
    assert logs["bleu"] == bleu(found, answers)
    history = model.fit(data, validation_data=data, verbose=0)
    assert "val_accuracy" in history.history and "val_bleu" not in history.history
