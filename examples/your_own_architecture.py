# %% [markdown]
# # Your own architecture
# A builder holds the network; the literal keywords of the decorator are its card. So it
# has what the whole zoo has: recipe, data, devices, search.

# %%
import keras
from keras import layers

import kerazoo
from kerazoo.architecture import architecture


@architecture(
    title="A small separable network",
    paper="You, today",
    year=2026,
    url="https://example.org",
    task="image classification",
    dataset="mnist",
    offline="digits",
    params=1_747,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "one_cycle"},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 15,
    },
    tiny={},
)
def separable_net(*, input_shape=(16, 16, 1), classes=10, filters=32):
    """Two separable convolutions."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.SeparableConv2D(filters, 3, strides=2, activation="relu"),
            layers.SeparableConv2D(filters, 3, strides=2, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(classes, activation="softmax"),
        ]
    )


# %%
model = separable_net()
print(
    model.count_params(), "parameters; the card says", kerazoo.card(model.name).params
)
kerazoo.fit(model, "digits", seed=0, verbose=2)
print(kerazoo.evaluate(model, "digits", verbose=0))
print(kerazoo.search("separable"))
