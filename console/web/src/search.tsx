import { Button, Loader, NativeSelect, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import * as api from "./api";
import { Link } from "./app";
import { concept, date, documentID, evidence, humanName, label, result } from "./fhir";
import { keep, usePlace } from "./router";
import type { Resource } from "./types";
import { go } from "./router";

/** Kind is a type of resource that can be asked for in plain words. */
interface Kind {
  type: string;
  title: string;
  person?: string; // reference parameter that leads to the patient
  text?: string; // parameter for words, or "" where the pages look at the words themselves
  code?: string; // parameter for a code
  date?: string;
}

const kinds: Kind[] = [
  { type: "Patient", title: "Patients", text: "name", code: "identifier", date: "birthdate" },
  { type: "Observation", title: "Results and observations", person: "subject", text: "", code: "code", date: "date" },
  { type: "Condition", title: "Problems", person: "subject", text: "", code: "code", date: "recorded-date" },
  { type: "MedicationStatement", title: "Medications", person: "subject", text: "", code: "code", date: "effective" },
  { type: "AllergyIntolerance", title: "Allergies", person: "patient", text: "", code: "code", date: "date" },
  { type: "Immunization", title: "Immunizations", person: "patient", text: "", code: "vaccine-code", date: "date" },
  { type: "Coverage", title: "Coverage", person: "beneficiary", code: "identifier" },
  { type: "DocumentReference", title: "Documents", person: "subject", text: "", code: "type", date: "date" },
];

interface Asked { type: string; text: string; person: string; code: string; from: string; to: string }

function query(asked: Asked): string {
  const kind = kinds.find((k) => k.type === asked.type)!;
  const q = new URLSearchParams();
  if (asked.text && kind.text) q.set(kind.text, asked.text);
  if (asked.person && kind.person) q.set(`${kind.person}:Patient.name`, asked.person);
  if (asked.code && kind.code) q.set(kind.code, asked.code);
  if (asked.from && kind.date) q.append(kind.date, `ge${asked.from}`);
  if (asked.to && kind.date) q.append(kind.date, `le${asked.to}`);
  q.set("_count", within(asked) ? "200" : "50");
  if (kind.person) q.set("_include", `${kind.type}:${kind.person}`);
  return `${kind.type}?${q}`;
}

/** within reports whether the words are looked for here: the server's search knows codes only. */
const within = (asked: Asked) => asked.text !== "" && kinds.find((k) => k.type === asked.type)!.text === "";

const pagesMost = 5; // answers that one search by words reads before it offers to go on

interface Found { matches: Resource[]; others: Map<string, Resource>; next: string }

function read(bundle: Resource): Found {
  const entries = (bundle.entry ?? []) as { resource: Resource; search?: { mode?: string } }[];
  return {
    matches: entries.filter((entry) => entry.search?.mode !== "include" && entry.search?.mode !== "outcome").map((entry) => entry.resource),
    others: new Map(entries.filter((entry) => entry.search?.mode === "include").map((entry) => [`${entry.resource.resourceType}/${entry.resource.id}`, entry.resource])),
    next: (bundle.link ?? []).find((link: any) => link.relation === "next")?.url ?? "",
  };
}

/** SearchScreen asks the FHIR store in plain words; each result opens where it was read. */
export function SearchScreen() {
  const place = usePlace();
  const [asked, setAsked] = useState<Asked>({ type: "Patient", text: "", person: "", code: "", from: "", to: "", ...(place.state.asked as object) });
  const [found, setFound] = useState<Found | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const kind = kinds.find((k) => k.type === asked.type)!;
  const set = (part: Partial<Asked>) => setAsked((now) => ({ ...now, ...part }));

  const run = async (what: Asked, next?: string) => {
    setBusy(true);
    setError("");
    keep({ asked: what });
    try {
      let page: Found = { matches: [], others: new Map(), next: next ?? "" };
      for (let i = 0; i === 0 || (within(what) && page.next && page.matches.length < 50 && i < pagesMost); i++) {
        const more = read(await api.fhir(page.next ? page.next.slice(page.next.indexOf("/fhir")) : query(what)));
        const fits = (resource: Resource) => !within(what) || words(resource).includes(what.text.trim().toLowerCase());
        page = { matches: [...page.matches, ...more.matches.filter(fits)], others: new Map([...page.others, ...more.others]), next: more.next };
      }
      const rest = page;
      setFound((before) => (next && before ? { ...rest, matches: [...before.matches, ...rest.matches], others: new Map([...before.others, ...rest.others]) } : rest));
    } catch (problem) {
      setError((problem as Error).message);
      if (!next) setFound(null);
    } finally {
      setBusy(false);
    }
  };
  const first = useRef(true);
  useEffect(() => {
    window.document.title = "Search · Chartlake";
    if (first.current) void run(asked);
    first.current = false;
  }, []); // the search of this place, once

  return (
    <div className="search">
      <h1>Search</h1>
      <form className="search-form" onSubmit={(event) => {
        event.preventDefault();
        void run(asked);
      }}>
        <NativeSelect label="What" value={asked.type} data={kinds.map((k) => ({ value: k.type, label: k.title }))}
          onChange={(event) => {
            const type = event.currentTarget.value;
            set({ type });
            void run({ ...asked, type });
          }} />
        {kind.text !== undefined && <TextInput label={asked.type === "Patient" ? "Name" : "Words"} value={asked.text} onChange={(event) => set({ text: event.currentTarget.value })} autoFocus />}
        {kind.person && <TextInput label="Patient’s name" value={asked.person} onChange={(event) => set({ person: event.currentTarget.value })} />}
        {kind.code && <TextInput label={kind.code === "identifier" ? "Number" : "Code"} value={asked.code} onChange={(event) => set({ code: event.currentTarget.value })} />}
        {kind.date && <TextInput label={asked.type === "Patient" ? "Born from" : "From"} type="date" value={asked.from} onChange={(event) => set({ from: event.currentTarget.value })} />}
        {kind.date && <TextInput label="to" type="date" value={asked.to} onChange={(event) => set({ to: event.currentTarget.value })} />}
        <Button type="submit" loading={busy}>Search</Button>
      </form>
      {error && <p className="problem" role="alert">{error}</p>}
      {busy && !found && <p className="soft center"><Loader size="sm" /></p>}
      {found && <Results found={found} kind={kind} />}
      {found?.next && <p className="center"><Button variant="light" loading={busy} onClick={() => void run(asked, found.next)}>Show more</Button></p>}
    </div>
  );
}

/** words are what a person may look for in a resource. */
const words = (resource: Resource) => [label(resource), ...[resource.code, resource.medicationCodeableConcept, resource.vaccineCode, resource.type]
  .flatMap((c: any) => [c?.text, ...(c?.coding ?? []).flatMap((x: any) => [x.display, x.code])])].filter(Boolean).join(" ").toLowerCase();

const patientOf = (resource: Resource): string =>
  String((resource.subject ?? resource.patient ?? resource.beneficiary)?.reference ?? "").split("/_history/")[0];

function Results({ found, kind }: { found: Found; kind: Kind }) {
  if (found.matches.length === 0) return <p className="hint">Nothing found. Fewer words or a wider time may help.</p>;
  const patients = kind.type === "Patient";
  return (
    <div className="table-scroll">
      <table className="results">
        <thead><tr>
          <th scope="col">{patients ? "Name" : kind.title}</th>
          {patients ? <><th scope="col">Born</th><th scope="col">Sex</th><th scope="col">Numbers</th></> : <><th scope="col">Value</th><th scope="col">Date</th><th scope="col">Patient</th><th scope="col">Source</th></>}
        </tr></thead>
        <tbody>
          {found.matches.map((resource) => (patients ? (
            <tr key={resource.id}>
              <td><Link to={`/p/${resource.id}`}>{humanName(resource.name) || "No name"}</Link></td>
              <td>{resource.birthDate}</td><td>{resource.gender}</td>
              <td>{(resource.identifier ?? []).map((id: any) => id.value).filter(Boolean).join(", ")}</td>
            </tr>
          ) : (
            <tr key={resource.id}>
              <td>{concept(resource.code) || label(resource)} <Caveats resource={resource} /></td>
              <td>{result(resource) || concept(resource.clinicalStatus)}</td>
              <td className="nowrap">{date(resource)}</td>
              <td>{patientOf(resource) && <Link to={`/p/${patientOf(resource).replace("Patient/", "")}`}>{label(found.others.get(patientOf(resource)) ?? { resourceType: "Patient" }) || "Patient"}</Link>}</td>
              <td><Source resource={resource} /></td>
            </tr>
          )))}
        </tbody>
      </table>
    </div>
  );
}

/** Caveats are what must not be overlooked about a statement. */
export function Caveats({ resource }: { resource: Resource }) {
  const out: string[] = [];
  const status = concept(resource.verificationStatus).toLowerCase();
  if (status) out.push(status);
  if (resource.verificationStatus?.coding?.some((c: any) => c.code === "refuted") && status !== "refuted") out.push("refuted");
  const flag = resource.interpretation?.map(concept).filter(Boolean).join(", ");
  if (flag) out.push(flag);
  return <>{out.map((text) => <span key={text} className={`assertion ${text === "refuted" ? "negated" : ""}`}>{text}</span>)}</>;
}

/** Source opens the page and the box that a resource was read from. */
export function Source({ resource }: { resource: Resource }) {
  const [state, setState] = useState("");
  const open = async () => {
    setState("busy");
    if (!(await openSource(resource))) setState("none");
  };
  if (state === "none") return <span className="soft">not from a document</span>;
  return <button type="button" className="link" onClick={() => void open()}>{state === "busy" ? "…" : "show page"}</button>;
}

/** openSource opens the page and the box that a resource was read from; false where it was not. */
export async function openSource(resource: Resource): Promise<boolean> {
  const place = await sourceOf(resource).catch(() => null);
  if (place) go(`/d/${place.document}`, place.box ? { page: place.page, box: place.box } : { page: place.page });
  return !!place;
}

async function sourceOf(resource: Resource) {
  const own = documentID(resource);
  if (resource.resourceType === "DocumentReference" && own) return { document: own, page: 1, box: null };
  const bundle = await api.fhir(`Provenance?target=${resource.resourceType}/${encodeURIComponent(resource.id ?? "")}`);
  const facts = (bundle.entry ?? []).filter((entry: any) => entry.resource?.resourceType === "Provenance").flatMap((entry: any) => evidence(entry.resource));
  const fact = facts.find((f: any) => f.box) ?? facts[0];
  if (!fact?.source) return null;
  const document = documentID(await api.fhir(fact.source));
  return document ? { document, page: fact.page || 1, box: fact.box } : null;
}
