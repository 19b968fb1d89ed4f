import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { stateWord } from "./marks";
import { Picker } from "./picker";
import type { Action, DocumentFull, DocumentState, RecordBody, Subject } from "./types";
import { exactly, sentence, typeName, who } from "./words";

/** Held is the questions that a document waits with, one a segment, and the answers to them. */
export function Held({ document, record, busy, review, act }: {
  document: DocumentFull; record: RecordBody | null; busy: boolean; review: boolean;
  act: (action: Omit<Action, "after">) => Promise<boolean>;
}) {
  const asked = (record?.segments ?? []).map((segment, i) => ({ segment, i })).filter(({ segment }) => segment.subject && unsettled(segment.subject));
  return (
    <section className="held" aria-label="Question">
      {record?.held && (
        <div>
          <h2>Put aside: {record.held.reason}</h2>
          <p className="soft">by {who(record.held.who)}, {exactly(record.held.at)}</p>
          {review && <Button size="compact-sm" disabled={busy} onClick={() => void act({ kind: "resume" })}>Take up again</Button>}
        </div>
      )}
      {asked.length === 0 && !record?.held && <h2>{document.question || "This document waits for an answer."}</h2>}
      {asked.map(({ segment, i }) => (
        <div key={i}>
          <h2>{segment.subject!.question || document.question || "Whose document is this?"}</h2>
          {asked.length > 1 && <p className="soft">{typeName(segment.type)}, pages {segment.pages[0]}–{segment.pages[1]}</p>}
          <Picker subject={segment.subject} busy={busy} review={review}
            choose={(value) => void act({ kind: "answer", segment: i, target: "patient", value })} />
        </div>
      ))}
    </section>
  );
}

const usual = ["The sender was asked", "Waits for the missing pages", "Waits for a colleague", "A better copy was asked for"];

/** Aside asks why a document is put aside. */
export function Aside({ busy, hold, close }: { busy: boolean; hold: (reason: string) => void; close: () => void }) {
  const [reason, setReason] = useState("");
  const said = reason.trim();
  return (
    <form className="notice" aria-label="Put aside" onSubmit={(event) => {
      event.preventDefault();
      if (said && !busy) hold(said);
    }}>
      <TextInput size="xs" className="grow" aria-label="Why it is put aside" placeholder="Why it is put aside" autoFocus list="aside-reasons" value={reason}
        maxLength={500} onChange={(event) => setReason(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && close()} />
      <datalist id="aside-reasons">{usual.map((text) => <option key={text} value={text} />)}</datalist>
      <Button size="compact-sm" type="submit" disabled={busy || !said}>Put aside</Button>
      <Button size="compact-sm" variant="default" onClick={close}>Cancel</Button>
    </form>
  );
}

const unsettled = (subject: Subject) => !subject.patient && !subject.new;

const actions: Record<string, string> = {
  machine: "Read by machine", accept: "Accepted a value", correct: "Corrected a value", reject: "Rejected a value",
  not_present: "Said that a value is not on the page", answer: "Answered the question", undo: "Took a change back", approve: "Approved the document", reject_document: "Rejected the document",
  hold: "Put aside", resume: "Taken up again", split: "Split the stack", merge: "Joined two documents", move: "Moved a page",
};

/** History is what happened to the document, newest first: states and versions of its record. */
export function History({ document, versions }: { document: DocumentFull; versions: Record<string, string> }) {
  const events = [
    ...(document.arrivals ?? []).map((a) => ({ at: a.at, text: "Arrived", by: `by ${a.source}` })),
    ...(document.history ?? []).filter((h) => h.from && h.from !== h.to).map((h) => ({
      at: h.at, text: stateWord(h.to as DocumentState), by: [h.code && sentence(h.code), who(h.actor)].filter(Boolean).join(", "),
    })),
    ...document.records.map((r) => ({ at: r.at, text: actions[r.action] ?? sentence(r.action), by: `${who(r.actor)}, version ${r.version}` })),
  ].sort((a, b) => a.at.localeCompare(b.at)).reverse(); // what is of one moment stays in its order
  return (
    <div className="story">
      <ol>{events.map((event, i) => <li key={i}><b>{event.text}</b> <span>{event.by}</span><time dateTime={event.at}>{exactly(event.at)}</time></li>)}</ol>
      <dl className="pairs small">
        <div><dt>SHA-256</dt><dd><code className="hash">{document.sha256}</code></dd></div>
        <div><dt>Kind of file</dt><dd>{document.media_type}</dd></div>
        {Object.entries(versions ?? {}).map(([name, version]) => <div key={name}><dt>{sentence(name)}</dt><dd>{version}</dd></div>)}
      </dl>
    </div>
  );
}
