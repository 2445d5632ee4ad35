"""Show and Tell (Vinyals, Toshev, Bengio & Erhan, 2015).

Captions as translation, from an image to a sentence: in place of the network that reads
the source, a convolutional one that was trained to classify looks at the image. What it
sees is shown to an LSTM once, as if it were a word before the first one, and the LSTM
writes the sentence.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture, create
from kerazoo.layers.captioner import Captioner


def uniform(limit, otherwise="glorot_uniform"):
    """Initial weights of everything but the encoder."""
    return keras.initializers.RandomUniform(-limit, limit) if limit else otherwise


def see(images, encoder, encoder_config, train_encoder, width, limit, normalized):
    """What the LSTM reads first: the image, as wide as a word."""
    encoder = create(
        encoder,
        include_top=False,
        compile=False,
        input_shape=tuple(images.shape[1:]),
        name="encoder",
        **encoder_config,
    )
    encoder.trainable = train_encoder
    x = encoder(images, training=None if train_encoder else False)  # 7x7x1024
    if len(x.shape) == 4:
        x = layers.GlobalAveragePooling2D(name="encoder_pool")(x)  # 1024
    x = layers.Dense(
        width, use_bias=False, kernel_initializer=uniform(limit), name="image_embedding"
    )(x)  # 512
    if normalized:
        x = layers.BatchNormalization(momentum=0.9, name="image_embedding_bn")(x)
    return x


def tell(image, tokens, vocabulary_size, units, dropout, limit):
    """Logits of the next word, after the image and every word."""
    words = layers.Embedding(
        vocabulary_size,
        image.shape[-1],
        embeddings_initializer=uniform(limit, "uniform"),
        name="word_embedding",
    )(tokens)  # 20x512
    first = layers.Reshape((1, image.shape[-1]), name="image_first")(image)
    x = layers.Concatenate(axis=1, name="sequence")([first, words])  # 21x512
    if dropout:
        x = layers.Dropout(dropout, name="input_dropout")(x)
    x = layers.LSTM(
        units,
        return_sequences=True,
        kernel_initializer=uniform(limit),
        recurrent_initializer=uniform(limit, "orthogonal"),
        name="lstm",
    )(x)
    x = layers.Cropping1D((1, 0), name="after_words")(x)  # 20x512
    if dropout:
        x = layers.Dropout(dropout, name="output_dropout")(x)
    return layers.Dense(
        vocabulary_size,
        kernel_initializer=uniform(limit),
        dtype="float32",
        name="logits",
    )(x)  # 20x12000


@architecture(
    title="Show and Tell",
    paper="Vinyals, Toshev, Bengio & Erhan, 2015, Show and tell: a neural image "
    "caption generator, CVPR",
    year=2015,
    url="arXiv:1411.4555",
    task="image captioning",
    lectures=["000, 003, 004: Auto-captioning (Vinyals et al., 2015)"],
    dataset="coco_captions",
    offline="shapes/captions",
    params=14_923_488,
    non_trainable=10_280_256,
    macs=2_199_020_544,
    variants={
        "Inception v3 (2016)": {
            "config": {"image_shape": (299, 299, 3), "encoder": "inception_v3"},
            "params": 15_447_776,
        },
    },
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 2.0, "global_clipnorm": 5.0},
        },
        "schedule": {"kind": "exponential", "factor": 0.5, "every": 40},
        "loss": "kerazoo>MaskedCrossentropy",
        "metrics": ["kerazoo>MaskedAccuracy"],
        "batch_size": 32,
        "epochs": 273,
    },
    preprocess={"target": "caption", "mean": [128, 117, 104], "std": 1.0},
    published=[
        "COCO: BLEU-4 27.7, METEOR 23.7, CIDEr 85.5 (Table 1)",
        "BLEU-1: Pascal VOC 59, Flickr30k 66, SBU 28 (Table 2)",
    ],
    deviations=[
        "the encoder starts at random and is frozen: give it the weights of a trained "
        "bn_inception by model.get_layer('encoder').set_weights, or train_encoder",
        "sizes, dropout, initial weights and recipe are those of the authors' code of "
        "2016 for the frozen encoder; an epoch shows every image once, with one of its "
        "captions, so that 273 epochs are a million updates on COCO",
        "one network, where the published figures are of an ensemble",
        "the reduced configuration trains its encoder, which was never trained before: "
        "it normalises the embedded image and starts from Keras' initial weights, "
        "without which so few units learn colours and places, but no shapes",
    ],
    tiny={
        "image_shape": (64, 64, 3), "vocabulary_size": 32, "sequence_length": 10,
        "units": 48, "dropout": 0.0, "initial_limit": None,
        "batch_normalization": True, "train_encoder": True,
        "encoder_config": {"blocks": (1, 1, 1), "width": 0.13},
    },
    tiny_recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
        "schedule": {"kind": "one_cycle"},
        "epochs": 24,
    },
    learns={"accuracy": 0.97, "bleu": 0.85},
)  # fmt: skip
def show_and_tell(
    *, image_shape=(224, 224, 3), vocabulary_size=12000, sequence_length=20, units=512,
    dropout=0.3, initial_limit=0.08, batch_normalization=False, encoder="bn_inception",
    encoder_config=None, train_encoder=False,
):  # fmt: skip
    """A convolutional network looks, an LSTM tells (Vinyals et al., 2015).

    Args:
        image_shape: height, width and channels of an image.
        vocabulary_size: number of different words, with padding 0, start 1 and end 2.
        sequence_length: most words of a caption.
        units: of the LSTM; words and images are embedded as wide.
        dropout: share dropped in front of the LSTM and behind it.
        initial_limit: largest initial weight of the decoder; None for the defaults of
            Keras.
        batch_normalization: whether to normalise the embedded image; not in the paper.
        encoder: name of an image classifier of the zoo, which looks without its top.
        encoder_config: mapping of further keywords of the encoder.
        train_encoder: whether the encoder learns too; a stage that follows in the paper
            of 2016.

    Returns:
        A compiled `Captioner`, a `keras.Model` from `{"images", "tokens"}`, images and
        int32 `(batch, sequence_length)` begins of captions, to
        `(batch, sequence_length, vocabulary_size)` logits of the next words, with a
        method `caption`.

    Example:
        >>> model = kerazoo.show_and_tell()
        >>> kerazoo.fit(model, "coco_captions")
        >>> model.caption(images, beam_width=3)

    Reference:
        Vinyals et al., 2015, section 3.1; arXiv:1609.06647, section 4.3.
    """
    images = keras.Input(image_shape, name="images")
    tokens = keras.Input((sequence_length,), dtype="int32", name="tokens")
    image = see(
        images, encoder, encoder_config or {}, train_encoder, units, initial_limit,
        batch_normalization,
    )  # fmt: skip
    logits = tell(image, tokens, vocabulary_size, units, dropout, initial_limit)
    return Captioner({"images": images, "tokens": tokens}, logits)
