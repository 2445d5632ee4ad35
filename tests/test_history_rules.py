"""The early machines against their rules, written out in NumPy or Python."""

import itertools

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo.datasets.embedded import EMBEDDED
from kerazoo.datasets.generated import GATES
from kerazoo.layers.local_rule import SelfOrganizing
from kerazoo.zoo.history import hebbian_layer, mcculloch_pitts

BACKEND = keras.backend.backend()


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def step(model, x, y, rate=1.0):
    """One step of plain SGD on one batch, through `fit`."""
    model.optimizer.learning_rate = rate
    # On TensorFlow one step costs less than its tracing, but for snarc's long loop.
    model.run_eagerly = BACKEND == "tensorflow" and model.name != "snarc"
    model.fit(x, y, batch_size=len(x), epochs=1, shuffle=False, verbose=0)


def embedded(name, split, shape=None):
    return EMBEDDED[name].load(split, shape)


# --- McCulloch-Pitts


@pytest.mark.parametrize("gate", GATES)
def test_gate_equals_its_formula_on_all_inputs(gate):
    model = kerazoo.mcculloch_pitts(net=gate)
    assert kerazoo.evaluate(model, f"{gate}_gate", verbose=0)["binary_accuracy"] == 1
    x, y = embedded(f"{gate}_gate", "test")
    assert len(x) == 2 ** x.shape[1]
    np.testing.assert_array_equal(numpy(model(x)), y)


# N[i](t) of Figure 1, as the paper writes it; before time 0 nothing fires.
FIGURE_1 = {
    "fig1a": lambda n, t: [n[1](t - 1)],
    "fig1b": lambda n, t: [n[1](t - 1) or n[2](t - 1)],
    "fig1c": lambda n, t: [n[1](t - 1) and n[2](t - 1)],
    "fig1d": lambda n, t: [n[1](t - 1) and not n[2](t - 1)],
    "fig1e": lambda n, t: [
        n[1](t - 1) or (n[2](t - 3) and not n[2](t - 2)),
        n[2](t - 2) and n[2](t - 1),
    ],
    "fig1f": lambda n, t: [relative(n, t - 1), relative(n, t - 2)],
    "fig1g": lambda n, t: [n[2](t - 2) and not n[1](t - 3)],
    "fig1h": lambda n, t: [n[1](t - 1) and n[1](t - 2)],
    "fig1i": lambda n, t: [
        n[2](t - 1) or (n[1](t - 1) and any(n[1](x) and n[2](x) for x in range(t - 1)))
    ],
    "latch": lambda n, t: [latch(n, t)],
}


def relative(n, t):
    return (not n[1](t) and (n[2](t) or n[3](t))) or (n[1](t) and n[2](t) and n[3](t))


def latch(n, t):
    """Set or still on from before, and not reset."""
    return t > 0 and (n[1](t - 1) or latch(n, t - 1)) and not n[2](t - 1)


@pytest.mark.parametrize("net", FIGURE_1)
def test_net_equals_its_formula_on_all_spike_trains(net):
    time = 6 if net != "fig1f" else 4  # three inputs: 4096 trains
    afferents = len(mcculloch_pitts.NETS[net][0].split())
    trains = np.float32(list(itertools.product((0, 1), repeat=time * afferents)))
    trains = trains.reshape(-1, time, afferents)
    outputs = numpy(kerazoo.mcculloch_pitts(net=net)(trains))
    for train, output in zip(trains, outputs, strict=True):
        n = {
            i + 1: lambda t, spikes=spikes: t >= 0 and bool(spikes[t])
            for i, spikes in enumerate(train.T)
        }
        expected = [FIGURE_1[net](n, t) for t in range(1, time + 1)]
        np.testing.assert_array_equal(output, np.float32(expected))


def test_inhibition_is_absolute():
    net = ("a b c d", {"y": (2, "a b c", "d")}, "y", 1)
    model = kerazoo.mcculloch_pitts(net=net)
    x = np.float32([[1, 1, 1, 0], [1, 1, 1, 1]])
    np.testing.assert_array_equal(numpy(model(x)), [[1], [0]])


