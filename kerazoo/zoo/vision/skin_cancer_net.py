"""Skin-cancer classifier (Esteva et al., 2017, doi:10.1038/nature21056).

Transfer learning: an Inception v3 trained on ImageNet gets a new classifier and is
tuned on 129,450 clinical images. It is trained on 757 fine classes of a taxonomy of
2,032 diseases; what is asked of it, benign or malignant, is the sum of their
probabilities.
"""

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.zoo.vision.inception_v3 import trunk


@keras.saving.register_keras_serializable(package="kerazoo")
class TaxonomySum(layers.Layer):
    """Probability of each inference class: the sum over its training classes.

    Args:
        groups: for each training class the number of its inference class, from 0.

    Input shape: `(batch, training classes)`; output shape:
    `(batch, max(groups) + 1)`.
    """

    def __init__(self, groups, **keywords):
        super().__init__(**keywords)
        self.groups = [int(group) for group in groups]

    def call(self, probabilities):
        membership = ops.one_hot(
            self.groups, max(self.groups) + 1, dtype=probabilities.dtype
        )
        return ops.matmul(probabilities, membership)

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}


def check_groups(groups, classes, classifier_activation):
    """Refuses a taxonomy that does not fit the classifier."""
    whole = hasattr(groups, "__iter__") and all(
        hasattr(group, "__index__") for group in groups
    )
    numbers = [int(group) for group in groups] if whole else []
    if len(numbers) != classes or set(numbers) != set(
        range(max(numbers, default=-1) + 1)
    ):
        raise ValueError(
            "`groups` must give each of the `classes` training classes the number of "
            "its inference class, without gaps from 0. Received: "
            f"classes={classes}, groups={groups}"
        )
    if classifier_activation != "softmax":
        raise ValueError(
            "`groups` sums probabilities and needs classifier_activation='softmax'. "
            f"Received: classifier_activation={classifier_activation!r}"
        )


@architecture(
    title="Stanford skin-cancer classifier",
    paper="Esteva, Kuprel, Novoa, Ko, Swetter, Blau & Thrun, 2017, "
    "Dermatologist-level classification of skin cancer with deep neural networks, "
    "Nature 542:115-118",
    year=2017,
    url="doi:10.1038/nature21056",
    task="image classification",
    lectures=["002: Stanford 2017", "002: Nvidia Dev Blog 2017"],
    offline="digits",
    params=23_336_661,
    non_trainable=34_432,
    macs=5_712_718_432,
    variants={
        "head alone": {"config": {"trainable_backbone": False}, "params": 1_551_093},
    },
    recipe={
        "optimizer": {
            "class_name": "RMSprop",
            "config": {
                "learning_rate": 1e-3,
                "rho": 0.9,
                "momentum": 0.9,
                "epsilon": 0.1,
            },
        },
        "schedule": {"kind": "exponential", "factor": 0.0625, "every": 30},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 90,
        "augment": {"random_resized_crop": [0.5, 1.0], "flip": True},
    },
    preprocess={"mean": 127.5, "std": 127.5},
    published=[
        "3-way accuracy 72.1 +- 0.9 %, dermatologists 65.56 and 66.0 % (main text)",
        "9-way accuracy 55.4 +- 1.7 %, dermatologists 53.3 and 55.0 % (main text)",
    ],
    deviations=[
        "images and taxonomy are private: bring your own, `groups` says which training "
        "class belongs to which inference class; the partition of the taxonomy into "
        "training classes of fewer than 1,000 images is left to you",
        "random crops and horizontal flips; the paper rotates by any angle, crops the "
        "largest upright rectangle and flips vertically",
        "batch size and number of epochs are not in the paper",
    ],
    tiny={"input_shape": (75, 75, 3), "classes": 10, "blocks": (1, 1, 1),
          "width": 0.1, "dropout": 0.0},
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 12,
        "augment": {"pad_crop": 4},
    },
    learns={"accuracy": 0.96},
)  # fmt: skip
def skin_cancer_net(
    *, input_shape=(299, 299, 3), classes=757, groups=None,
    classifier_activation="softmax", trainable_backbone=True, dropout=0.2,
    count_include_pad=False, blocks=(3, 4, 2), width=1.0,
):  # fmt: skip
    """Skin-cancer classifier (Esteva et al., 2017): Inception v3 with a new head.

    Args:
        input_shape: height, width and channels of an image, at least 75x75.
        classes: number of training classes.
        groups: for each training class the number of its inference class, from 0: the
            model then gives probabilities of the inference classes. None gives those
            of the training classes.
        classifier_activation: `"softmax"`, or None for logits.
        trainable_backbone: whether to train all layers, or the new head alone.
        dropout: share dropped in front of the classifier.
        count_include_pad: as in `inception_v3`; True for torchvision's weights.
        blocks: as in `inception_v3`.
        width: multiplier of all filters of the backbone.

    Returns:
        A compiled `keras.Model`, `(batch, *input_shape)` standardised floats to
        `(batch, classes)`, or to the inference classes.

    Raises:
        ValueError: `groups` does not name an inference class for each training class,
            or is asked for together with logits.

    Example:
        A backbone trained on ImageNet; the head first, then all layers; the inference
        classes at last:

        >>> options = {"classes": 10, "input_shape": (299, 299, 3)}
        >>> imagenet = kerazoo.inception_v3(weights="v3.h5", include_top=False)
        >>> model = kerazoo.skin_cancer_net(trainable_backbone=False, **options)
        >>> model.get_layer("inception_v3").set_weights(imagenet.get_weights())
        >>> kerazoo.fit(model, (images, labels), epochs=5)
        >>> tuned = kerazoo.skin_cancer_net(**options)
        >>> tuned.set_weights(model.get_weights())
        >>> kerazoo.fit(tuned, (images, labels))
        >>> tests = kerazoo.skin_cancer_net(groups=groups, **options)
        >>> tests.set_weights(tuned.get_weights())

    Reference:
        doi:10.1038/nature21056, Figures 1 and 2.
    """
    if groups is not None:
        check_groups(groups, classes, classifier_activation)
    image = keras.Input(input_shape)
    _, x = trunk(image, width, blocks, count_include_pad)
    backbone = keras.Model(image, x, name="inception_v3")
    backbone.trainable = trainable_backbone
    inputs = keras.Input(input_shape)
    x = backbone(inputs)  # 8x8x2048
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(
        classes, activation=classifier_activation, dtype="float32", name="fc"
    )(x)
    if groups is not None:
        x = TaxonomySum(groups, dtype="float32", name="taxonomy")(x)
    return keras.Model(inputs, x)
