# %% [markdown]
# # Learn to play
# A deep Q-network (Mnih et al., 2015) learns to catch a falling ball from the pixels of
# the screen and the score. Each epoch it plays with what it knows, and learns from
# that.

# %%
import numpy as np
from PIL import Image, ImageSequence

import kerazoo

model = kerazoo.create("dqn", tiny=True)
print("before:", kerazoo.evaluate(model, "catch", episodes=100, seed=0))
history = kerazoo.fit(model, "catch", seed=0, verbose=0)
returns = {"return": history.history["return"]}
kerazoo.report.learning_curves(returns, "returns.png")

# %%
print("after:", kerazoo.evaluate(model, "catch", episodes=100, seed=0))

# %% [markdown]
# One game, from left to right: the paddle at the bottom goes where the ball will fall.

# %%
kerazoo.report.episode(model, "catch", "catch.gif", seed=0)
frames = ImageSequence.Iterator(Image.open("catch.gif"))
frames = np.stack([np.asarray(frame.convert("RGB")) for frame in frames])
Image.fromarray(kerazoo.report.sample_sheet(frames, "game.png", columns=len(frames)))

# %% [markdown]
# ## Learning a policy instead
# PPO (Schulman et al., 2017) improves the probabilities of its actions directly.

# %%
policy = kerazoo.create("ppo", tiny=True)
history = kerazoo.fit(policy, "catch", seed=0, verbose=0)
print("PPO:", kerazoo.evaluate(policy, "catch", episodes=100, seed=0))

# %% [markdown]
# With `pip install "kerazoo[gym]"` the games are Gymnasium's:
# `kerazoo.fit("ppo_cartpole", "CartPole-v1")`.
