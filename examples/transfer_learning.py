# %% [markdown]
# # Transfer learning
# What a network learned for one task serves another: keep its body, put a new head on
# it. With an internet connection the body comes from ImageNet:
#
#     body = kerazoo.resnet18(weights="imagenet", include_top=False)
#
# So that this runs anywhere, the body here learns to read the digits 0 to 4, and is
# kept in a file. The new task is to tell 5 to 9 apart, from 25 examples.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import kerazoo

teacher = kerazoo.create("resnet18", tiny=True)


def digits(split, low, high):
    """Images of some digits as the network takes them, and labels from 0 on."""
    batches = kerazoo.datasets.load("digits", split, model=teacher, shuffle=False)
    x, y = map(np.concatenate, zip(*batches.as_numpy_iterator(), strict=True))
    wanted = (low <= y) & (y < high)
    return x[wanted], y[wanted] - low


kerazoo.fit(teacher, digits("train", 0, 5), epochs=6, seed=0, verbose=0)
teacher.save("teacher.keras")

# %% [markdown]
# ## Three students
# One starts from nothing, one learns a head on the frozen body, and one goes on from
# there with the whole network, at a small rate: fine-tuning.

# %%
(x, y), test = digits("train", 5, 10), digits("test", 5, 10)
few = np.concatenate([np.flatnonzero(y == label)[:5] for label in range(5)])


def train(model, title, rate):
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    history = model.fit(x[few], y[few], 5, 15, validation_data=test, verbose=0).history
    accuracy = history["val_accuracy"]
    plt.plot(accuracy, label=f"{title}: {accuracy[-1]:.0%}")


keras.utils.set_random_seed(0)
train(kerazoo.create("resnet18", tiny=True, classes=5), "from nothing", 3e-3)
learned = kerazoo.load("teacher.keras")
body = keras.Model(learned.input, learned.get_layer("avg_pool").output, trainable=False)
student = keras.Sequential([body, keras.layers.Dense(5, activation="softmax")])
train(student, "frozen body", 3e-2)
body.trainable = True
train(student, "fine-tuned", 3e-4)
plt.legend(title="test accuracy")
plt.savefig("students.png")
