"""The Transformer (Vaswani et al., 2017, arXiv:1706.03762).

Translation without recurrence: every word of the source, and of the translation so far,
looks at all others at once by attention. All positions learn in parallel, and there are
as few steps from one end of a sentence to the other as there are layers. The encoder
became BERT and the vision transformer, the decoder GPT.
"""

import keras
from keras import initializers, layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers import masked  # noqa: F401  registers loss and metric
from kerazoo.layers.attention import DotProductAttention, SinusoidalPositions
from kerazoo.layers.translator import PADDING, Translator


def keys_and_values(memory, name):
    """What attention looks at."""
    width = memory.shape[-1]
    keys = layers.Dense(width, name=f"{name}_keys")(memory)
    return keys, layers.Dense(width, name=f"{name}_values")(memory)


def attention(x, keys, values, num_heads, name, is_token=None, causal=False):
    """Multi-head attention (section 3.2.2, figure 2)."""
    queries = layers.Dense(x.shape[-1], name=f"{name}_queries")(x)
    y = DotProductAttention(num_heads, causal, name=f"{name}_heads")(
        queries, keys, values, is_token
    )
    return layers.Dense(x.shape[-1], name=f"{name}_output")(y)


def feed_forward(x, intermediate_dim, name):
    """The same two dense layers at each position (section 3.3)."""
    y = layers.Dense(intermediate_dim, "relu", name=f"{name}_1")(x)
    return layers.Dense(x.shape[-1], name=f"{name}_2")(y)


def add_and_norm(x, y, dropout, name):
    """`LayerNorm(x + Sublayer(x))`, the normalisation behind the sum (section 3.1)."""
    y = dropped(y, dropout, f"{name}_dropout")
    x = layers.Add(name=f"{name}_add")([x, y])
    return layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm")(x)


def dropped(x, rate, name):
    """Dropout in training."""
    return layers.Dropout(rate, name=name)(x) if rate else x


def in_order(x, dropout, name):
    """Embeddings times the square root of their width, and their positions."""
    x = layers.Rescaling(x.shape[-1] ** 0.5, name=f"{name}_scale")(x)
    x = SinusoidalPositions(name=f"{name}_positions")(x)
    return dropped(x, dropout, f"{name}_dropout")


def encoder_layer(x, is_token, num_heads, intermediate_dim, dropout, name):
    """Source words look at one another (figure 1, left)."""
    keys, values = keys_and_values(x, f"{name}_self")
    y = attention(x, keys, values, num_heads, f"{name}_self", is_token)
    x = add_and_norm(x, y, dropout, f"{name}_self")
    y = feed_forward(x, intermediate_dim, f"{name}_feed_forward")
    return add_and_norm(x, y, dropout, f"{name}_feed_forward")


def decoder_layer(x, memory, is_token, num_heads, intermediate_dim, dropout, name):
    """Target words look back on one another, then at the source (figure 1, right)."""
    keys, values = keys_and_values(x, f"{name}_self")
    y = attention(x, keys, values, num_heads, f"{name}_self", causal=True)
    x = add_and_norm(x, y, dropout, f"{name}_self")
    y = attention(x, *memory, num_heads, f"{name}_memory", is_token)
    x = add_and_norm(x, y, dropout, f"{name}_memory")
    y = feed_forward(x, intermediate_dim, f"{name}_feed_forward")
    return add_and_norm(x, y, dropout, f"{name}_feed_forward")