def test_mcculloch_pitts_refuses():
    with pytest.raises(ValueError, match="no trainable weights"):
        kerazoo.fit(kerazoo.mcculloch_pitts())
    with pytest.raises(ValueError, match="`net` must be one of"):
        kerazoo.mcculloch_pitts(net="nope")
    with pytest.raises(ValueError, match="neuron 'z'"):
        kerazoo.mcculloch_pitts(net=("a", {"y": (1, "z", "")}, "y", 1))


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (3, "must be \\(inputs, neurons, outputs, steps\\).*net=3"),
        (("a", {"y": (1, "a", "")}, "y"), "must be \\(inputs, neurons"),
        (("a", {"y": (1, "a")}, "y", 1), "y=\\(1, 'a'\\)"),
        (("a", {"a": (1, "a", "")}, "a", 1), "a name of its own.*: a, a"),
        (("on", {"y": (1, "on", "")}, "y", 1), "other than 'on'"),
        (("a", {"y": (1, "a", "")}, "", 1), "must have inputs and outputs"),
        (("a", {"y": (1, "a", "")}, "y", 0), "steps of `net`.*: 0"),
    ],
)
def test_mcculloch_pitts_refuses_what_is_no_net(net, message):
    with pytest.raises(ValueError, match=message):
        kerazoo.mcculloch_pitts(net=net)


# --- Hebb, Oja, Sanger


def hebbian_change(rule, x, w, forgetting):
    """Mean over the batch of the textbook's rule, one unit after another."""
    change = np.zeros_like(w)
    y = x @ w
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    for p in range(len(x)):
        for i in range(w.shape[1]):
            seen = {"oja": [i], "oja_subspace": range(w.shape[1])}.get(
                rule, range(i + 1)
            )
            if rule == "covariance":
                change[:, i] += (x[p] - x_mean) * (y[p, i] - y_mean[i])
                continue
            change[:, i] += x[p] * y[p, i]
            if rule == "decay":
                change[:, i] -= forgetting * w[:, i]
            if rule in ("oja", "oja_subspace", "sanger"):
                change[:, i] -= y[p, i] * sum(y[p, j] * w[:, j] for j in seen)
    return change / len(x)


@pytest.mark.parametrize("rule", hebbian_layer.RULES)
def test_hebbian_step_is_the_rule(rule):
    model = kerazoo.hebbian_layer(input_shape=(6,), units=3, rule=rule, forgetting=0.3)
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    w = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")
    model.set_weights([w])
    step(model, x, np.zeros(5), rate=0.25)
    expected = w + 0.25 * hebbian_change(rule, x, w, 0.3)
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-5, atol=1e-5)


def cosines(w, directions):
    """|cos| between columns of w and rows of directions, pair by pair."""
    w = w / np.linalg.norm(w, axis=0)
    return np.abs(np.sum(w.T * directions, axis=1))


def test_oja_finds_the_first_principal_component():
    covariance = np.array([[3, 1.5], [1.5, 1]])
    x = np.random.default_rng(0).multivariate_normal([0, 0], covariance, 2000)
    keras.utils.set_random_seed(0)
    model = kerazoo.hebbian_layer(input_shape=(2,), units=1, rule="oja")
    model.optimizer.learning_rate = 0.05
    model.fit(x.astype("float32"), batch_size=10, epochs=5, verbose=0)
    w = model.get_weights()[0]
    top = np.linalg.eigh(covariance)[1][:, -1:].T
    assert cosines(w, top) > 0.99
    assert np.linalg.norm(w) == pytest.approx(1, abs=0.05)


def test_sanger_finds_the_principal_components_of_the_digits_in_order():
    from sklearn.decomposition import PCA

    keras.utils.set_random_seed(0)
    model = kerazoo.create("hebbian_layer", tiny=True)
    kerazoo.fit(model, seed=0, verbose=0)
    x, _ = embedded("centred_digits", "train")
    pca = PCA(8).fit(x)
    assert cosines(model.get_weights()[0], pca.components_).min() > 0.95
    measured = kerazoo.evaluate(model, (x, np.zeros(len(x))), verbose=0)
    best = pca.explained_variance_ratio_.sum()
    assert best - 0.02 < measured["explained_variance"] < best + 1e-3


def test_hebbian_layer_refuses_an_unknown_rule():
    with pytest.raises(ValueError, match="`rule` must be one of hebb"):
        kerazoo.hebbian_layer(rule="heb")


@pytest.mark.parametrize("name", ["hebbian_layer", "associative_memory"])
def test_there_must_be_units(name):
    with pytest.raises(ValueError, match="`units` must be at least 1.*units=0"):
        kerazoo.create(name, units=0)


# --- SNARC


def run_rat(chance, p):
    """One run written out: steps, charge of the synapses, whether the goal was met."""
    from kerazoo.zoo.history.snarc import MAZE

    cell, charge = 0, np.zeros((10, 4))
    for taken, (*luck,) in enumerate(chance):
        if cell == 9:
            return taken, charge, True
        charge *= 0.8
        passing = [a for a in range(4) if luck[a] < p[cell, a]]
        if passing:
            a = max(passing, key=lambda a: luck[4 + a])
            charge[cell, a] = 1
            cell = MAZE[cell][a]
    return len(chance), charge, cell == 9


