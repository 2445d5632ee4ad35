"""The later forms of the early machines against their rules, written out in NumPy."""

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo.datasets.embedded import EMBEDDED
from kerazoo.zoo.history import snarc
from kerazoo.zoo.vision.mitosis_net import maxima

BACKEND = keras.backend.backend()


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def embedded(name, split, shape=None):
    return EMBEDDED[name].load(split, shape)


def fit(model, x, y, batch_size, epochs=1):
    """Plain `fit` in the order of the examples."""
    model.fit(x, y, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)


# --- associative memory


@pytest.mark.parametrize("batch_size", [16, 5])
def test_memory_is_the_sum_of_the_outer_products(batch_size):
    keys, answers = embedded("pattern_pairs", "train", (40,))
    model = kerazoo.associative_memory(input_shape=(40,))
    fit(model, keys, answers, batch_size)
    w = sum(np.outer(key, answer) for key, answer in zip(keys, answers, strict=True))
    np.testing.assert_array_equal(model.get_weights()[0], w)
    noisy, _ = embedded("pattern_pairs", "test", (40,))
    recalled = model.predict(noisy, verbose=0)
    np.testing.assert_array_equal(recalled, np.sign(noisy @ w))


def test_memory_forgives_noise_until_it_holds_too_much():
    right = {}
    for inputs in (256, 16):
        data = [embedded("pattern_pairs", split, (inputs,)) for split in
                ("train", "test")]  # fmt: skip
        model = kerazoo.associative_memory(input_shape=(inputs,))
        kerazoo.fit(model, data[0], verbose=0)
        right[inputs] = kerazoo.evaluate(model, data[1], verbose=0)["accuracy"]
    # A sign is wrong if crosstalk, of variance 15 / inputs, outdoes the key's 0.8.
    assert right[256] > 0.995
    assert 0.7 < right[16] < 0.9


# --- SNARC on a random graph


@pytest.mark.parametrize("seed", range(5))
def test_random_maze_is_a_maze(seed):
    maze = snarc.random_maze(seed)
    assert maze == snarc.random_maze(seed) != snarc.random_maze(seed + 1)
    assert np.shape(maze) == np.shape(snarc.MAZE)
    passages = {(a, b) for a, ways in enumerate(maze) for b in ways if a != b}
    assert len(passages) == 20 and passages == {(b, a) for a, b in passages}
    for cell, ways in enumerate(maze):
        led = [way for way in ways if way != cell]
        assert len(led) == len(set(led))
    steps = np.linalg.matrix_power
    joined = np.zeros((10, 10), int)
    joined[tuple(zip(*passages, strict=True))] = 1
    lengths = [n for n in range(10) if steps(joined, n)[0, 9]]
    assert lengths[0] == snarc.distance(maze) == snarc.distance(snarc.MAZE) == 5


def test_snarc_runs_and_learns_on_a_random_graph(tmp_path):
    model = kerazoo.snarc(max_steps=100, random_wiring=3)
    model.save(tmp_path / "snarc.keras")
    model = keras.saving.load_model(tmp_path / "snarc.keras")
    chance, y = embedded("maze_chance", "train", (100, 8))
    maze, p, change = snarc.random_maze(3), np.full((10, 4), 0.5), np.zeros((10, 4))
    taken = []
    for run in chance[:6]:
        cell, charge, steps = 0, np.zeros((10, 4)), 0
        while cell != 9 and steps < 100:
            passing = [a for a in range(4) if run[steps, a] < p[cell, a]]
            charge *= 0.8
            if passing:
                a = max(passing, key=lambda a, luck=run[steps]: luck[4 + a])
                charge[cell, a] = 1
                cell = maze[cell][a]
            steps += 1
        taken.append(steps)
        new = p + 0.2 * charge * (1 - p)
        new = np.clip(new - 0.05 * (1 - charge) * new, 0.05, 0.99)
        change += (cell == 9) * (new - p) / 6
    assert change.any()
    np.testing.assert_array_equal(model.predict(chance[:6], verbose=0)[:, 0], taken)
    fit(model, chance[:6], y[:6], batch_size=6)
    np.testing.assert_allclose(model.get_weights()[0], p + change, atol=1e-6)


