# %% [markdown]
# # Transfer learning
# What a network learned for one task serves another: keep its body, put a new head on
# it. With an internet connection the body comes from ImageNet:
#
#     body = kerazoo.resnet18(weights="imagenet", include_top=False)
#
# So that this runs anywhere, the body here learns to read digits, and is kept in a
# file. The new task is to tell even digits from odd ones, from 20 examples.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import kerazoo

teacher = kerazoo.create("resnet18", tiny=True)
kerazoo.fit(teacher, "digits", epochs=6, seed=0, verbose=0)
teacher.save("teacher.keras")


def even_or_odd(split):
    """Images as the network takes them, and 0 for even digits, 1 for odd ones."""
    batches = kerazoo.datasets.load("digits", split, model=teacher, shuffle=False)
    x, y = map(np.concatenate, zip(*batches.as_numpy_iterator(), strict=True))
    return x, y % 2


# %% [markdown]
# ## Three students
# One starts from nothing, one learns a head on the frozen body, and one goes on from
# there with the whole network, at a small rate: fine-tuning.

# %%
(x, y), test = even_or_odd("train"), even_or_odd("test")


def train(model, title, rate):
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    history = model.fit(x[:20], y[:20], 5, 15, validation_data=test, verbose=0).history
    accuracy = history["val_accuracy"]
    plt.plot(accuracy, label=f"{title}: {accuracy[-1]:.0%}")


keras.utils.set_random_seed(0)
train(kerazoo.create("resnet18", tiny=True, classes=2), "from nothing", 3e-3)
learned = kerazoo.load("teacher.keras")
body = keras.Model(learned.input, learned.get_layer("avg_pool").output, trainable=False)
student = keras.Sequential([body, keras.layers.Dense(2, activation="softmax")])
train(student, "frozen body", 3e-2)
body.trainable = True
train(student, "fine-tuned", 3e-4)
plt.legend(title="test accuracy")
plt.xlabel("epoch")
plt.savefig("students.png")
