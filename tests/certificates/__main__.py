"""`python -m tests.certificates`: certificates in great number, each made, checked, and changed.

    --cases            of every case of the shipped trial
    --programs N       of N programs made at random (default: 500), each with its charts
    --mutations N      change that many (default: 10000), and see what becomes of them
    --seed N           where to begin (default: 0)

It ends with 1 where a certificate is rejected that was not changed, or accepted though what it says is another.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from random import Random

from tests.certificates.making import Made, of_cases, of_programs
from tests.certificates.mutations import Believed, mutated, outcome
from trialog.certificates.verify import Rejected, verify


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.certificates", description="Certificates, checked and changed."
    )
    parser.add_argument("--cases", action="store_true")
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    said, kept, wrong = Counter[str](), list[Made](), list[str]()
    random = Random(given.seed)
    for made in chain(of_cases() if given.cases else (), of_programs(given.seed * 10_000, given.programs)):
        said["certificates"] += 1
        said["statuses"] += len(made.certificate["statuses"])
        said["verdicts"] += len(made.certificate["verdicts"])
        said |= Counter({f"  {v['verdict']}": said[f"  {v['verdict']}"] + 1 for v in made.certificate["verdicts"]})
        try:
            verify(made.certificate)
        except Rejected as error:
            wrong.append(f"{made.name}: rejected at {error.node[:12]}: {error.why}")
        if random.random() < 1500 / max(1500, said["certificates"]):
            kept.append(made)
    becomes: dict[str, Counter[str]] = {}
    for _ in range(given.mutations if kept else 0):
        made = random.choice(kept)
        kind, changed = mutated(made.certificate, random)
        try:
            found = outcome(made, changed)
        except Believed as error:
            found = "BELIEVED"
            wrong.append(f"{made.name}, {kind}: {error}")
        becomes.setdefault(kind.removesuffix(", hashes left"), Counter())[found] += 1
    for what, number in said.items():
        print(f"{what:<24}{number:>8,}")
    total: Counter[str] = Counter()
    for kind in sorted(becomes):
        total += becomes[kind]
        print(f"{kind:<32}" + "; ".join(f"{found} {n:,}" for found, n in becomes[kind].most_common()))
    print("\nof all changes:")
    for found, n in total.most_common():
        print(f"  {found:<44}{n:>8,}")
    print(f"{time.monotonic() - began:.0f} s")
    for words in wrong[:20]:
        print(words)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