def test_snarc_runs_and_learns_as_written_out():
    model = kerazoo.snarc()
    chance, y = embedded("maze_chance", "train", (500, 8))
    p = np.full((10, 4), 0.5)
    runs = [run_rat(c, p) for c in chance[:4]]
    taken = model.predict(chance[:4], verbose=0)
    np.testing.assert_array_equal(taken[:, 0], [run[0] for run in runs])
    change = np.zeros_like(p)
    for _, charge, rewarded in runs:
        new = p + 0.2 * charge * (1 - p)
        new = np.clip(new - 0.05 * (1 - charge) * new, 0.05, 0.99)
        change += rewarded * (new - p) / len(runs)
    assert change.any()
    step(model, chance[:4], y[:4])
    np.testing.assert_allclose(model.get_weights()[0], p + change, atol=1e-6)


@pytest.mark.parametrize("seed", [-1, 2**31 - 2, 0.5, "a"])
def test_snarc_refuses_what_is_no_seed(seed):
    # From 0 the generator of Park and Miller never gets away.
    with pytest.raises(ValueError, match=f"`random_wiring` must be.*{seed}"):
        kerazoo.snarc(random_wiring=seed)


def test_snarc_needs_a_step():
    with pytest.raises(ValueError, match="`max_steps` must be at least 1.*: 0"):
        kerazoo.snarc(max_steps=0)


def test_snarc_gives_no_reward_without_the_goal():
    model = kerazoo.snarc(max_steps=4)
    chance, y = embedded("maze_chance", "train", (4, 8))
    before = model.get_weights()[0]
    step(model, chance[:8], y[:8])
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_snarc_gets_faster():
    model = kerazoo.snarc()
    chance, y = embedded("maze_chance", "train", (500, 8))
    steps = [
        kerazoo.fit(
            model, (chance[part], y[part]), shuffle=False, verbose=0
        ).history["mean_absolute_error"][0] + 5
        for part in (slice(0, 20), slice(20, 180), slice(180, 200))
    ]  # fmt: skip
    assert steps[-1] < 0.6 * steps[0]


# --- perceptron


def test_perceptron_step_is_error_correction():
    model = kerazoo.perceptron(
        input_shape=(3, 4, 1), classes=3, units=20, fan_out=7, seed=5
    )
    x = (np.random.default_rng(0).random((12, 3, 4, 1)) < 0.5).astype("float32")
    y = np.random.default_rng(1).integers(0, 3, 12)
    wiring = numpy(model.get_layer("association").wiring)
    assert set(np.unique(wiring)) == {-1, 0, 1}
    assert (np.count_nonzero(wiring, axis=1) == 7).all()
    a = (x.reshape(12, -1) @ wiring >= 1).astype("float32")
    w, b = np.zeros((20, 3)), np.zeros(3)
    for i in range(12):
        error = np.eye(3)[y[i]] - (a[i] @ w + b > 0)
        w += np.outer(a[i], error)
        b += error
    model.fit(x, y, batch_size=1, epochs=1, shuffle=False, verbose=0)
    np.testing.assert_array_equal(numpy(model.get_layer("response").kernel), w)
    np.testing.assert_array_equal(numpy(model.get_layer("response").bias), b)
    assert w.any()


def test_mark_1_wiring_is_fixed_seeded_and_saved(tmp_path):
    model = kerazoo.perceptron()
    wiring = numpy(model.get_layer("association").wiring)
    again = numpy(kerazoo.perceptron().get_layer("association").wiring)
    other = numpy(kerazoo.perceptron(seed=3).get_layer("association").wiring)
    np.testing.assert_array_equal(wiring, again)
    assert (wiring != other).any()
    x, y = embedded("mark1_letters", "train")
    kerazoo.fit(model, (x[:40] / 255, y[:40]), epochs=1, verbose=0)
    model.save(tmp_path / "mark1.keras")
    loaded = keras.saving.load_model(tmp_path / "mark1.keras")
    kept = numpy(loaded.get_layer("association").wiring)
    np.testing.assert_array_equal(wiring, kept)
    with pytest.raises(ValueError, match="`fan_out` must be in 1..4"):
        kerazoo.perceptron(units=4)


def test_perceptron_separates_the_letters():
    model = kerazoo.perceptron()
    kerazoo.fit(model, epochs=4, seed=0, verbose=0)
    assert kerazoo.evaluate(model, verbose=0)["accuracy"] > 0.93


# --- ADALINE


