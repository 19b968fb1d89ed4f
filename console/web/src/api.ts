import type { Action, Box, DocumentFull, DocumentItem, PageWords, RecordBody, Resource } from "./types";

/** Problem is an error answer: words for people and a stable code. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

export function problem(status: number, body: string, retryAfter: string | null): Problem {
  let code = "";
  let message = "";
  try {
    const parsed = JSON.parse(body);
    const issue = parsed.issue?.[0];
    code = String(parsed.code ?? issue?.code ?? "");
    message = String(parsed.message ?? issue?.diagnostics ?? issue?.details?.text ?? "");
  } catch {
    // not JSON: the status must do
  }
  return new Problem(status, code, asSentence(message) || words[status] || `The server answered ${status}.`, Number(retryAfter) || 0);
}

/** The server's messages are written to stand inside others; here they stand alone. */
const asSentence = (text: string) => (text ? text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".") : "");

const words: Record<number, string> = {
  0: "The server cannot be reached.",
  401: "You are not signed in.",
  403: "You may not see this.",
  404: "There is nothing here.",
  413: "This is too large.",
  429: "The server is busy.",
  503: "The server is busy.",
  507: "The disk is full.",
};

async function send(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw problem(0, "", null);
  }
  if (!response.ok) throw problem(response.status, await response.text(), response.headers.get("Retry-After"));
  return response;
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal, headers: { Accept: "application/json" } })).json();
}

export interface List {
  documents: DocumentItem[];
  next?: string;
  searched?: number;
  counts?: Record<string, number>;
}

export interface Settings {
  banner: string;
  actor: string;
  id: string;
  may_review: boolean;
  may_manage: boolean;
}

/** Hit is a place on a page where a text stands. */
export interface Hit { page: number; box: Box; before: string; text: string; after: string }

export interface Operations {
  tallies: { state: string; code?: string; count: number; oldest: string }[];
  jobs: Record<string, { waiting: number; running: number; dead: number }>;
  claims: Record<string, { who: string; until: string }>;
  sinks: { name: string; dead?: Record<string, number>; again?: number; down?: string; since?: string }[];
  at: string;
}

/** Suggestion is a value that a field may have, and why. */
export interface Suggestion { value: string; reason: string }

export interface Sum { checked: number; wrong: number }
export interface Quality {
  documents: number; values: Sum; kinds: Record<string, Sum> | null; types: Record<string, Sum> | null; bins: Record<string, Sum> | null;
  low: number; high: number; sample: number;
}
export interface Sample {
  document: string;
  version: number;
  questions: { segment: number; target: string; label: string; kind: string; page: number; box: Box }[];
}
export interface Judged { segment: number; target: string; filed: string; value: string; right: boolean }
export interface Lesson { type: string; sender?: string; field: string; text?: string; label?: string; value?: string }
export interface Learned extends Lesson { documents: number; used: boolean; unsaid?: boolean }

export interface Made {
  resource: Resource;
  provenance?: Resource[];
}

const enc = encodeURIComponent;

export const settings = () => get<Settings>("/console/settings");
export const list = (query: URLSearchParams, signal?: AbortSignal) => get<List>(`/documents?${query}`, signal);
export const document = (id: string, signal?: AbortSignal) => get<DocumentFull>(`/documents/${enc(id)}`, signal);
export const pageWords = (id: string, page: number, signal?: AbortSignal) =>
  get<PageWords>(`/documents/${enc(id)}/words/${page}`, signal);
export const find = (id: string, text: string, page: number, signal?: AbortSignal) =>
  get<{ hits: Hit[]; more?: number }>(`/documents/${enc(id)}/find?${new URLSearchParams({ q: text, page: String(page) })}`, signal);
export const operations = () => get<Operations>("/console/operations");
export const resources = (id: string, signal?: AbortSignal) =>
  get<{ resources: Made[] }>(`/documents/${enc(id)}/resources`, signal).then((body) => body.resources);
export const picture = (id: string, page: number, width: number) => `/documents/${enc(id)}/pages/${page}.png?width=${width}`;

/** record reads the newest record and its version; null while there is none. */
export async function record(id: string, signal?: AbortSignal): Promise<{ version: number; body: RecordBody } | null> {
  try {
    const response = await send(`/documents/${enc(id)}/record`, { signal });
    return { version: Number((response.headers.get("ETag") ?? "").replace(/\D/g, "")), body: await response.json() };
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

export async function act(id: string, action: Action): Promise<number> {
  const response = await send(`/review/${enc(id)}/actions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(action),
  });
  return (await response.json()).version;
}

export const suggestions = (id: string, segment: number, target: string, signal?: AbortSignal) =>
  get<{ suggestions: Suggestion[] }>(`/review/${enc(id)}/suggestions?${new URLSearchParams({ segment: String(segment), target })}`, signal)
    .then((body) => body.suggestions);

const post = (path: string, body: object = {}) =>
  send(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })
    .then((response) => (response.status === 204 ? undefined : response.json()));

export const quality = () => get<Quality>("/review/quality");
export const sample = () => get<{ sample: Sample | null }>("/review/sample").then((body) => body.sample);
export const judge = (id: string, replies: { segment: number; target: string; value: string }[]): Promise<Judged[]> =>
  post(`/review/${enc(id)}/sample`, { replies }).then((body) => body.judged);
export const lessons = () => get<{ lessons: Learned[] }>("/review/lessons").then((body) => body.lessons);
export const unsay = ({ type, sender, field, text, label, value }: Lesson, back: boolean): Promise<void> =>
  post("/review/lessons", { lesson: { type, sender, field, text, label, value }, unsay: back });

export const retry = (code: string): Promise<{ again: number; left: number }> => post("/console/operations/retry", { code });
export const replay = (sink: string): Promise<{ again: number }> => post("/console/operations/replay", { sink });
export const claim = (id: string, take: boolean): Promise<{ who: string; until: string }> => post(`/review/${enc(id)}/claim${take ? "?take=true" : ""}`);
/** release is also sent while the page goes away. */
export const release = (id: string) => void fetch(`/review/${enc(id)}/claim`, { method: "DELETE", keepalive: true }).catch(() => undefined);

/** fhir reads a resource or a search set. */
export const fhir = (path: string, signal?: AbortSignal) =>
  send(path.startsWith("/fhir") ? path : `/fhir/${path}`, { signal, headers: { Accept: "application/fhir+json" } })
    .then((response) => response.json() as Promise<Resource>);

/** Answer is what POST /sql answers; docs/guide/tables.md has the tables. */
export interface Answer { columns: { name: string; type: string }[]; rows: (string | number | boolean | null)[][] }

const question = (query: string, form: string, signal?: AbortSignal) =>
  send(`/sql${form}`, { method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ query }) });
export const ask = (query: string, signal?: AbortSignal) => question(query, "", signal).then((response) => response.json() as Promise<Answer>);
export const askCSV = (query: string) => question(query, "?format=csv").then((response) => response.blob());

/** upload sends one file and tells how far it is (0..1). */
export function upload(file: File, progress: (share: number) => void): Promise<{ id: string; duplicate_of?: string | null }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/documents");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => reject(problem(0, "", null));
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(problem(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}
