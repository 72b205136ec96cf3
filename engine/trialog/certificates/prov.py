"""A certificate as W3C PROV-JSON: what was derived of what, by which rules, from which records."""

from trialog.certificates.notation import Json

PREFIXES = {"trialog": "urn:trialog:", "sha256": "urn:sha256:"}


def as_prov(certificate: Json) -> Json:
    """Entities are the nodes, rules, sources and claims; what rests on another was derived from it."""
    header = certificate["header"]
    run, trialog = f"sha256:{certificate['sha256']}-run", "trialog:engine"
    knowledge, charts = f"sha256:{header['knowledge_base']}", f"sha256:{header['charts']}-charts"
    document: dict[str, dict[str, Json]] = {
        "prefix": PREFIXES,
        "agent": {
            trialog: {
                "prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"},
                "trialog:version": header["trialog"],
            }
        },
        "activity": {run: {"prov:label": f"screening of {header['patient']} on {header['screening']}"}},
        "entity": {
            knowledge: {"prov:label": f"knowledge base of {header['trial']}"},
            charts: {"prov:label": f"chart of {header['patient']}"},
        },
        "wasDerivedFrom": {},
        "wasGeneratedBy": {},
        "used": {f"_:used{i}": {"prov:activity": run, "prov:entity": e} for i, e in enumerate((knowledge, charts))},
        "wasAssociatedWith": {"_:associated": {"prov:activity": run, "prov:agent": trialog}},
    }
    entities, derived = document["entity"], document["wasDerivedFrom"]

    def rests(above: str, below: str) -> None:
        derived[f"_:derived{len(derived)}"] = {"prov:generatedEntity": above, "prov:usedEntity": below}

    for entry in certificate["written"]:
        for rule in entry["rules"]:
            entities[f"sha256:{rule}"] = {
                "prov:label": entry["words"] or certificate["rules"][rule]["relation"],
                "prov:location": entry["place"],
                "trialog:quote": entry["quote"],
            }
            rests(f"sha256:{rule}", knowledge)
    for node in certificate["nodes"]:
        name = f"sha256:{node['id']}"
        below: list[str] = []
        match node:
            case {"kind": "given", "relation": relation, "rows": rows}:
                places = sorted({r["place"] for row in rows for r in row.get("records", ()) if r["place"]})
                entities[name] = {"prov:label": f"all rows of {relation}", "trialog:records": places}
                rests(name, charts)
            case {"kind": "known", "relation": relation}:
                entities[name] = {"prov:label": f"background knowledge: {relation}"}
                rests(name, knowledge)
            case {"kind": "derived", "relation": relation, "row": row, "rule": rule, "premises": premises}:
                entities[name] = {"prov:label": f"{relation}({', '.join(row)})"}
                below = [rule, *(i for ids in premises for i in ids)]
            case {"kind": "supposed", "relation": relation, "premises": premises}:
                entities[name] = {"prov:label": f"all rows of {relation}, were what is awaited decided"}
                below = premises
            case {"rows": rows, "premises": premises}:
                entities[name] = {"prov:label": f"all rows of {', '.join(rows)}"}
                below = [*premises, *(i for ids in rows.values() for i in ids)]
        for i in dict.fromkeys(below):
            rests(name, f"sha256:{i}")
    claims = [
        ("status", s["relation"], f"{s['atom'] or s['relation']}: {s['status']}", s["proof"])
        for s in certificate["statuses"]
    ]
    proved = {s["relation"]: s["proof"] for s in certificate["statuses"]}
    for v in certificate["verdicts"]:
        proofs = [i for c in v["criteria"] for i in proved[c["relation"]]]
        proofs += [i for s in v["supposing"] for claim in s["statuses"] for i in claim["proof"]]
        claims.append(("verdict", v["cohort"], f"{v['cohort']}: {v['verdict']}", proofs))
    for kind, what, says, proof in claims:
        name = f"sha256:{certificate['sha256']}-{kind}-{what}"
        entities[name] = {"prov:label": says}
        document["wasGeneratedBy"][f"_:generated{len(document['wasGeneratedBy'])}"] = {
            "prov:entity": name,
            "prov:activity": run,
        }
        for i in dict.fromkeys(proof):
            rests(name, f"sha256:{i}")
    return document
