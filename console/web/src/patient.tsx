import { Loader } from "@mantine/core";
import { useEffect, useState } from "react";
import * as api from "./api";
import { Link } from "./app";
import { concept, date, humanName, label, numberName, result } from "./fhir";
import { Caveats, Source } from "./search";
import { Timeline, Trends } from "./timeline";
import type { Resource } from "./types";
import { sentence } from "./words";

const sections: { title: string; query: (id: string) => string }[] = [
  { title: "Problems", query: (id) => `Condition?subject=Patient/${id}` },
  { title: "Allergies", query: (id) => `AllergyIntolerance?patient=Patient/${id}` },
  { title: "Medications", query: (id) => `MedicationStatement?subject=Patient/${id}` },
  { title: "Results and observations", query: (id) => `Observation?subject=Patient/${id}` },
  { title: "Immunizations", query: (id) => `Immunization?patient=Patient/${id}` },
  { title: "Encounters", query: (id) => `Encounter?subject=Patient/${id}` },
  { title: "Procedures", query: (id) => `Procedure?subject=Patient/${id}` },
  { title: "Reports", query: (id) => `DiagnosticReport?subject=Patient/${id}` },
  { title: "Family history", query: (id) => `FamilyMemberHistory?patient=Patient/${id}` },
  { title: "Coverage", query: (id) => `Coverage?beneficiary=Patient/${id}` },
  { title: "Documents", query: (id) => `DocumentReference?subject=Patient/${id}` },
];

const most = 200; // resources of a section that are loaded

interface Section { title: string; resources: Resource[]; more: boolean; error?: string }

/** PatientScreen is what is known of a patient, each line with the page it was read from. */
export function PatientScreen({ id }: { id: string }) {
  const [patient, setPatient] = useState<Resource | null>(null);
  const [known, setKnown] = useState<Section[]>([]);
  const [error, setError] = useState("");
  const [byTime, setByTime] = useState(false);

  useEffect(() => {
    const stop = new AbortController();
    window.document.title = "Patient · Chartlake";
    api.fhir(`Patient/${encodeURIComponent(id)}`, stop.signal).then(setPatient, (e) => e.name !== "AbortError" && setError(e.message));
    sections.forEach(({ title, query }, i) => {
      const put = (section: Section) => setKnown((all) => Object.assign([...all], { [i]: section }));
      api.fhir(`${query(encodeURIComponent(id))}&_count=${most}`, stop.signal).then((bundle) => put({
        title, more: !!(bundle.link ?? []).find((link: any) => link.relation === "next"),
        resources: (bundle.entry ?? []).map((entry: any) => entry.resource).filter((r: Resource) => r.resourceType !== "OperationOutcome"),
      }), (e) => e.name !== "AbortError" && put({ title, resources: [], more: false, error: e.message }));
    });
    return () => stop.abort();
  }, [id]);

  if (error) return <div className="empty"><h1>{error}</h1><p><Link to="/search">Back to the search</Link></p></div>;
  if (!patient) return <p className="soft center"><Loader size="sm" /></p>;
  const full = known.filter((section) => section && (section.resources.length > 0 || section.error));
  return (
    <div className="patient">
      <header className="patient-head">
        <h1>{humanName(patient.name) || "No name"}</h1>
        <dl className="pairs">
          {patient.birthDate && <div><dt>Born</dt><dd>{patient.birthDate}</dd></div>}
          {patient.gender && <div><dt>Sex</dt><dd>{patient.gender}</dd></div>}
          {(patient.identifier ?? []).filter((x: any) => x.value).map((x: any, i: number) => <div key={i}><dt>{numberName(x)}</dt><dd>{x.value}</dd></div>)}
          {(patient.telecom ?? []).map((x: any, i: number) => <div key={`t${i}`}><dt>{sentence(x.system ?? "contact")}</dt><dd>{x.value}</dd></div>)}
        </dl>
        <p><Source resource={patient} /> <a className="link" href={`/fhir/Patient/${patient.id}`} target="_blank" rel="noreferrer">FHIR</a></p>
      </header>
      {full.length === 0 && <p className="hint">Nothing else is filed for this patient.</p>}
      <Trends resources={full.find((section) => section.title.startsWith("Results"))?.resources ?? []} />
      <div className="chips" role="group" aria-label="View">
        <button type="button" className="chip" aria-pressed={!byTime} onClick={() => setByTime(false)}>By kind</button>
        <button type="button" className="chip" aria-pressed={byTime} onClick={() => setByTime(true)}>Timeline</button>
      </div>
      {byTime ? <Timeline sections={full} /> : <div className="patient-sections">
        {full.map((section) => (
          <section key={section.title}>
            <h2>{section.title}<span>{section.resources.length}{section.more ? "+" : ""}</span></h2>
            {section.error && <p className="problem">{section.error}</p>}
            {section.title.startsWith("Results") ? <Results resources={section.resources} /> : (
              <ul className="known">
                {section.resources.map((resource) => (
                  <li key={resource.id}><span>{label(resource) || resource.resourceType} <Caveats resource={resource} /></span>
                    <span className="soft nowrap">{date(resource)}</span><Source resource={resource} /></li>
                ))}
              </ul>
            )}
          </section>
        ))}
      </div>}
    </div>
  );
}

/** Results groups observations by what they measure, newest first. */
function Results({ resources }: { resources: Resource[] }) {
  const names = [...new Set(resources.map((r) => concept(r.code)))].sort((a, b) => a.localeCompare(b));
  return (
    <div className="table-scroll">
      <table className="results">
        <thead><tr><th scope="col">Test</th><th scope="col">Value</th><th scope="col">Range</th><th scope="col">Date</th><th scope="col">Source</th></tr></thead>
        <tbody>
          {names.map((name) => {
            const own = resources.filter((r) => concept(r.code) === name).sort((a, b) => date(b).localeCompare(date(a)));
            return own.map((resource, i) => (
              <tr key={resource.id} className={i > 0 ? "same" : ""}>
                <td>{i === 0 ? name : <span className="hidden">{name}</span>}</td>
                <td>{result(resource)} <Caveats resource={resource} /></td>
                <td className="soft">{resource.referenceRange?.[0]?.text}</td>
                <td className="nowrap">{date(resource)}</td>
                <td><Source resource={resource} /></td>
              </tr>
            ));
          })}
        </tbody>
      </table>
    </div>
  );
}
