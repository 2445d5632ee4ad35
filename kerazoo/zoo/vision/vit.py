"""Vision Transformer (Dosovitskiy et al., 2021, arXiv:2010.11929).

An image is cut into patches, and the patches are read as the words of a sentence by an
unchanged Transformer encoder: no convolution but the linear map of the patches, no
locality built in. Large data make up for it.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture


@keras.saving.register_keras_serializable(package="kerazoo")
class ClassToken(layers.Layer):
    """Prepends a learned token, whose final state stands for the whole image.

    Input shape: `(batch, tokens, dim)`; output shape: `(batch, 1 + tokens, dim)`.
    """

    def build(self, input_shape):
        self.token = self.add_weight(
            shape=(1, 1, input_shape[-1]), initializer="zeros", name="token"
        )

    def call(self, x):
        token = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([ops.cast(token, x.dtype), x], axis=1)


@keras.saving.register_keras_serializable(package="kerazoo")
class PositionEmbedding(layers.Layer):
    """Adds one learned vector to each token (equation 1).

    Input and output shape: `(batch, tokens, dim)`.
    """

    def build(self, input_shape):
        self.embedding = self.add_weight(
            shape=(1, *input_shape[1:]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="embedding",
        )

    def call(self, x):
        return x + self.embedding


def dropped(x, rate, name):
    """Dropout where there is any."""
    return layers.Dropout(rate, name=name)(x) if rate else x


def mlp(x, mlp_dim, dropout, name):
    """Two dense layers with GELU between (Table 1)."""
    hidden_dim = x.shape[-1]
    x = layers.Dense(mlp_dim, name=f"{name}_1")(x)
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)  # the exact one, with erf
    x = dropped(x, dropout, f"{name}_1_dropout")
    x = layers.Dense(hidden_dim, name=f"{name}_2")(x)
    return dropped(x, dropout, f"{name}_2_dropout")


def encoder_block(x, num_heads, mlp_dim, dropout, name):
    """Equations 2 and 3: normalisation in front, a residual around each part."""
    y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm1")(x)
    y = layers.MultiHeadAttention(
        num_heads, key_dim=x.shape[-1] // num_heads, name=f"{name}_attention"
    )(y, y)
    y = dropped(y, dropout, f"{name}_attention_dropout")
    x = layers.Add(name=f"{name}_add1")([x, y])
    y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm2")(x)
    y = mlp(y, mlp_dim, dropout, name=f"{name}_mlp")
    return layers.Add(name=f"{name}_add2")([x, y])


def vit(
    input_shape, classes, include_top, classifier_activation, patch_size, hidden_dim,
    num_layers, num_heads, mlp_dim, dropout,
):  # fmt: skip
    """Patches, class token, positions, encoder, classifier (Figure 1)."""
    if patch_size < 1:
        raise ValueError(
            f"`patch_size` must be positive. Received: patch_size={patch_size}"
        )
    # There is one vector for each position, so that sizes must be known.
    if any(not size or size % patch_size for size in input_shape[:2]):
        raise ValueError(
            "Height and width of `input_shape` must be multiples of `patch_size`. "
            f"Received: input_shape={input_shape}, patch_size={patch_size}"
        )
    if hidden_dim % num_heads:
        raise ValueError(
            "`hidden_dim` must be a multiple of `num_heads`. "
            f"Received: hidden_dim={hidden_dim}, num_heads={num_heads}"
        )
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(hidden_dim, patch_size, patch_size, name="patch_embedding")(
        inputs
    )  # 14x14x768
    x = layers.Reshape((-1, hidden_dim), name="patches")(x)  # (B, 196, 768)
    x = ClassToken(name="class_token")(x)  # (B, 197, 768)
    x = PositionEmbedding(name="position_embedding")(x)
    x = dropped(x, dropout, "embedding_dropout")
    for index in range(1, num_layers + 1):
        x = encoder_block(x, num_heads, mlp_dim, dropout, name=f"encoder{index}")
    x = layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
    if include_top:
        x = layers.Dense(
            classes, activation=classifier_activation, dtype="float32", name="head"
        )(x[:, 0])
    return keras.Model(inputs, x)


@architecture(
    title="Vision Transformer ViT-B/16",
    paper="Dosovitskiy, Beyer, Kolesnikov, Weissenborn, Zhai, Unterthiner, Dehghani, "
    "Minderer, Heigold, Gelly, Uszkoreit & Houlsby, 2021, An image is worth 16x16 "
    "words: transformers for image recognition at scale, ICLR",
    year=2021,
    url="arXiv:2010.11929",
    task="image classification",
    lectures=["001: 7 Attention and transformer networks"],
    dataset="imagenet2012",
    offline="digits",
    params=86_567_656,
    macs=17_563_828_224,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {
                "learning_rate": 3e-3,
                "weight_decay": 0.3,
                "global_clipnorm": 1.0,
            },
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 32},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 4096,
        "epochs": 300,
        "augment": {"random_resized_crop": [0.05, 1.0], "flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=[
        "ImageNet top-1 77.91 %, trained on ImageNet alone, fine-tuned at 384x384 "
        "(Table 5)",
    ],
    deviations=[
        "one linear head; the paper pre-trains with a hidden tanh layer in front of it "
        "and replaces both by a linear one for fine-tuning",
        "the head starts from Glorot's distribution; the paper's zero start belongs to "
        "fine-tuning",
        "no fine-tuning at a higher resolution",
        "biases and normalisation parameters are not decayed",
    ],
    tiny={"input_shape": (32, 32, 3), "classes": 10, "patch_size": 8,
          "hidden_dim": 64, "num_layers": 2, "num_heads": 4, "mlp_dim": 128,
          "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 20,
        "augment": {"pad_crop": 2},
        "metrics": ["accuracy"],
    },
    learns={"accuracy": 0.965},
    weights=["torchvision", "timm"],
)  # fmt: skip
def vit_base_16(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", patch_size=16, hidden_dim=768, num_layers=12,
    num_heads=12, mlp_dim=3072, dropout=0.1,
):  # fmt: skip
    """Vision Transformer ViT-B/16 (Dosovitskiy et al., 2021).

    Args:
        input_shape: height, width and channels of an image; both sides are multiples
            of `patch_size`.
        classes: number of classes.
        include_top: whether to end with the classifier on the class token; else the
            model gives all tokens, `(batch, 1 + patches, hidden_dim)`.
        classifier_activation: `"softmax"`, or None for logits.
        patch_size: side of the square patches.
        hidden_dim: size of a token, D; a multiple of `num_heads`.
        num_layers: encoder blocks, L.
        num_heads: attention heads.
        mlp_dim: hidden units of an MLP.
        dropout: share dropped after the embeddings and after every dense layer but the
            projections to queries, keys and values; the paper's for training on
            ImageNet alone.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`.

    Raises:
        ValueError: `patch_size` does not divide the image, or `num_heads` does not
            divide `hidden_dim`.

    Example:
        >>> model = kerazoo.vit_base_16(input_shape=(64, 64, 3), num_layers=2)

    Reference:
        arXiv:2010.11929, Table 1 and equations 1 to 4.
    """
    return vit(
        input_shape, classes, include_top, classifier_activation, patch_size,
        hidden_dim, num_layers, num_heads, mlp_dim, dropout,
    )  # fmt: skip


@architecture(
    variant_of="vit_base_16",
    title="Vision Transformer ViT-Ti/16 (DeiT-Ti)",
    paper="Touvron, Cord, Douze, Massa, Sablayrolles & Jegou, 2021, Training "
    "data-efficient image transformers & distillation through attention, ICML",
    url="arXiv:2012.12877",
    params=5_717_416,
    macs=1_253_683_200,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "weight_decay": 0.05},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 5},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 1024,
        "epochs": 300,
        "augment": {"random_resized_crop": [0.08, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=[
        "ImageNet top-1 72.2 % (Touvron et al., Table 5)",
    ],
    deviations=[
        "no RandAugment, Mixup, CutMix, random erasing, repeated augmentation, label "
        "smoothing and stochastic depth (its Table 9)",
        "the head starts from Glorot's distribution",
    ],
)
def vit_tiny_16(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", patch_size=16, hidden_dim=192, num_layers=12,
    num_heads=3, mlp_dim=768, dropout=0.0,
):  # fmt: skip
    """Vision Transformer ViT-Ti/16 (DeiT-Ti). Keywords and errors as `vit_base_16`."""
    return vit(
        input_shape, classes, include_top, classifier_activation, patch_size,
        hidden_dim, num_layers, num_heads, mlp_dim, dropout,
    )  # fmt: skip


@architecture(
    variant_of="vit_base_16",
    title="Vision Transformer ViT-S/16 (DeiT-S)",
    paper="Touvron, Cord, Douze, Massa, Sablayrolles & Jegou, 2021, Training "
    "data-efficient image transformers & distillation through attention, ICML",
    url="arXiv:2012.12877",
    params=22_050_664,
    macs=4_598_882_304,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "weight_decay": 0.05},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 5},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        "batch_size": 1024,
        "epochs": 300,
        "augment": {"random_resized_crop": [0.08, 1.0], "flip": True},
    },
    preprocess={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    published=[
        "ImageNet top-1 79.8 % (Touvron et al., Table 5)",
    ],
    deviations=[
        "no RandAugment, Mixup, CutMix, random erasing, repeated augmentation, label "
        "smoothing and stochastic depth (its Table 9)",
        "the head starts from Glorot's distribution",
    ],
)
def vit_small_16(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", patch_size=16, hidden_dim=384, num_layers=12,
    num_heads=6, mlp_dim=1536, dropout=0.0,
):  # fmt: skip
    """Vision Transformer ViT-S/16 (DeiT-S). Keywords and errors as `vit_base_16`."""
    return vit(
        input_shape, classes, include_top, classifier_activation, patch_size,
        hidden_dim, num_layers, num_heads, mlp_dim, dropout,
    )  # fmt: skip


@architecture(
    variant_of="vit_base_16",
    title="Vision Transformer ViT-B/32",
    params=88_224_232,
    macs=4_409_186_304,
    published=[
        "ImageNet top-1 73.38 %, trained on ImageNet alone, "
        "fine-tuned at 384x384 (Table 5)",
    ],
)
def vit_base_32(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", patch_size=32, hidden_dim=768, num_layers=12,
    num_heads=12, mlp_dim=3072, dropout=0.1,
):  # fmt: skip
    """Vision Transformer ViT-B/32. Keywords and errors as `vit_base_16`."""
    return vit(
        input_shape, classes, include_top, classifier_activation, patch_size,
        hidden_dim, num_layers, num_heads, mlp_dim, dropout,
    )  # fmt: skip


@architecture(
    variant_of="vit_base_16",
    title="Vision Transformer ViT-L/16",
    params=304_326_632,
    macs=61_554_712_576,
    published=[
        "ImageNet top-1 76.53 %, trained on ImageNet alone, "
        "fine-tuned at 384x384 (Table 5)",
        "ImageNet top-1 87.76 %, pre-trained on JFT-300M, "
        "fine-tuned at 512x512 (Table 2)",
        "ImageNet top-1 85.30 %, pre-trained on ImageNet-21k, "
        "fine-tuned at 512x512 (Table 2)",
    ],
)
def vit_large_16(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", patch_size=16, hidden_dim=1024, num_layers=24,
    num_heads=16, mlp_dim=4096, dropout=0.1,
):  # fmt: skip
    """Vision Transformer ViT-L/16. Keywords and errors as `vit_base_16`."""
    return vit(
        input_shape, classes, include_top, classifier_activation, patch_size,
        hidden_dim, num_layers, num_heads, mlp_dim, dropout,
    )  # fmt: skip


@architecture(
    variant_of="vit_base_16",
    title="Vision Transformer ViT-L/32",
    params=306_535_400,
    macs=15_377_539_072,
    published=[
        "ImageNet top-1 71.16 %, trained on ImageNet alone, "
        "fine-tuned at 384x384 (Table 5)",
    ],
)
def vit_large_32(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", patch_size=32, hidden_dim=1024, num_layers=24,
    num_heads=16, mlp_dim=4096, dropout=0.1,
):  # fmt: skip
    """Vision Transformer ViT-L/32. Keywords and errors as `vit_base_16`."""
    return vit(
        input_shape, classes, include_top, classifier_activation, patch_size,
        hidden_dim, num_layers, num_heads, mlp_dim, dropout,
    )  # fmt: skip


@architecture(
    variant_of="vit_base_16",
    title="Vision Transformer ViT-H/14",
    params=632_045_800,
    macs=167_295_109_120,
    published=[
        "ImageNet top-1 88.55 %, pre-trained on JFT-300M, "
        "fine-tuned at 518x518 (Table 2)",
    ],
    deviations=[
        "the recipe is that of the smaller networks on ImageNet alone, where the paper "
        "does not train this one; it pre-trains on ImageNet-21k and JFT-300M",
        "one linear head; the paper pre-trains with a hidden tanh layer in front of it "
        "and replaces both by a linear one for fine-tuning",
        "the head starts from Glorot's distribution; the paper's zero start belongs to "
        "fine-tuning",
        "no fine-tuning at a higher resolution",
        "biases and normalisation parameters are not decayed",
    ],
)
def vit_huge_14(
    *, input_shape=(224, 224, 3), classes=1000, include_top=True,
    classifier_activation="softmax", patch_size=14, hidden_dim=1280, num_layers=32,
    num_heads=16, mlp_dim=5120, dropout=0.1,
):  # fmt: skip
    """Vision Transformer ViT-H/14. Keywords and errors as `vit_base_16`."""
    return vit(
        input_shape, classes, include_top, classifier_activation, patch_size,
        hidden_dim, num_layers, num_heads, mlp_dim, dropout,
    )  # fmt: skip


@architecture(
    variant_of="vit_base_16",
    title="Vision Transformer of the course, for CIFAR-10",
    paper="Dosovitskiy et al., 2021, An image is worth 16x16 words, ICLR; reduced by "
    "the course notebook lec7-vit",
    dataset="cifar10",
    params=1_205_898,
    macs=83_561_216,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-3, "weight_decay": 1e-2},
        },
        "schedule": {"kind": "cosine"},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": 10,
        "augment": {"pad_crop": 4, "flip": True},
    },
    preprocess={
        "mean": [125.307, 122.95, 113.865],
        "std": [62.993, 62.089, 66.705],
    },
    published=["CIFAR-10 test accuracy 0.680 after 10 epochs (course notebook)"],
    deviations=[
        "biases and normalisation parameters are not decayed; the notebook's AdamW "
        "decays all",
        "the head starts from Glorot's distribution",
    ],
    tiny={"input_shape": (16, 16, 3), "hidden_dim": 64, "num_layers": 2,
          "mlp_dim": 128},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 20,
        "augment": {"pad_crop": 1},
    },
    weights=[],
)  # fmt: skip
def vit_cifar(
    *, input_shape=(32, 32, 3), classes=10, include_top=True,
    classifier_activation="softmax", patch_size=4, hidden_dim=128, num_layers=6,
    num_heads=4, mlp_dim=512, dropout=0.0,
):  # fmt: skip
    """Vision Transformer of the course, for CIFAR-10. Keywords as `vit_base_16`."""
    return vit(
        input_shape, classes, include_top, classifier_activation, patch_size,
        hidden_dim, num_layers, num_heads, mlp_dim, dropout,
    )  # fmt: skip
