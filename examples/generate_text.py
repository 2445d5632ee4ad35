# %% [markdown]
# # Generate text
# A small GPT-2 (Radford et al., 2019) reads 4,000 sentences of a little language,
# letter by letter, and then writes its own. Nobody tells it what a word is.

# %%
import kerazoo
from kerazoo.datasets import little_language

model = kerazoo.create("gpt2", tiny=True)
history = kerazoo.fit(model, "little_language", epochs=12, seed=0, verbose=2)
kerazoo.report.learning_curves(history, "learning_curves.png")

# %% [markdown]
# ## What it writes
# Temperature 1 draws from the model's own distribution; 0, the default, takes the most
# probable letter every time. The verb agrees with its subject across the clause
# between.

# %%
for temperature in (0.0, 0.7, 1.0):
    text = model.generate("the old king", 120, temperature=temperature, seed=0)
    print(f"--- temperature {temperature}\n{text}\n")

# %%
for prompt in ("the girl who likes the birds ", "the girls who like the bird "):
    print(model.generate(prompt, 8, stop_token=ord("\n")))

# %% [markdown]
# ## How good can it get?
# The grammar is known, and so is the least possible cross-entropy.

# %%
loss = kerazoo.evaluate(model, "little_language", verbose=0)["loss"]
print(f"{loss:.3f} nats a letter; the language has {little_language.entropy():.3f}")

# %% [markdown]
# With a network, OpenAI's weights: `kerazoo.gpt2(weights="path/to/gpt2")` takes the
# files of Hugging Face, and `generate("The answer is", 20)` continues English.
