"""BLEU against figures worked out by hand."""

import math

import pytest

from kerazoo.bleu import bleu

CAT = "the cat is on the mat"


def test_perfect_and_hopeless():
    assert bleu([CAT], [[CAT]]) == 1.0
    assert bleu([CAT, "a b c d"], [[CAT], ["a b c d"]]) == 1.0
    assert bleu(["nothing of it at all"], [[CAT]]) == 0.0
    assert bleu([""], [[CAT]]) == 0.0


def test_clipping():
    """Papineni et al., 2002, section 2.1: 2 of 7 words are right, not 7."""
    answers = [CAT, "there is a cat on the mat"]
    assert bleu(["the " * 7], [answers], order=1) == pytest.approx(2 / 7)


def test_modified_precisions_of_the_paper():
    """The first example of the paper: candidate 1 has 17/18 words and 10/17 pairs."""
    candidate = (
        "it is a guide to action which ensures that the military always obeys the "
        "commands of the party"
    )
    answers = [
        "it is a guide to action that ensures that the military will forever heed "
        "party commands",
        "it is the guiding principle which guarantees the military forces always "
        "being under the command of the party",
        "it is the practical guide for the army always to heed the directions of the "
        "party",
    ]
    assert bleu([candidate], [answers], order=1) == pytest.approx(17 / 18)
    pairs = bleu([candidate], [answers], order=2)
    assert pairs == pytest.approx(math.sqrt(17 / 18 * 10 / 17))


def test_geometric_mean_and_brevity():
    # Precisions 5/6, 3/5, 2/4, 1/3; no penalty.
    mean = (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
    assert bleu(
        ["the cat sat on a mat"], [["the cat sat on the mat"]]
    ) == pytest.approx(mean)
    # All n-grams right, 5 words for 7.
    short = bleu(["a b c d e"], [["a b c d e f g"]])
    assert short == pytest.approx(math.exp(1 - 7 / 5))
    # Too long costs precision only.
    assert bleu(["a b c"], [["a b"]], order=1) == pytest.approx(2 / 3)


def test_nearest_length_counts():
    nearest = bleu(["a b c d"], [["a b c d e f g", "a b c d e", "a b c"]])
    assert nearest == 1.0  # 3 and 5 are equally near: 3 counts
    assert bleu(["a b c d"], [["a b c d e"]]) == pytest.approx(math.exp(-1 / 4))


def test_counts_of_the_corpus_are_added_first():
    # Right: 4 + 1 of 4 + 2 words, 3 + 0 of 3 + 1 pairs; 6 words for 6.
    both = bleu(["a b c d", "x y"], [["a b c d"], ["x z"]], order=2)
    assert both == pytest.approx(math.sqrt(5 / 6 * 3 / 4))


def test_token_ids_serve_as_words():
    assert bleu([[7, 8, 9, 9]], [[(7, 8, 9, 9)]]) == 1.0


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match="2 candidates, 1 references"):
        bleu(["a", "b"], [["a"]])
    with pytest.raises(ValueError, match="0 candidates"):
        bleu([], [])
    with pytest.raises(ValueError, match="Received: 'a b'"):
        bleu(["a b"], ["a b"])
    with pytest.raises(ValueError, match="one text or more"):
        bleu(["a b"], [[]])
