# %% [markdown]
# # Recognise speech
# Deep Speech (Hannun et al., 2014) writes down what it hears, letter by letter, without
# being told when each one sounds: connectionist temporal classification finds that out.
# In this embedded set every letter from a to h is a tone, played in noise.

# %%
import numpy as np

import kerazoo
from kerazoo.datasets import tones

model = kerazoo.create("deep_speech", tiny=True)
history = kerazoo.fit(model, "tone_letters", seed=0, verbose=2)

# %%
print(kerazoo.evaluate(model, "tone_letters", verbose=0))

# %% [markdown]
# ## A new recording
# `transcribe` takes samples as a microphone gives them. The picture shows the
# spectrogram, and above it when the network writes which letter.

# %%
recording = tones.play("bad cafe", np.random.default_rng(7))
print(repr(model.transcribe(recording)))
kerazoo.report.transcript(model, recording, "transcript.png")

# %% [markdown]
# A beam search sums over all the ways to write a text, and takes a language model if
# there is one.

# %%
print(repr(model.transcribe(recording, beam_width=16)))
