# %% [markdown]
# # Segment images
# U-Net (Ronneberger et al., 2015) gives a class to every pixel. The reduced one tells
# ground, sky, circles, squares and triangles apart in generated scenes.

# %%
import keras
import numpy as np
from PIL import Image

import kerazoo

keras.utils.set_random_seed(0)
model = kerazoo.create("unet", tiny=True)
history = kerazoo.fit(model, "shapes/masks", seed=0, verbose=2)

# %% [markdown]
# Image, truth and answer, side by side:

# %%
kerazoo.report.show(model, "shapes/masks", "masks.png", n=5)

# %%
print(kerazoo.evaluate(model, "shapes/masks", verbose=0))

# %% [markdown]
# ## Images of any size
# `model.segment` cuts a large image into overlapping tiles and puts the answers
# together.

# %%
batches = kerazoo.datasets.load("shapes/masks", "test", model=model, batch_size=8)
images, *_ = next(batches.as_numpy_iterator())
rows = [np.concatenate([*row], axis=1) for row in images.reshape(2, 4, 64, 64, 3)]
panorama = np.concatenate(rows)
classes = model.segment(panorama)
print(panorama.shape, "->", classes.shape)
sheet = kerazoo.report.regions(panorama[None], [classes[None]], "panorama.png")
Image.fromarray(sheet)
