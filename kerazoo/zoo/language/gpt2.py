"""GPT-2 (Radford, Wu, Child, Luan, Amodei & Sutskever, 2019).

A stack of masked self-attention blocks that predicts the next token of a text. The
network is GPT's with the normalisation moved to the input of each sub-layer, so that it
can be deeper. What is new is what it does at this size, trained on 40 GB of web pages:
tasks that it was never trained for, from their description in the prompt.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers import CausalSelfAttention, LanguageModel, LearnedPositions


@keras.saving.register_keras_serializable(package="kerazoo")
def gelu_tanh(x):
    """GPT's GELU: the tanh approximation of Hendrycks & Gimpel (2016)."""
    return ops.gelu(x, approximate=True)


def normal(stddev=0.02):
    """Initial weights."""
    return keras.initializers.RandomNormal(stddev=stddev)


def dropped(x, rate, name):
    """Dropout in training."""
    return layers.Dropout(rate, name=name)(x) if rate else x


def norm(x, use_bias, name):
    """Layer normalisation."""
    return layers.LayerNormalization(epsilon=1e-5, center=use_bias, name=name)(x)


def block(
    x, num_heads, dropout, activation, use_bias, residual_stddev, window, name
):  # fmt: skip
    """Attention, then two dense layers at each token; both add to a residual stream."""
    y = norm(x, use_bias, f"{name}_norm1")
    y = CausalSelfAttention(
        num_heads,
        dropout,
        window,
        use_bias,
        kernel_initializer=normal(),
        output_initializer=normal(residual_stddev),
        name=f"{name}_attention",
    )(y)
    y = dropped(y, dropout, f"{name}_attention_dropout")
    x = layers.Add(name=f"{name}_attention_add")([x, y])  # (B, T, 768)
    width = x.shape[-1]
    y = norm(x, use_bias, f"{name}_norm2")
    y = layers.Dense(
        4 * width,
        activation,
        use_bias,
        kernel_initializer=normal(),
        name=f"{name}_mlp1",
    )(y)  # (B, T, 3072)
    y = layers.Dense(
        width,
        use_bias=use_bias,
        kernel_initializer=normal(residual_stddev),
        name=f"{name}_mlp2",
    )(y)
    y = dropped(y, dropout, f"{name}_mlp_dropout")
    return layers.Add(name=f"{name}_mlp_add")([x, y])


def gpt(
    vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
    activation=gelu_tanh, use_bias=True, local_window=None,
):  # fmt: skip
    """The networks of Table 2.

    In every other block of GPT-3 a token sees `local_window` tokens only.
    """
    if hidden_dim % num_heads:
        raise ValueError(
            "`hidden_dim` must be a multiple of `num_heads`. "
            f"Received: hidden_dim={hidden_dim}, num_heads={num_heads}"
        )
    inputs = keras.Input((sequence_length,), dtype="int32", name="tokens")
    embedding = layers.ReversibleEmbedding(
        vocabulary_size,
        hidden_dim,
        embeddings_initializer=normal(),
        reverse_dtype="float32",
        name="token_embedding",
    )
    x = embedding(inputs)  # (B, T, 768)
    x = LearnedPositions(
        sequence_length, embeddings_initializer=normal(), name="position_embedding"
    )(x)
    x = dropped(x, dropout, "embedding_dropout")
    # Section 2.3: each of the sums starts with the same share of the stream.
    residual_stddev = 0.02 / (2 * num_layers) ** 0.5
    for index in range(1, num_layers + 1):
        window = local_window if index % 2 == 0 else None
        x = block(
            x, num_heads, dropout, activation, use_bias, residual_stddev, window,
            name=f"block{index}",
        )  # fmt: skip
    x = norm(x, use_bias, "norm")
    x = embedding(x, reverse=True)  # (B, T, 50257)
    logits = layers.Activation("linear", dtype="float32", name="logits")(x)
    return LanguageModel(inputs, logits)


@architecture(
    title="GPT-2 (124M)",
    paper="Radford, Wu, Child, Luan, Amodei & Sutskever, 2019, Language models are "
    "unsupervised multitask learners, OpenAI",
    year=2019,
    url="https://github.com/openai/gpt-2",
    task="language modelling",
    lectures=["003: Text generation (Radford et al., 2019)"],
    dataset="tiny_shakespeare",
    offline="little_language",
    params=124_439_808,
    macs=145_824_153_600,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 6e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.1},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 480,
        "epochs": 33,
    },
    preprocess={"tokens": "bytes"},
    published=[
        "zero-shot: LAMBADA perplexity 35.13 and accuracy 45.99 %, WikiText-2 "
        "perplexity 29.41, Penn Treebank 65.85, WikiText-103 37.50 (Table 3)",
    ],
    deviations=[
        "the recipe is nanoGPT's reproduction on OpenWebText (Karpathy, 2022): the "
        "paper gives no optimizer, learning rate or number of updates",
        "WebText was never released: trained from scratch, the network reads "
        "tiny_shakespeare, as bytes unless a byte-pair tokenizer is attached",
        "positions start from N(0, 0.02), as in the re-implementations; OpenAI's code "
        "has N(0, 0.01)",
    ],
    tiny={"vocabulary_size": 256, "sequence_length": 64, "num_layers": 2,
          "num_heads": 4, "hidden_dim": 48, "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "AdamW",
                      "config": {"learning_rate": 5e-3, "beta_2": 0.99,
                                 "weight_decay": 0.1, "global_clipnorm": 1.0}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 8,
    },
    learns={"loss": 0.55},
    weights=["huggingface"],
)  # fmt: skip
def gpt2(
    *, vocabulary_size=50257, sequence_length=1024, num_layers=12, num_heads=12,
    hidden_dim=768, dropout=0.1,
):  # fmt: skip
    """GPT-2, the smallest of the four sizes (Radford et al., 2019).

    Args:
        vocabulary_size: number of different tokens.
        sequence_length: tokens that the network can look back on, its context.
        num_layers: number of blocks.
        num_heads: attention heads in each block.
        hidden_dim: width of the residual stream.
        dropout: share of embeddings, attention weights and sub-layer outputs that is
            dropped in training.

    Returns:
        A compiled `LanguageModel`, a `keras.Model` from `(batch, tokens)` int32 ids to
        `(batch, tokens, vocabulary_size)` logits of the next ids, with a method
        `generate`.

    Raises:
        ValueError: `num_heads` does not divide `hidden_dim`.

    Example:
        >>> model = kerazoo.gpt2(weights="path/to/gpt2")  # a Hugging Face folder
        >>> model.generate("The answer is", 20)

    Reference:
        Radford et al., 2019, section 2.3 and Table 2.
    """
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout
    )


