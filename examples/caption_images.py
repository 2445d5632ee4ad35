# %% [markdown]
# # Describe images
# Show and Tell (Vinyals et al., 2015): a convolutional network looks, a recurrent one
# writes. The reduced pair describes generated scenes.

# %%
import kerazoo

model = kerazoo.create("show_and_tell", tiny=True)
history = kerazoo.fit(model, "shapes/captions", seed=0, verbose=2)

# %% [markdown]
# Captions of test images, by beam search:

# %%
kerazoo.report.answers(model, "shapes/captions", "captions.png", n=8)

# %% [markdown]
# BLEU compares them with the true captions; 1 would be word for word.

# %%
print(kerazoo.evaluate(model, "shapes/captions", verbose=0))
