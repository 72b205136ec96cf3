"""Charts of nobody, made up by chance: patients of three diseases with plausible courses, straight into a store."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from trialog.charts.files import nowhere
from trialog.charts.store import Bucket, Manifest, StoreError, bucket_number, new_store
from trialog.charts.store_tables import JUDGEMENTS, PATIENTS, vocabulary_digest
from trialog.charts.store_write import Tables, write_bucket
from trialog.codes import BEYOND_CODE
from trialog.problem import Problem
from trialog.synthetic.courses import attributes, conditions, disease_courses, procedures, treatments
from trialog.synthetic.draws import Draws, Ints
from trialog.synthetic.people import people
from trialog.synthetic.results import consents, findings, observations
from trialog.synthetic.rows import Shape, table_of
from trialog.synthetic.statements import SIGNERS, absent, judgements, reviewed
from trialog.vocabulary import Vocabulary

MOST_PATIENTS = 10_000_000
PER_BUCKET = 15_000
MOST_PER_BUCKET = 100_000  # more would not be held in memory with ease


def patient_name(number: int) -> str:
    """The name of the patient with this number, from 1."""
    return f"synthetic-{number:08}"


def generate(
    path: Path, patients: int, seed: int, buckets: int, vocabulary: Vocabulary, done: Callable[[int], None]
) -> Manifest:
    """The store at `path` that these numbers mean, byte by byte. `done` is told how many patients were written.

    Raises StoreError where it cannot be written, or where the vocabulary lacks what the charts speak of.
    """
    shape = Shape(vocabulary, {(JUDGEMENTS, "by"): SIGNERS})
    made_up = {
        "seed": seed,
        "patients": patients,
        "says": "made up by chance: these are no patients, and of no registry",
    }

    def write(store: Path) -> Manifest:
        numbers = _by_bucket(patients, buckets)

        def one(number: int) -> Bucket:
            mine = next_of[number]
            bucket = write_bucket(store, number, _content(shape, mine, Draws(seed, patients, buckets, number)))
            done(len(mine))
            return bucket

        next_of = dict(enumerate(numbers))
        with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
            try:
                written = tuple(workers.map(one, range(buckets)))
            except BaseException:
                workers.shutdown(cancel_futures=True)
                raise
        return Manifest(vocabulary_digest(vocabulary), written, made_up)

    try:
        return new_store(path, write)
    except KeyError as error:
        claim = f"synthetic charts speak of `{error.args[0]}`, which the vocabulary does not have"
        raise StoreError(Problem("E630", claim, nowhere(path), "they are made for the trial that is shipped")) from None


def _by_bucket(patients: int, buckets: int) -> Iterator[Ints]:
    """The numbers of the patients of each bucket, in the order of their names."""
    of_patient = np.fromiter(
        (bucket_number(patient_name(n), buckets) for n in range(1, patients + 1)), np.int32, patients
    )
    order = np.argsort(of_patient, kind="stable")
    ends = np.searchsorted(of_patient[order], np.arange(buckets + 1))
    for low, high in pairwise(ends.tolist()):
        yield order[low:high] + 1


def _content(shape: Shape, numbers: Ints, draws: Draws) -> Tables:
    """All tables of a bucket with these patients."""
    who = people(draws, len(numbers))
    of_conditions = conditions(shape, who)
    of_procedures, of_biopsies = procedures(shape, who)
    rows = {
        **attributes(shape, who),
        "condition": of_conditions,
        "treatment": treatments(shape, who),
        "procedure": of_procedures,
        "biopsy_finding": of_biopsies,
        "disease_course": disease_courses(shape, who),
        "observation": observations(shape, who),
        "finding": findings(shape, who),
        "consent": consents(shape, who),
        "reviewed": reviewed(shape, who),
        "absent": absent(shape, who, of_conditions),
        JUDGEMENTS: judgements(shape, who),
    }
    found = {name: of_table.made() for name, of_table in rows.items()}
    beyond = np.zeros(len(numbers), bool)
    for name, of_table in rows.items():
        for column in of_table.texts:
            beyond[_beyond(found[name], column.removesuffix("_exact"))] = True
    found[PATIENTS] = table_of(
        shape,
        PATIENTS,
        {
            "patient": [patient_name(n) for n in numbers.tolist()],
            "screening": pa.array(who.screening.astype(np.int32)),
            "beyond": pa.array(beyond),
        },
    )
    for name, fields in shape.tables.items():
        if name not in found:
            found[name] = table_of(shape, name, {f.name: () for f in fields})
    return found


def _beyond(table: "pa.Table", column: str) -> Ints:
    """The patients of whom the column holds a number that no code does."""
    given = table.column(f"{column}_exact").is_valid().to_numpy()
    low = table.column(column).to_numpy()
    at_bound = given & (np.abs(low) == BEYOND_CODE)
    return table.column("patient").to_numpy()[at_bound].astype(np.int64)