def encoder_decoder(
    vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim,
    intermediate_dim, dropout,
):  # fmt: skip
    """The networks of Table 3 (A, C).

    The keys and values that the decoder's layers make of the encoder's output belong to
    the model `encoder`: a translation needs them once.
    """
    if hidden_dim % num_heads:
        raise ValueError(
            "`hidden_dim` must be a multiple of `num_heads`. "
            f"Received: hidden_dim={hidden_dim}, num_heads={num_heads}"
        )
    sizes, numbers = (num_heads, intermediate_dim, dropout), range(1, num_layers + 1)
    words = layers.Input((None, hidden_dim), name="source_words")
    is_token = layers.Input((None,), dtype="bool", name="is_token")
    x = in_order(words, dropout, "source")  # (B, S, 512)
    for number in numbers:
        x = encoder_layer(x, is_token, *sizes, name=f"encoder{number}")
    memory = []
    for number in numbers:
        memory += keys_and_values(x, f"decoder{number}_memory")
    encoder = keras.Model([words, is_token], memory, name="encoder")

    words = layers.Input((None, hidden_dim), name="target_words")
    x = in_order(words, dropout, "target")  # (B, T, 512)
    memory = [layers.Input(y.shape[1:], dtype=y.dtype) for y in memory]
    for number, *pair in zip(numbers, memory[::2], memory[1::2], strict=True):
        x = decoder_layer(x, pair, is_token, *sizes, name=f"decoder{number}")
    decoder = keras.Model([words, is_token, *memory], x, name="decoder")

    source = layers.Input((sequence_length,), dtype="int32", name="source")
    target = layers.Input((sequence_length,), dtype="int32", name="target")
    # Section 3.4: one matrix for both texts and for the logits.
    embedding = layers.ReversibleEmbedding(
        vocabulary_size,
        hidden_dim,
        embeddings_initializer=initializers.RandomNormal(stddev=hidden_dim**-0.5),
        reverse_dtype="float32",
        name="embedding",
    )
    is_token = ops.not_equal(source, PADDING)
    memory = encoder([embedding(source), is_token])
    x = decoder([embedding(target), is_token, *memory])
    x = embedding(x, reverse=True)  # (B, T, 37000)
    logits = layers.Activation("linear", dtype="float32", name="logits")(x)
    return Translator([source, target], logits)


