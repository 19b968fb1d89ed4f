// The forms of docs/format/record.md and docs/guide/console.md, as far as the pages use them.

export type Box = [number, number, number, number];

export type DocumentState =
  | "received" | "reading" | "understood" | "needs_review" | "filed" | "held" | "failed" | "rejected";

export interface Summary {
  patient?: string;
  birth_date?: string;
  fields: number;
  entities: number;
  look: number;
  errors: number;
  warnings: number;
  reason?: string;
}

export interface DocumentItem {
  id: string;
  sha256: string;
  state: DocumentState;
  code?: string;
  question?: string;
  media_type: string;
  pages: number;
  bytes: number;
  arrivals: { at: string; source: string }[] | null;
  segments: { type: string; pages: [number, number]; patient?: string }[];
  received_at: string;
  settled_at?: string;
  history?: { at: string; from?: string; to: string; code?: string; actor: string }[];
  name?: string;
  record?: number;
  progress?: { stage: string; page: number; of: number };
  summary?: Summary;
  claim?: { who: string; until: string };
}

/** Subject is whose a segment is, or the question that a person is asked. */
export interface Subject {
  patient?: string; // id
  new?: boolean;
  code?: string;
  question?: string;
  candidates?: { patient: string; score: number; reasons?: string[] }[];
  human?: Human;
}

export interface DocumentFull extends DocumentItem {
  records: { version: number; at: string; actor: string; action: string }[];
}

export interface Human {
  who: string;
  action: string;
  at: string;
  reason?: string;
}

export interface Field {
  name: string;
  label?: string;
  value: string | null;
  raw: string;
  kind: string;
  confidence: number;
  page?: number;
  box: Box;
  source: string;
  rule?: string;
  state: "accepted" | "review" | "missing";
  reasons?: string[];
  human?: Human;
  machine?: Field;
}

export interface Entity {
  id?: string;
  text: string;
  type: string;
  page?: number;
  box?: Box;
  section?: string;
  negated: boolean;
  uncertain: boolean;
  hypothetical: boolean;
  historical: boolean;
  experiencer: string;
  cue?: { text: string };
  attributes?: Record<string, string>;
  codes?: { system: string; code: string; display?: string; score: number }[];
  confidence: number;
  state?: "accepted" | "review" | "missing";
  reasons?: string[];
  rule?: string;
  human?: Human;
  machine?: Entity;
}

export interface Flag {
  code: string;
  severity: "error" | "warning" | "info";
  message: string;
  fields?: string[];
  evidence: { page: number; box: Box; document?: string }[] | null; // document: another than this one
  human?: Human;
}

export interface Segment {
  type: string;
  type_confidence: number;
  pages: [number, number];
  fields: Field[] | null;
  lines: Record<string, Field>[] | null;
  entities: Entity[] | null;
  flags: Flag[] | null;
  subject?: Subject;
  human?: Human;
  machine_type?: string;
}

export interface RecordBody {
  document: { sha256: string; pages: number; media_type: string };
  pages: {
    page: number;
    source: string;
    confidence: number;
    words: number;
    blank?: boolean;
    failed: { code: string; message: string } | null;
  }[] | null;
  segments: Segment[] | null;
  versions: Record<string, string>;
  stacked?: Human;
  held?: Human; // a person put it aside
  approved?: Human;
}

export interface PageWords {
  page: number;
  width: number;
  height: number;
  words: { text: string; box: Box; confidence: number }[];
  failed: { code: string; message: string } | null;
}

export interface Action {
  after: number;
  kind: "accept" | "correct" | "reject" | "not_present" | "answer" | "undo" | "approve" | "hold" | "resume" | "split" | "merge" | "move";
  segment?: number;
  target?: string;
  value?: string;
  page?: number;
  words?: number[];
  box?: Box;
  as?: string;
  reason?: string;
}

export type Resource = { resourceType: string; id?: string; [name: string]: any };