# --- neocognitron with a read-out


def test_readout_learns_from_labels_and_the_cells_do_not():
    keras.utils.set_random_seed(0)
    model = kerazoo.neocognitron_readout(planes=6)
    plain = kerazoo.neocognitron(planes=6)
    plain.set_weights(model.get_weights()[:-2])
    x, y = embedded("stroke_digits", "train")
    x = x / np.float32(255)
    for one in (model, plain):
        one.run_eagerly = BACKEND == "tensorflow"
        fit(one, x, y, batch_size=1)
    u, (kernel, bias) = plain.predict(x[:1], verbose=0), model.get_weights()[-2:]
    probability = np.exp(u @ kernel + bias)
    probability /= probability.sum()
    loss, accuracy = model.test_on_batch(x[:1], y[:1])
    assert loss == pytest.approx(-np.log(probability[0, y[0]]), rel=1e-4)
    fit(model, x[:1], y[:1], batch_size=1)
    fit(plain, x[:1], y[:1], batch_size=1)
    error = np.eye(10)[y[:1]] - probability
    after = model.get_weights()
    np.testing.assert_allclose(after[-2], kernel + u.T @ error, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(after[-1], bias + error[0], rtol=1e-4, atol=1e-5)
    for a, b in zip(after[:-2], plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


# --- averaged and pocket perceptron


def overlapping(n=120):
    """Three classes of binary images that no perceptron separates."""
    random = np.random.default_rng(0)
    y = random.integers(0, 3, n)
    x = random.random((n, 3, 4, 1)) < np.where(np.arange(12) // 4 == y[:, None], 0.7,
                                                0.3).reshape(n, 3, 4, 1)  # fmt: skip
    return x.astype("float32"), y


def error_correction(x, y):
    """Weights, threshold in the last row, and whether they were right, at each step."""
    w = np.zeros((13, 3))
    for image, label in zip(x, y, strict=True):
        seen = np.append(image.ravel(), 1)
        error = np.eye(3)[label] - (seen @ w > 0)
        yield w, error == 0, w + np.outer(seen, error)
        w = w + np.outer(seen, error)


def answers(x, w):
    return x.reshape(len(x), -1) @ w[:-1] + w[-1]


def test_averaged_perceptron_counts_weights_by_the_examples_they_survive():
    x, y = overlapping()
    model = kerazoo.averaged_perceptron(input_shape=(3, 4, 1), classes=3)
    np.testing.assert_array_equal(model.predict(x, verbose=0), 0)
    # As the voted perceptron counts: 1 for new weights, and 1 for each right answer.
    for part in (x[:70], y[:70]), (x[70:], y[70:]):
        fit(model, *part, batch_size=1)
        model.evaluate(*part, verbose=0)  # which must leave no trace
    voted, last = np.zeros((13, 3)), None
    for unit in range(3):
        survivors = [[np.zeros(13), 0]]
        for _, right, after in error_correction(x, y):
            if right[unit]:
                survivors[-1][1] += 1
            else:
                survivors.append([after[:, unit], 1])
            last = after
        assert len(survivors) > 10
        voted[:, unit] = sum(count * w for w, count in survivors) / len(x)
    response = model.get_layer("response")
    np.testing.assert_array_equal(numpy(response.kernel), last[:-1])
    np.testing.assert_array_equal(
        numpy(response.kernel_sum + response.kernel), np.rint(voted[:-1] * len(x))
    )
    np.testing.assert_allclose(
        model.predict(x, verbose=0), answers(x, voted), atol=1e-4
    )


def test_pocket_perceptron_keeps_the_weights_with_the_longest_run():
    x, y = overlapping()
    model = kerazoo.pocket_perceptron(input_shape=(3, 4, 1), classes=3)
    for part in (x[:70], y[:70]), (x[70:], y[70:]):
        fit(model, *part, batch_size=1)
        model.evaluate(*part, verbose=0)  # which must leave no trace
    pocket, longest, run = np.zeros((13, 3)), np.zeros(3), np.zeros(3)
    steps = list(error_correction(x, y))
    last = steps[-1][2]
    for w, right, _ in steps:
        for unit in range(3):
            run[unit] = run[unit] + 1 if right[unit] else 0
            if run[unit] > longest[unit]:
                longest[unit], pocket[:, unit] = run[unit], w[:, unit]
    response = model.get_layer("response")
    np.testing.assert_array_equal(numpy(response.kernel), last[:-1])
    np.testing.assert_array_equal(numpy(response.pocket_kernel), pocket[:-1])
    np.testing.assert_array_equal(numpy(response.pocket_bias), pocket[-1])
    np.testing.assert_array_equal(numpy(response.longest), longest)
    assert (pocket != last).any(axis=0).all()
    np.testing.assert_array_equal(model.predict(x, verbose=0), answers(x, pocket))


@pytest.mark.parametrize("name", ["averaged_perceptron", "pocket_perceptron"])
def test_what_a_perceptron_remembers_is_saved(name, tmp_path):
    x, y = overlapping()
    model = kerazoo.create(name, input_shape=(3, 4, 1), classes=3)
    fit(model, x[:50], y[:50], batch_size=1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        fit(one, x[50:], y[50:], batch_size=1)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# --- mitosis detector


def test_detector_looks_at_every_pixel_turned_and_mirrored():
    keras.utils.set_random_seed(0)
    model = kerazoo.mitosis_detector(maps=2, units=3, compile=False)
    x, _ = embedded("mitosis_windows", "test")
    image = x[0, 20:80, 30:85] / np.float32(127.5) - 1  # 60x55
    ((*found,),) = model.detect(image[None], threshold=0.0, radius=0)
    assert len(found) == 60 * 55 == len({(row, column) for row, column, _ in found})
    scores = [score for *_, score in found]
    assert scores == sorted(scores, reverse=True)
    padded = np.pad(image, [(50, 50), (50, 50), (0, 0)], mode="reflect")
    for row, column, score in found[:: 60 * 11]:
        window = padded[row : row + 101, column : column + 101]
        turned = [np.rot90(window, k) for k in range(4)]
        seen = np.stack(turned + [np.fliplr(one) for one in turned])
        expected = model.predict(seen, verbose=0)[:, 1].mean()
        assert score == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ValueError, match="built for 202x202"):
        kerazoo.mitosis_detector(
            input_shape=(202, 202, 3), maps=2, units=3, compile=False
        ).detect(image[None])


def test_detector_smooths_by_a_disk():
    keras.utils.set_random_seed(0)
    model = kerazoo.mitosis_detector(maps=2, units=3, compile=False)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 53, 52, 3)).astype("float32")
    raw, smooth = np.zeros((53, 52)), []
    for row, column, score in model.detect(image, threshold=0.0, radius=0)[0]:
        raw[row, column] = score
    i, j = np.mgrid[-3:4, -3:4]
    disk = i**2 + j**2 <= 9
    padded = np.pad(raw, 3)
    for row, column, score in model.detect(image, threshold=0.0, radius=3)[0]:
        expected = padded[row : row + 7, column : column + 7][disk].mean()
        assert score == pytest.approx(expected, rel=1e-4)
        smooth.append((row, column))
    apart = np.array(smooth)[:, None] - np.array(smooth)
    assert (np.square(apart).sum(-1) + 1000 * np.eye(len(smooth)) > 36).all()


def test_maxima_suppress_their_neighbourhood():
    chances = np.zeros((30, 40), "float32")
    chances[5, 5], chances[5, 14], chances[5, 16], chances[20, 30] = 0.9, 0.8, 0.7, 0.3
    found = maxima(chances, 0.5, 10)
    assert [place[:2] for place in found] == [(5, 5), (5, 16)]
    assert len(maxima(chances, 0.2, 10)) == 3
    assert chances[5, 14] == np.float32(0.8)
