import type { Look } from "./facts";
import { lookWord } from "./facts";
import type { DocumentState } from "./types";

// Small drawings: one shape per state of a value, so that colour never tells alone.
const shapes: Record<Look, React.ReactNode> = {
  accepted: <path d="M3.5 8.5l3 3 6-7" />,
  check: <><path d="M8 1.8L15 14H1z" /><path d="M8 6v4M8 12v.2" /></>,
  conflict: <><path d="M8 1l7 7-7 7-7-7z" /><path d="M8 4.5v4.2M8 11v.2" /></>,
  missing: <circle cx="8" cy="8" r="6" strokeDasharray="2.6 2.1" />,
  edited: <path d="M2 14l.8-3.4L11 2.4l2.6 2.6-8.2 8.2z" />,
  confirmed: <><circle cx="8" cy="8" r="6.5" /><path d="M4.8 8.3l2.2 2.2 4-4.6" /></>,
  absent: <><circle cx="8" cy="8" r="6.3" /><path d="M3.6 12.4l8.8-8.8" /></>,
  rejected: <path d="M3 3l10 10M13 3L3 13" />,
};

export function LookMark({ look }: { look: Look }) {
  return (
    <svg className={`mark look-${look}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {shapes[look]}
    </svg>
  );
}

/** LookTag is a value's state as shape and word. */
export function LookTag({ look }: { look: Look }) {
  return <span className={`look-tag look-${look}`}><LookMark look={look} />{lookWord[look]}</span>;
}

const stateWords: Record<DocumentState, string> = {
  received: "Received",
  reading: "Reading",
  understood: "Understood",
  needs_review: "Needs review",
  held: "Held",
  filed: "Filed",
  failed: "Failed",
  rejected: "Rejected",
};

export const stateWord = (state: DocumentState) => stateWords[state] ?? state;

const stateLooks: Record<DocumentState, Look | "busy"> = {
  received: "busy",
  reading: "busy",
  understood: "busy",
  needs_review: "check",
  held: "missing",
  filed: "confirmed",
  failed: "conflict",
  rejected: "rejected",
};

export function StateTag({ state }: { state: DocumentState }) {
  const look = stateLooks[state] ?? "busy";
  return (
    <span className={`state-tag look-${look}`} data-state={state}>
      {look === "busy" ? <span className="pulse" aria-hidden="true" /> : <LookMark look={look} />}
      {stateWord(state)}
    </span>
  );
}

const icons = {
  upload: <path d="M8 11V2.5M4.5 6L8 2.5 11.5 6M2.5 11v2.5h11V11" />,
  back: <path d="M10 3L5 8l5 5" />,
  next: <path d="M6 3l5 5-5 5" />,
  plus: <path d="M8 3v10M3 8h10" />,
  minus: <path d="M3 8h10" />,
  fit: <path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />,
  turn: <path d="M12.8 8A5 5 0 1 1 11 4.2M11.2 1.5v3H8.2" />,
  search: <><circle cx="7" cy="7" r="4.5" /><path d="M10.5 10.5L14 14" /></>,
  help: <><circle cx="8" cy="8" r="6.5" /><path d="M6.2 6.2a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.3M8 11.5v.2" /></>,
  undo: <path d="M5.5 3L2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6" />,
  moon: <path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z" />,
  close: <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" />,
  boxes: <><rect x="2" y="3" width="8" height="5" /><rect x="7" y="9.5" width="7" height="4" /></>,
};

export function Icon({ name }: { name: keyof typeof icons }) {
  return (
    <svg className="mark" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{icons[name]}</svg>
  );
}
