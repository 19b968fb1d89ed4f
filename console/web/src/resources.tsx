import { Loader } from "@mantine/core";
import { useEffect, useState } from "react";
import * as api from "./api";
import { Link } from "./app";
import type { Box, Resource } from "./types";
import { evidence, label, type Evidence } from "./fhir";

/** Resources is the FHIR made from the document, each with its JSON and its evidence. */
export function Resources({ id, version, show }: { id: string; version: number; show: (page: number, box: Box) => void }) {
  const [made, setMade] = useState<api.Made[] | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    const stop = new AbortController();
    api.resources(id, stop.signal).then((all) => setMade(all.sort((a, b) => rank(a) - rank(b))), (problem) => problem.name !== "AbortError" && setError(problem.message));
    return () => stop.abort();
  }, [id, version]);
  if (error) return <p className="problem" role="alert">{error}</p>;
  if (!made) return <p className="soft center"><Loader size="sm" /></p>;
  if (made.length === 0) return <p className="hint">Nothing is filed from this document yet.</p>;
  return (
    <div className="resources">
      {made.map(({ resource, provenance }) => {
        const facts = (provenance ?? []).flatMap(evidence);
        return (
          <details key={`${resource.resourceType}/${resource.id}`}>
            <summary><b>{resource.resourceType}</b><span>{label(resource)}</span></summary>
            {facts.length > 0 && <Places facts={facts} show={show} />}
            {resource.resourceType === "Patient" && <p><Link to={`/p/${resource.id}`}>All that is known of this patient</Link></p>}
            <Json value={resource} />
            {(provenance ?? []).map((p) => <details key={p.id} className="inner"><summary>Provenance</summary><Json value={p} /></details>)}
          </details>
        );
      })}
    </div>
  );
}

/** rank puts people first and what only holds things together last. */
const order = ["Patient", "*", "DocumentReference", "Binary", "Device"];
function rank({ resource }: api.Made): number {
  const at = order.indexOf(resource.resourceType);
  return at < 0 ? 1 : at;
}

export function Places({ facts, show }: { facts: Evidence[]; show: (page: number, box: Box) => void }) {
  return (
    <ul className="places">
      {facts.map((fact, i) => (
        <li key={i}>
          <button type="button" className="link" disabled={!fact.box} onClick={() => fact.box && show(fact.page, fact.box)}>
            {fact.quote ? <q>{fact.quote}</q> : "place"}
          </button>
          <code>{fact.path}</code>
          <span className="soft">{[fact.page ? `page ${fact.page}` : "", fact.confidence ? `${Math.round(fact.confidence * 100)} %` : ""].filter(Boolean).join(", ")}</span>
        </li>
      ))}
    </ul>
  );
}

/** Json shows a value with its names, strings and numbers told apart; all of it is text. */
export function Json({ value }: { value: Resource }) {
  const text = JSON.stringify(value, null, 2);
  const parts: React.ReactNode[] = [];
  const pattern = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/g;
  let last = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    if (match.index > last) parts.push(text.slice(last, match.index));
    if (match[2] !== undefined) parts.push(<span key={match.index} className="j-name">{match[1]}</span>, match[2]);
    else parts.push(<span key={match.index} className={match[1] ? "j-text" : "j-number"}>{match[0]}</span>);
    last = pattern.lastIndex;
  }
  parts.push(text.slice(last));
  return <pre className="json" tabIndex={0} aria-label={`JSON of ${value.resourceType}`}>{parts}</pre>;
}