@architecture(
    variant_of="gpt2",
    title="GPT-2 medium (355M)",
    params=354_823_168,
    macs=413_475_536_896,
    published=[
        "zero-shot: LAMBADA perplexity 15.60 and accuracy 55.48 %, WikiText-2 "
        "perplexity 22.76, Penn Treebank 47.33, WikiText-103 26.37 (Table 3)",
    ],
)
def gpt2_medium(
    *, vocabulary_size=50257, sequence_length=1024, num_layers=24, num_heads=16,
    hidden_dim=1024, dropout=0.1,
):  # fmt: skip
    """GPT-2 medium (Radford et al., 2019). Keywords, returns, errors as `gpt2`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout
    )


@architecture(
    variant_of="gpt2",
    title="GPT-2 large (774M)",
    params=774_030_080,
    macs=887_285_350_400,
    published=[
        "zero-shot: LAMBADA perplexity 10.87 and accuracy 60.12 %, WikiText-2 "
        "perplexity 19.93, Penn Treebank 40.31, WikiText-103 22.05 (Table 3)",
    ],
)
def gpt2_large(
    *, vocabulary_size=50257, sequence_length=1024, num_layers=36, num_heads=20,
    hidden_dim=1280, dropout=0.1,
):  # fmt: skip
    """GPT-2 large (Radford et al., 2019). Keywords, returns, errors as `gpt2`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout
    )


@architecture(
    variant_of="gpt2",
    title="GPT-2 XL (1558M)",
    params=1_557_611_200,
    macs=1_753_351_782_400,
    published=[
        "zero-shot: LAMBADA perplexity 8.63 and accuracy 63.24 %, WikiText-2 "
        "perplexity 18.34, Penn Treebank 35.76, WikiText-103 17.48 (Table 3)",
    ],
)
def gpt2_xl(
    *, vocabulary_size=50257, sequence_length=1024, num_layers=48, num_heads=25,
    hidden_dim=1600, dropout=0.1,
):  # fmt: skip
    """GPT-2 XL (Radford et al., 2019). Keywords, returns, errors as `gpt2`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout
    )


@architecture(
    variant_of="gpt2",
    title="nanoGPT for characters",
    paper="Karpathy, 2022, nanoGPT",
    year=2022,
    url="https://github.com/karpathy/nanoGPT",
    lectures=["001: Lecture 8: nanoGPT"],
    params=10_745_088,
    macs=3_026_288_640,
    variants={
        "CPU": {
            "config": {"sequence_length": 64, "num_layers": 4, "num_heads": 4,
                       "hidden_dim": 128, "dropout": 0.0},
            "params": 804_096,
        },
        "with biases": {"config": {"use_bias": True}, "params": 10_770_816},
    },
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.99,
                       "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 1.6},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 64,
        "epochs": 82,
    },
    preprocess={"tokens": "characters"},
    published=[
        "tiny_shakespeare, validation loss 1.4697 nats per character; 1.88 for the "
        "CPU configuration in 2000 updates (README)",
    ],
    deviations=[
        "the learning rate falls to zero, where nanoGPT's falls to a tenth",
        "an epoch draws as many windows as the text has, so that 5000 updates are 82 "
        "epochs; the validation text is the first half of nanoGPT's",
    ],
    tiny={"vocabulary_size": 65, "sequence_length": 64, "num_layers": 2,
          "num_heads": 4, "hidden_dim": 48, "dropout": 0.0},
    weights=[],
)  # fmt: skip
def gpt2_nano(
    *, vocabulary_size=65, sequence_length=256, num_layers=6, num_heads=6,
    hidden_dim=384, dropout=0.2, use_bias=False,
):  # fmt: skip
    """The network of nanoGPT for the characters of Shakespeare (Karpathy, 2022).

    GPT-2's network without biases and with the exact GELU.

    Args:
        vocabulary_size: number of different characters.
        sequence_length: characters that the network can look back on.
        num_layers: number of blocks.
        num_heads: attention heads in each block.
        hidden_dim: width of the residual stream.
        dropout: as of `gpt2`.
        use_bias: whether dense layers and normalisations have biases.

    Returns:
        A compiled `LanguageModel`, as `gpt2`.

    Raises:
        ValueError: `num_heads` does not divide `hidden_dim`.

    Example:
        >>> model = kerazoo.gpt2_nano()
        >>> kerazoo.fit(model, "tiny_shakespeare")
        >>> print(model.generate("ROMEO:", 500, temperature=0.8, seed=0))

    Reference:
        https://github.com/karpathy/nanoGPT, config/train_shakespeare_char.py.
    """
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        activation="gelu", use_bias=use_bias,
    )  # fmt: skip