def test_adaline_step_is_the_delta_rule():
    model = kerazoo.adaline()
    x, y = embedded("adaline_letters", "train")
    x, y = x[::7], y[::7]
    w, b = np.zeros(16), 0.0
    for flat, label in zip(x.reshape(len(x), 16), y[:, 0], strict=True):
        error = (2 * label - 1) - (flat @ w + b)
        w += 0.01 * error * flat
        b += 0.01 * error
    model.fit(x, y, batch_size=1, epochs=1, shuffle=False, verbose=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(kernel[:, 0], w, atol=1e-5)
    np.testing.assert_allclose(bias, [b], atol=1e-5)


def test_adaline_of_several_classes():
    model = kerazoo.adaline(input_shape=(3,), classes=4)
    x = np.float32([[1, -1, 1]])
    step(model, x, np.array([2]), rate=0.5)
    target = np.float32([-1, -1, 1, -1])
    np.testing.assert_allclose(model.get_weights()[0], 0.5 * np.outer(x, target))


def test_adaline_learns_as_scikit_learns_regressor():
    from sklearn.linear_model import SGDRegressor

    model = kerazoo.adaline()
    x, y = embedded("adaline_letters", "train")
    peer = SGDRegressor(
        penalty=None, learning_rate="constant", eta0=0.01, shuffle=False, max_iter=1,
        tol=None,
    )  # fmt: skip
    peer.fit(x.reshape(len(x), 16).astype("float64"), 2.0 * y[:, 0] - 1)
    model.fit(x, y, batch_size=1, epochs=1, shuffle=False, verbose=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(kernel[:, 0], peer.coef_, atol=1e-5)
    np.testing.assert_allclose(bias, peer.intercept_, atol=1e-5)


def test_adaline_needs_two_classes():
    with pytest.raises(ValueError, match="`classes` must be at least 2.*classes=1"):
        kerazoo.adaline(classes=1)


def test_madaline_step_is_minimal_disturbance():
    keras.utils.set_random_seed(0)
    model = kerazoo.madaline(units=5)
    rng = np.random.default_rng(0)
    turned = []
    for _ in range(16):
        w, b = rng.normal(size=(2, 5)), rng.normal(size=5)
        model.set_weights([w.astype("float32"), b.astype("float32")])
        x, label = rng.normal(size=2).astype("float32"), int(rng.integers(2))
        z, target = x @ w + b, 2 * label - 1
        wrong = [i for i in range(5) if np.sign(z[i]) != target]
        wrong.sort(key=lambda i: abs(z[i]))
        # So many that three of the five are right.
        for i in wrong[: max(len(wrong) - 2, 0)]:
            w[:, i] += 0.1 * (target - z[i]) * x
            b[i] += 0.1 * (target - z[i])
        turned.append(max(len(wrong) - 2, 0))
        step(model, x[None], np.float32([[label]]), rate=0.1)
        np.testing.assert_allclose(model.get_weights()[0], w, atol=1e-5)
        np.testing.assert_allclose(model.get_weights()[1], b, atol=1e-5)
    assert set(turned) == {0, 1, 2, 3}


def test_madaline_learns_exclusive_or_and_needs_an_odd_number():
    keras.utils.set_random_seed(0)
    model = kerazoo.madaline()
    kerazoo.fit(model, seed=0, verbose=0)
    assert kerazoo.evaluate(model, verbose=0)["accuracy"] == 1
    for units in (4, -1, "3"):
        with pytest.raises(ValueError, match=f"odd.*units={units}"):
            kerazoo.madaline(units=units)


# --- neocognitron


def s_cells(u, a, b, r, fading, window, size):
    """S-cells, V-cells and the windows they look at, cell by cell."""
    margin = (size + window - 1 - len(u)) // 2
    u = np.pad(u, [(margin, margin), (margin, margin), (0, 0)])
    planes = a.shape[-1]
    out, v = np.zeros((size, size, planes)), np.zeros((size, size))
    windows = np.zeros((size, size, window, window, u.shape[-1]))
    for i in range(size):
        for j in range(size):
            seen = windows[i, j] = u[i : i + window, j : j + window]
            v[i, j] = np.sqrt(np.sum(fading[:, :, None] * seen**2))
            for k in range(planes):
                drive = 1 + np.sum(a[..., k] * seen)
                shunt = 1 + 2 * r / (1 + r) * b[k] * v[i, j]
                out[i, j, k] = r * max(drive / shunt - 1, 0)
    return out, v, windows


def competition(u, column):
    """{plane: place} of the representatives, column by column."""
    size = len(u)
    candidates = {}
    for i in range(size - column + 1):
        for j in range(size - column + 1):
            square = u[i : i + column, j : j + column]
            di, dj, k = np.unravel_index(square.argmax(), square.shape)
            if square.max() > 0:
                candidates.setdefault(k, set()).add((i + di, j + dj))
    return {k: max(places, key=lambda p: u[(*p, k)]) for k, places in
            candidates.items()}  # fmt: skip


@pytest.mark.parametrize("name", ["U_S1", "U_S2", "U_S3"])
def test_neocognitron_step_reinforces_the_representatives(name):
    keras.utils.set_random_seed(0)
    model = kerazoo.neocognitron(planes=4)
    layer = model.get_layer(name)
    index = model.layers.index(layer)
    rng = np.random.default_rng(0)
    for one in model.layers[::2][:3]:  # as if it had learned before
        one.a.assign(numpy(one.a) * (1 + 2 * rng.random(one.a.shape)))
        one.b.assign(0.01 * rng.random(one.b.shape))
    x, y = embedded("stroke_digits", "test")
    x, y = x[30:31] / np.float32(255), y[30:31]
    u = x
    for before in model.layers[:index]:
        u = numpy(before(u))
    a, b = numpy(layer.a).astype("float64"), numpy(layer.b).astype("float64")
    fading = np.array(layer.fading)
    assert fading.sum() * u.shape[-1] == pytest.approx(1)
    out, v, windows = s_cells(u[0], a, b, layer.r, fading, layer.window, layer.size)
    np.testing.assert_allclose(numpy(layer(u))[0], out, atol=1e-4)
    chosen = competition(out, layer.column)
    assert chosen
    for k, place in chosen.items():
        a[..., k] += layer.q * fading[:, :, None] * windows[place]
        b[k] += layer.q / 2 * v[place]
    step(model, x, y)
    np.testing.assert_allclose(numpy(layer.a), a, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(numpy(layer.b), b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"r": (4.0, 1.5)}, "`r` must have 3 entries.*r=\\(4.0, 1.5\\)"),
        ({"q": 16.0}, "`q` must have 3 entries.*q=16.0"),
        ({"planes": 0}, "`planes` must be at least 1.*planes=0"),
    ],
)
def test_neocognitron_refuses(config, message):
    for builder in (kerazoo.neocognitron, kerazoo.neocognitron_readout):
        with pytest.raises(ValueError, match=message):
            builder(**config)


