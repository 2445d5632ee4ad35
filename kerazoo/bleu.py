"""BLEU, the measure of translations and captions, in plain Python."""

import collections
import math


def bleu(candidates, references, order=4):
    """BLEU of a whole corpus (Papineni, Roukos, Ward & Zhu, 2002).

    The geometric mean of the precisions of n-grams, n = 1 ... `order`, times a penalty
    for candidates that are shorter than their references in all. An n-gram of a
    candidate is right as often as it occurs in the reference that has it most often.
    Nothing is smoothed: without one right n-gram of every length the figure is 0.

    Args:
        candidates: texts, one for each source. A text is a string, which is cut into
            words at white space, or a list of words or of token ids.
        references: for each candidate the list of its right answers, texts likewise.
        order: length of the longest n-grams.

    Returns:
        A number from 0 to 1; papers print it times 100.

    Raises:
        ValueError: not as many lists of references as candidates, a candidate without
            references, or nothing to measure.

    Example:
        >>> bleu(["the cat sat on a mat"], [["the cat sat on the mat"]])
        0.537284965911771
    """
    if len(candidates) != len(references) or not len(candidates):
        raise ValueError(
            "`references` must hold a list for each of the candidates. Received: "
            f"{len(candidates)} candidates, {len(references)} references"
        )
    right, all_of_them = [0] * order, [0] * order
    length = reference_length = 0
    for candidate, answers in zip(candidates, references, strict=True):
        if isinstance(answers, str) or not len(answers):
            raise ValueError(
                "`references` must hold lists of one text or more. Received: "
                f"{answers!r}"
            )
        candidate, answers = _words(candidate), [_words(answer) for answer in answers]
        length += len(candidate)
        # The reference of the nearest length; of two equally near ones the shorter.
        reference_length += min(
            (abs(len(answer) - len(candidate)), len(answer)) for answer in answers
        )[1]
        for n in range(1, order + 1):
            known = collections.Counter()
            for answer in answers:
                known |= _ngrams(answer, n)  # the larger count of the two
            found = _ngrams(candidate, n)
            right[n - 1] += (found & known).total()
            all_of_them[n - 1] += found.total()
    if not all(right):
        return 0.0
    logarithms = [math.log(a / b) for a, b in zip(right, all_of_them, strict=True)]
    brevity = min(0.0, 1 - reference_length / length)
    return math.exp(brevity + sum(logarithms) / order)


def _words(text):
    return text.split() if isinstance(text, str) else list(text)


def _ngrams(words, n):
    starts = range(len(words) - n + 1)
    return collections.Counter(tuple(words[i : i + n]) for i in starts)