@architecture(
    title="Transformer (base)",
    paper="Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser & Polosukhin, "
    "2017, Attention is all you need, NIPS",
    year=2017,
    url="https://arxiv.org/abs/1706.03762",
    task="translation",
    lectures=["001: Lecture 7: Attention and transformer networks"],
    dataset="wmt14_translate/de-en",
    offline="little_german",
    params=63_082_496,
    macs=17_331_912_704,
    variants={
        "2 layers": {"config": {"num_layers": 2}, "params": 33_656_832},
        "4 layers": {"config": {"num_layers": 4}, "params": 48_369_664},
        "8 layers": {"config": {"num_layers": 8}, "params": 77_795_328},
        "width 256": {"config": {"hidden_dim": 256}, "params": 26_834_944},
        "width 1024": {"config": {"hidden_dim": 1024}, "params": 163_889_152},
        "feed-forward 1024": {"config": {"intermediate_dim": 1024},
                              "params": 50_487_296},
        "feed-forward 4096": {"config": {"intermediate_dim": 4096},
                              "params": 88_272_896},
        "1 head": {"config": {"num_heads": 1}, "params": 63_082_496},
        "32 heads": {"config": {"num_heads": 32}, "params": 63_082_496},
        "English to French": {"config": {"vocabulary_size": 32000},
                              "params": 60_522_496},
    },
    recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 6.987712e-4, "beta_1": 0.9, "beta_2": 0.98,
                       "epsilon": 1e-9},
        },
        "schedule": {"kind": "inverse_sqrt", "warmup_steps": 4000},
        "loss": {"class_name": "kerazoo>MaskedCrossentropy",
                 "config": {"label_smoothing": 0.1}},
        "metrics": ["kerazoo>MaskedAccuracy"],
        "batch_size": 900,
        "epochs": 20,
    },
    preprocess={"source": "en"},
    published=[
        "newstest2014 BLEU: 27.3 English to German, 38.1 English to French (Table 2)",
        "newstest2013 English to German: BLEU 25.8, perplexity 4.92 (Table 3)",
    ],
    deviations=[
        "queries, keys, values and outputs of attention have biases, which the paper's "
        "formulas lack and PyTorch's nn.Transformer has: 36,864 of the weights",
        "layer normalisation has epsilon 1e-6, as in tensor2tensor",
        "a target is preceded by a start token; tensor2tensor begins with zeros",
        "a batch is 900 pairs of about the same length, at their mean length about "
        "25,000 tokens of each language, where the paper fixes the number of tokens; "
        "20 epochs are its 100,000 updates",
        "training leaves out pairs of more than 256 tokens, as tensor2tensor does",
        "the byte pairs are learned from the first 100,000 pairs",
        "the last 5 checkpoints are not averaged",
        "BLEU is on words parted by white space: figures on WMT are not comparable to "
        "the paper's, which are on tokenized text",
    ],
    tiny={"vocabulary_size": 512, "sequence_length": 32, "num_layers": 2,
          "num_heads": 4, "hidden_dim": 48, "intermediate_dim": 96, "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam",
                      "config": {"learning_rate": 3e-3, "beta_2": 0.98,
                                 "epsilon": 1e-9}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 8,
    },
    learns={"accuracy": 0.98, "bleu": 0.9},
)  # fmt: skip
def transformer(
    *, vocabulary_size=37000, sequence_length=256, num_layers=6, num_heads=8,
    hidden_dim=512, intermediate_dim=2048, dropout=0.1,
):  # fmt: skip
    """The Transformer's base model, from text to translation (Vaswani et al., 2017).

    Args:
        vocabulary_size: number of different tokens, of both languages together.
        sequence_length: the longest text to train on. The network takes longer ones.
        num_layers: layers of the encoder, and of the decoder.
        num_heads: attention heads in each layer.
        hidden_dim: width of embeddings and layers.
        intermediate_dim: width between the two dense layers at each position.
        dropout: share of embeddings and sub-layer outputs dropped in training.

    Returns:
        A compiled `Translator`, a `keras.Model` from int32 ids of the source and of the
        target so far, `(batch, tokens)` each, to `(batch, tokens, vocabulary_size)`
        logits of the next ids, with a method `translate`.

    Raises:
        ValueError: `num_heads` does not divide `hidden_dim`, or that one is odd.

    Example:
        >>> model = kerazoo.create("transformer", tiny=True)
        >>> kerazoo.fit(model, "little_german")
        >>> model.translate("today the king has seen a little cat.")
        'heute hat der König eine kleine Katze gesehen.'

    Reference:
        Vaswani et al., 2017, sections 3 and 5, Table 3.
    """
    return encoder_decoder(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim,
        intermediate_dim, dropout,
    )  # fmt: skip


@architecture(
    variant_of="transformer",
    title="Transformer (big)",
    params=214_245_376,
    macs=57_212_403_712,
    recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 4.941059e-4, "beta_1": 0.9, "beta_2": 0.98,
                       "epsilon": 1e-9},
        },
        "schedule": {"kind": "inverse_sqrt", "warmup_steps": 4000},
        "loss": {"class_name": "kerazoo>MaskedCrossentropy",
                 "config": {"label_smoothing": 0.1}},
        "metrics": ["kerazoo>MaskedAccuracy"],
        "batch_size": 900,
        "epochs": 60,
    },
    published=[
        "newstest2014 BLEU: 28.4 English to German, 41.8 English to French (Table 2)",
        "newstest2013 English to German: BLEU 26.4, perplexity 4.33 (Table 3)",
    ],
)  # fmt: skip
def transformer_big(
    *, vocabulary_size=37000, sequence_length=256, num_layers=6, num_heads=16,
    hidden_dim=1024, intermediate_dim=4096, dropout=0.3,
):  # fmt: skip
    """The Transformer's big model (Vaswani et al., 2017).

    Keywords, returns and errors as `transformer`. For English to French the paper's
    dropout is 0.1.
    """
    return encoder_decoder(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim,
        intermediate_dim, dropout,
    )  # fmt: skip
