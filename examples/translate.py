# %% [markdown]
# # Translate
# "Attention is all you need" (Vaswani et al., 2017), reduced, learns from 5,000 pairs
# of a small English and German: genders, agreement, and verbs that wait for the end.

# %%
import kerazoo
from kerazoo.datasets import little_german

model = kerazoo.create("transformer", tiny=True)
history = kerazoo.fit(model, "little_german", epochs=4, seed=0, verbose=2)
kerazoo.report.learning_curves(history, "learning_curves.png")

# %% [markdown]
# Sentences of the test set, none of which it has read, translated by beam search:

# %%
test = little_german.little_german("test")
english, german = test["en"][:8].tolist(), test["de"][:8].tolist()
for source, truth, found in zip(english, german, model.translate(english), strict=True):
    verdict = "" if found == truth else f"\n    not: {truth}"
    print(f"{source}\n    {found}{verdict}")

# %% [markdown]
# BLEU over the whole test set, 1 for word for word, by greedy decoding:

# %%
print(kerazoo.evaluate(model, "little_german", verbose=0))
