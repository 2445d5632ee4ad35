# %% [markdown]
# # Several GPUs, several hosts
# `kerazoo.fit` uses all GPUs of a machine by itself, and divides every batch among
# them. Where there are none, virtual CPU devices do the same, slowly; they are made
# before the backend starts. This one is JAX, which also trains on several hosts.

# %%
import os
import socket
import subprocess
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import keras

import kerazoo

print(kerazoo.distribution.devices())

# %% [markdown]
# ## Four devices learn what one learns
# `"auto"`, the default, takes GPUs only; `"data_parallel"` takes virtual devices, too.
# The batch size counts over all of them. A last batch that is not full, and could not
# be divided, is left out: hence the small difference.

# %%
for strategy in ("single", "data_parallel"):
    keras.utils.set_random_seed(0)
    model = kerazoo.create("simple_mlp", tiny=True)
    history = kerazoo.fit(
        model, "digits", epochs=5, seed=0, strategy=strategy, verbose=0
    )
    print(f"{strategy:13}", [round(loss, 4) for loss in history.history["loss"]])

# %% [markdown]
# ## Two hosts
# Every host runs the same program, which first of all says where the first host is, how
# many there are, and which one this is. Here they are two processes of this machine.

# %%
PROGRAM = """
import sys, keras
keras.distribution.initialize(sys.argv[1], num_processes=2, process_id=int(sys.argv[2]))
import kerazoo
keras.utils.set_random_seed(0)
model = kerazoo.create("simple_mlp", tiny=True)
settings = {"epochs": 5, "seed": 0, "strategy": "data_parallel", "verbose": 0}
history = kerazoo.fit(model, "digits", **settings)
print("host", sys.argv[2], [round(loss, 4) for loss in history.history["loss"]])
"""
with socket.socket() as free:
    free.bind(("localhost", 0))
    address = f"localhost:{free.getsockname()[1]}"
command = [sys.executable, "-c", PROGRAM, address]
pipe = {"stdout": subprocess.PIPE, "text": True}
hosts = [subprocess.Popen([*command, str(host)], **pipe) for host in range(2)]
for host in hosts:
    print(host.communicate()[0].splitlines()[-1])
