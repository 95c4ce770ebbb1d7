#!/usr/bin/env python3
"""Makes the word list of pairing codes, crates/wire/src/words.txt.

    scripts/wordlist.py            writes the list
    scripts/wordlist.py --check    fails unless the committed list is the one that this script makes

Needs the Debian packages wamerican and wamerican-small, nothing else. docs/wordlist.md says what
the list must achieve and why.
"""

import argparse
import pathlib
import re
import sys

COUNT = 4096
SHORTEST, LONGEST = 4, 8

# Words that the examples in the documents use, though not all are common ones.
PREFERRED = ("otter", "lantern", "mesa")

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "crates/wire/src/words.txt"
EXCLUDED = ROOT / "scripts/wordlist-excluded.txt"
FULL = pathlib.Path("/usr/share/dict/american-english")
COMMON = pathlib.Path("/usr/share/dict/american-english-small")

LOWER = re.compile(r"[a-z]+")
ROMAN = re.compile(r"m*(cm|cd|d?c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})")
# Letters in a row that are hard to say or to spell from hearing.
AWKWARD = re.compile(r"[aeiou]{3}|[^aeiouy]{4}|(.)\1\1|q(?!u)|[aeiou]{2}$")


def read(path):
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}; install wamerican and wamerican-small")


def excluded(path):
    """The words, and the beginnings (written `begin*`), that must not be in the list."""
    words, starts = set(), []
    for line in read(path):
        for item in line.partition("#")[0].split():
            if item.endswith("*"):
                starts.append(item[:-1])
            else:
                words.add(item)
    return words, tuple(starts)


def stems(word):
    """What the word could be an inflection or derivation of."""
    for ending in ("s", "es", "ed", "d", "ing", "er", "r", "est", "st", "ly", "ness", "y", "or",
                   "ment", "able", "ful", "less", "ish", "en", "ity", "al", "ion", "ist", "ism"):
        if not word.endswith(ending):
            continue
        stem = word[: -len(ending)]
        if len(stem) < 3:
            continue
        yield stem
        yield stem + "e"
        if stem.endswith("i"):
            yield stem[:-1] + "y"
        if stem[-1] == stem[-2]:
            yield stem[:-1]
    for start in ("un", "re", "in", "im", "dis", "mis", "non", "over", "out", "de"):
        if word.startswith(start) and len(word) - len(start) >= 3:
            yield word[len(start) :]


def holes(word):
    """Two words of equal length are one substitution apart if they share a hole."""
    return (word[:i] + "." + word[i + 1 :] for i in range(len(word)))


def shortened(word):
    """The word with one letter taken out; so also one insertion the other way."""
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


def family_sizes(full):
    """For each word the number of words that begin with it: what is much used is much derived."""
    sizes = {}
    for word in full:
        for end in range(SHORTEST, min(len(word), LONGEST) + 1):
            start = word[:end]
            sizes[start] = sizes.get(start, 0) + 1
    return sizes


def candidates():
    """Common words that may be in the list, best first."""
    full_lines, common_lines = set(read(FULL)), set(read(COMMON))
    full = {word for word in full_lines if LOWER.fullmatch(word)}
    common = {word for word in common_lines & full_lines if LOWER.fullmatch(word)}
    names = {word.lower() for word in full_lines if word[:1].isupper()}
    bad_words, bad_starts = excluded(EXCLUDED)
    sizes = family_sizes(full)
    found = []
    for word in (common | set(PREFERRED)) - bad_words:
        if not SHORTEST <= len(word) <= LONGEST or word.startswith(bad_starts):
            continue
        if ROMAN.fullmatch(word):
            continue
        derived = any(stem in full for stem in stems(word))
        # A noun has a possessive form in the dictionary: nouns are easier to say and remember.
        noun = f"{word}'s" in common_lines
        cost = 10 * derived + 3 * (not noun) + 3 * bool(AWKWARD.search(word))
        cost += 2 * (word in names) + len(word) - min(sizes.get(word, 1), 12) // 3
        found.append((word not in PREFERRED, cost, word))
    return [word for _, _, word in sorted(found)]


def choose(words):
    """Takes words in their order, each at an edit distance of two or more from those before."""
    chosen, seen_words, seen_holes, seen_shortened = [], set(), set(), set()
    for word in words:
        if len(chosen) == COUNT:
            break
        mine, shorter = set(holes(word)), set(shortened(word))
        if mine & seen_holes or shorter & seen_words or word in seen_shortened:
            continue
        chosen.append(word)
        seen_words.add(word)
        seen_holes |= mine
        seen_shortened |= shorter
    return sorted(chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    words = choose(candidates())
    if len(words) != COUNT:
        sys.exit(f"only {len(words)} words are left of the {COUNT} needed")
    text = "".join(f"{word}\n" for word in words)
    if not arguments.check:
        TARGET.write_text(text, encoding="ascii")
    elif TARGET.read_text(encoding="ascii") != text:
        sys.exit(f"{TARGET.relative_to(ROOT)} is not the list that this script makes")
    letters = sum(map(len, words)) / COUNT
    print(f"{TARGET.relative_to(ROOT)}: {COUNT} words, {letters:.2f} letters each")


if __name__ == "__main__":
    main()
