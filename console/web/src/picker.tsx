import { Button, Modal, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import * as api from "./api";
import { Link } from "./app";
import { humanName } from "./fhir";
import { Icon } from "./marks";
import type { Resource, Subject } from "./types";

/** Picker is who a document may belong to: candidates with their reasons, a search, a new patient. */
export function Picker({ subject, busy, review, choose, autofocus }: {
  subject: Subject | undefined; busy: boolean; review: boolean; choose: (value: string) => void; autofocus?: boolean;
}) {
  const candidates = subject?.candidates ?? [];
  const [text, setText] = useState("");
  const [found, setFound] = useState<Resource[] | null>(null);
  useEffect(() => {
    const sought = text.trim();
    if (sought.length < 2) return setFound(null);
    const stop = new AbortController();
    const wait = setTimeout(() => {
      search(sought, stop.signal).then(setFound, () => setFound([]));
    }, 250);
    return () => {
      clearTimeout(wait);
      stop.abort();
    };
  }, [text]);
  return (
    <div className="picker">
      {candidates.map((candidate) => (
        <Choice key={candidate.patient} id={candidate.patient} score={candidate.score} reasons={candidate.reasons ?? []}
          busy={busy || !review} choose={choose} />
      ))}
      {review && (
        <>
          <TextInput size="sm" label={candidates.length ? "Somebody else" : "Find the patient"} placeholder="Name, birth date or number" value={text}
            data-autofocus={autofocus || undefined} leftSection={<Icon name="search" />} onChange={(event) => setText(event.currentTarget.value)} />
          {found?.length === 0 && <p className="soft small" role="status">No patient is known by that.</p>}
          {(found ?? []).map((patient) => <Choice key={patient.id} id={patient.id!} known={patient} reasons={[]} busy={busy} choose={choose} />)}
          <Button variant="default" size="compact-sm" disabled={busy} onClick={() => choose("new")}>
            {candidates.length ? "None of these: a new patient" : "A new patient"}
          </Button>
        </>
      )}
    </div>
  );
}

const most = 8; // patients shown of a search

/** search takes a date for a birth date, what has digits for a number, and the rest for a name. */
async function search(text: string, signal: AbortSignal): Promise<Resource[]> {
  const q = encodeURIComponent(text);
  const by = /^\d{4}(-\d\d){0,2}$/.test(text) ? `birthdate=${q}` : /\d/.test(text) ? `identifier=${q}` : text.split(/[\s,]+/).filter(Boolean).map((w) => `name=${encodeURIComponent(w)}`).join("&");
  const bundle = await api.fhir(`Patient?${by}&_count=${most}`, signal);
  return (bundle.entry ?? []).map((entry: any) => entry.resource).filter((r: Resource) => r.resourceType === "Patient");
}

function Choice({ id, known, score, reasons, busy, choose }: {
  id: string; known?: Resource; score?: number; reasons: string[]; busy: boolean; choose: (value: string) => void;
}) {
  const [read, setRead] = useState<Resource | null>(null);
  useEffect(() => {
    if (known) return;
    const stop = new AbortController();
    api.fhir(`Patient/${encodeURIComponent(id)}`, stop.signal).then(setRead, () => setRead(null));
    return () => stop.abort();
  }, [id, known]);
  const patient = known ?? read;
  const name = humanName(patient?.name) || `Patient ${id.slice(0, 8)}`;
  const facts = [patient?.birthDate && `born ${patient.birthDate}`, patient?.gender, ...(patient?.identifier ?? []).map((x: any) => x.value).slice(0, 2),
    patient?.address?.[0] && [...(patient.address[0].line ?? []), patient.address[0].postalCode].filter(Boolean).join(", ")].filter(Boolean);
  return (
    <div className="choice">
      <div>
        <Link to={`/p/${id}`}><b>{name}</b></Link>
        {score !== undefined && <span className="score" title={`${score.toFixed(1)} bits speak for it`}><meter min={0} max={40} value={Math.max(0, score)} aria-label="Weight of what agrees" />{Math.round(score)} bits</span>}
        <p className="soft small">{facts.join(" · ")}</p>
        <ul>{reasons.map((reason, i) => <li key={i} data-tone={tone(reason)}>{sign(reason)} {reason}</li>)}</ul>
      </div>
      <Button size="compact-sm" disabled={busy} onClick={() => choose(`Patient/${id}`)} aria-label={`This patient: ${name}`}>This patient</Button>
    </div>
  );
}

const tone = (reason: string) => (reason.endsWith("differs") ? "against" : reason.includes("nearly") ? "near" : "for");
const sign = (reason: string) => ({ for: "✓", near: "≈", against: "✕" })[tone(reason)];

/** PickerDialog gives a document to another patient; undo brings it back. */
export function PickerDialog({ opened, close, title, ...rest }: {
  opened: boolean; close: () => void; title: string; subject: Subject | undefined; busy: boolean; review: boolean; choose: (value: string) => void;
}) {
  return (
    <Modal opened={opened} onClose={close} title={title} lockScroll={false} centered closeButtonProps={{ "aria-label": "Close" }}>
      <Picker {...rest} autofocus />
    </Modal>
  );
}