SEEDS = {"tensorflow": 5, "jax": 4}


@pytest.mark.skipif(BACKEND not in SEEDS, reason="no seed chosen for this backend")
def test_neocognitron_tells_digits_apart_whatever_their_place():
    # The same seed draws other weights on another backend, and of eight draws three to
    # seven let four or five of the digits find planes of their own.
    keras.utils.set_random_seed(SEEDS[BACKEND])
    model = kerazoo.neocognitron()
    kerazoo.fit(model, verbose=0)
    x, _ = embedded("stroke_digits", "train")
    winners = model.predict(x / 255, verbose=0).argmax(axis=-1)
    assert len(set(winners)) >= 4
    x, y = embedded("stroke_digits", "test")
    active = model.predict(x / 255, verbose=0)
    kept = (active.argmax(axis=-1) == winners[y]) & (active.max(axis=-1) > 0)
    assert kept.mean() >= 0.8
    assert kerazoo.evaluate(model, verbose=0)["accuracy"] >= 0.8


def test_winner_accuracy():
    from kerazoo.zoo.history.neocognitron import WinnerAccuracy

    metric = WinnerAccuracy()
    # Unit 0 wins twice for label 3 and once for 1, unit 2 once for 1; one is silent.
    y = np.array([3, 3, 1, 1, 4])
    wins = np.float32([[2, 1, 0], [1, 0, 0], [3, 0, 1], [0, 0, 1], [0, 0, 0]])
    metric.update_state(y[:2], wins[:2])
    metric.update_state(y[2:], wins[2:])
    assert float(metric.result()) == pytest.approx(3 / 5)
    metric.reset_state()
    assert float(metric.result()) == 0


# --- what the three that learn by pseudo-losses have in common


@pytest.mark.parametrize("name", ["hebbian_layer", "snarc", "neocognitron"])
def test_self_organizing_models_load_and_learn_on(name, tmp_path):
    model = kerazoo.create(name, tiny=True)
    data = kerazoo.datasets.load(kerazoo.card(name).offline, model=model, batch_size=4)
    x, y = map(np.asarray, next(iter(data)))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, SelfOrganizing)
    for one in (model, loaded):
        before = one.get_weights()
        step(one, x, y)
        assert any(
            (a != b).any() for a, b in zip(before, one.get_weights(), strict=True)
        )
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
