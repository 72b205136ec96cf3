"""Whether a certificate's rules are those of a knowledge base, and its rows those of a chart: what the checker takes on trust."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version

from trialog.certificates.certify import Certifier, sealed
from trialog.certificates.notation import Json
from trialog.certificates.verify import digest, row_of
from trialog.charts.chart import Chart
from trialog.charts.facts import facts
from trialog.plain import Row
from trialog.values import days, term


def intact(certificate: Json) -> str:
    """What is not as it was written, in a few words; empty where every hash is that of what it names."""
    if sealed(certificate)["sha256"] != certificate["sha256"]:
        return "as a whole"
    for identifier, rule in certificate["rules"].items():
        if digest(rule) != identifier:
            return f"in rule `{identifier[:12]}`"
    for node in certificate["nodes"]:
        if digest({k: v for k, v in node.items() if k != "id"}) != node["id"]:
            return f"in node `{node['id'][:12]}`"
    return ""


def against_knowledge(certificate: Json, knowledge_base: str, certifier: Certifier) -> Iterator[str]:
    """Each way in which the certificate differs from what this knowledge base gives under the same readings."""
    header, program = certificate["header"], certifier.program
    if header["trialog"] != version("trialog"):
        yield f"it was written by trialog {header['trialog']}, and this is {version('trialog')}"
    if header["knowledge_base"] != knowledge_base:
        yield "the hash of the knowledge base is another"
    for what, said, is_ in (
        ("the title", header["title"], program.title),
        ("the relations of judgements", header["judgements"], certifier.judgements),
        ("the readings", header["readings"], dict(sorted(certifier.screener.readings.items()))),
        ("the rules in their author's words", certificate["written"], certifier.written),
    ):
        if said != is_:
            yield f"{what} differ" if what.endswith("s") else f"{what} differs"
    for identifier in sorted(certificate["rules"].keys() ^ certifier.rules.keys()):
        more = certificate["rules"].get(identifier)
        relation = (more or certifier.rules[identifier])["relation"]
        yield f"a rule for `{relation}` is {'not in the knowledge base' if more else 'left out'}: {identifier[:12]}"
    yield from _claims(certificate, certifier)
    yield from _knowledge(certificate, certifier)


def _claims(certificate: Json, certifier: Certifier) -> Iterator[str]:
    """What is claimed is all that was to be claimed, and is called what the pages call it."""
    header, program = certificate["header"], certifier.program
    cohorts, atom = header["cohorts"], header["atom"]
    atoms = [a for a in program.atoms.values() if any(a in program.atoms_of(c) for c in cohorts)]
    expected = {a.relation: (a.identifier, a.phrase) for a in atoms if atom in ("", a.identifier)}
    if not atom:
        criteria = [c.relation for cohort in cohorts for c in program.criteria_of(cohort)]
        expected = {**dict.fromkeys(criteria, ("", "")), **expected}
    claimed = {s["relation"]: (s["atom"], s["phrase"]) for s in certificate["statuses"]}
    if claimed != expected or len(claimed) != len(certificate["statuses"]):
        yield "the statuses are of other criteria and atoms than its cohorts have"
    if [v["cohort"] for v in certificate["verdicts"]] != ([] if atom else cohorts) or not set(cohorts) <= set(
        program.cohorts
    ):
        yield "the verdicts are not those of its cohorts"
        return
    for v in certificate["verdicts"]:
        if v["criteria"] != [{"relation": c.relation, "role": c.role.value} for c in program.criteria_of(v["cohort"])]:
            yield f"the criteria of {v['cohort']} are others"
        undecided = v["verdict"] in ("undetermined", "awaiting judgement")
        refusals = certifier.refusals(v["cohort"]) if undecided else []
        tried = [s["refused"] for s in v["supposing"]]
        if tried != (refusals if v["verdict"] == "undetermined" else refusals[: len(tried)]):
            yield f"what is supposed of judgements for {v['cohort']} is not what decides there"


def _knowledge(certificate: Json, certifier: Certifier) -> Iterator[str]:
    prover, plan = certifier.prover, certifier.screener.plan
    for node in certificate["nodes"]:
        if node["kind"] == "known":
            if node["relation"] not in prover.static:
                yield f"`{node['relation']}` is not background knowledge"
                continue
            for s in node["slices"]:
                rows = prover.rows(node["relation"], plan.facts[node["relation"]])
                key = row_of(s["key"])  # as the checker reads it: one value may be written in several ways
                if s["rows"] != [r for r in rows if row_of([r[i] for i in s["columns"]]) == key]:
                    yield f"`{node['relation']}` has other rows with {', '.join(s['key'])} (node {node['id'][:12]})"
            rows = {tuple(row) for s in node["slices"] for row in s["rows"]}
            if node["sources"] != prover.sources(node["relation"], rows):
                yield f"`{node['relation']}` has other sources (node {node['id'][:12]})"
        elif node["kind"] == "given" and node["relation"] not in plan.given:
            yield f"`{node['relation']}` is not what a chart gives (node {node['id'][:12]})"
        elif node["kind"] == "exhausted":
            for relation in sorted(node["rows"].keys() & (plan.given | prover.static)):
                yield f"the rows of `{relation}` are not for rules to give (node {node['id'][:12]})"


def against_chart(certificate: Json, chart: Chart, charts: str, certifier: Certifier) -> Iterator[str]:
    """Each way in which the certificate differs from what this chart gives."""
    if certificate["header"]["charts"] != charts:
        yield "the hash of the chart is another"
    if certificate["header"]["patient"] != term(chart.patient):
        yield "the chart is another patient's"
    day = int(days(certificate["header"]["screening"]).low)
    found = facts(chart, day, certifier.program.vocabulary, certifier.screener.plan.asked)
    for node in certificate["nodes"]:
        if node["kind"] == "given":
            is_ = certifier.given(node["relation"], found, chart)
            if {"id": node["id"], **is_} != node:
                yield f"{_difference(node['rows'], is_['rows'])} of `{node['relation']}` (node {node['id'][:12]})"


def _difference(said: list[Json], is_: list[Json]) -> str:
    wrong: list[Mapping[str, Row]] = [r for r in said if r not in is_]
    missing = [r for r in is_ if r not in said]
    if not wrong and not missing:
        return "the statements on completeness are others"
    row = ", ".join(str(v) for v in (wrong or missing)[0]["row"])
    return f"the chart does not give the row ({row})" if wrong else f"the row ({row}) is left out"
