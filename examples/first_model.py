# %% [markdown]
# # A first model in three lines
# LeNet-5 (LeCun et al., 1998) learns to read handwritten digits in a quarter of a
# minute. The three lines run anywhere: the digits come with scikit-learn.

# %%
import kerazoo

model = kerazoo.create("lenet5", tiny=True)
history = kerazoo.fit(model, "digits", seed=0, verbose=2)
print(kerazoo.evaluate(model, "digits", verbose=0))

# %%
kerazoo.report.learning_curves(history, "learning_curves.png")

# %% [markdown]
# Every network has a card: its paper, recipe, exact size, published results and every
# departure from the paper.

# %%
card = kerazoo.card("lenet5")
print(card.paper)
print(f"{card.params:,} trainable parameters, {card.macs:,} multiply-accumulates")
for deviation in card.deviations:
    print("-", deviation)

# %% [markdown]
# The zoo is searched without importing a framework.

# %%
print(kerazoo.list_models("resnet*"))
print(kerazoo.search("cifar residual"))
