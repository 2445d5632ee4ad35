# %% [markdown]
# # Generate images
# Three ways to draw digits that nobody wrote: an auto-encoder whose code is a Gaussian
# (VAE), a forger against a critic (GAN), and noise that is taken away step by step
# (diffusion). Each model has `sample`.

# %%
from PIL import Image

import kerazoo


def show(images, path, columns):
    """A sheet of images, enlarged."""
    sheet = Image.fromarray(kerazoo.report.sample_sheet(images, path, columns=columns))
    return sheet.resize((600, 600 * sheet.height // sheet.width), Image.Resampling.BOX)


# %% [markdown]
# ## Variational auto-encoder (Kingma & Welling, 2014)

# %%
vae = kerazoo.create("conv_vae", tiny=True)
kerazoo.fit(vae, "digits", seed=0, verbose=0)
print(kerazoo.evaluate(vae, "digits", verbose=0))
show(vae.sample(48, seed=0), "vae.png", columns=16)

# %% [markdown]
# ## Generative adversarial network (DCGAN, Radford et al., 2016)
# The forger never sees a digit: it learns from the critic, who tells them from its own.

# %%
gan = kerazoo.create("dcgan", tiny=True)
kerazoo.fit(gan, "digits", seed=0, verbose=0)
show(gan.sample(48, seed=0), "dcgan.png", columns=16)

# %% [markdown]
# ## Denoising diffusion (DDPM, Ho et al., 2020)
# Each row is one sample on its way from noise to a digit.

# %%
ddpm = kerazoo.create("ddpm", tiny=True)
kerazoo.fit(ddpm, "digits", seed=0, verbose=0)
path = ddpm.trajectory(6, frames=12, seed=0)
show(path.reshape(-1, *path.shape[2:]), "denoising.png", columns=12)

# %%
show(ddpm.sample(48, seed=1), "ddpm.png", columns=16)
