import { Button, Loader, TextInput } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import * as api from "./api";
import { Link } from "./app";
import "./board.css";
import { Columns, duration, lanes, Legend, Rows, Spans, useMarks, type Bar, type Span } from "./board-charts";
import * as questions from "./board-questions";
import { StateTag } from "./marks";
import { go, keep, usePlace } from "./router";
import { Trends } from "./timeline";
import type { Box, DocumentState, Resource } from "./types";
import { sentence, typeName, when } from "./words";

const periods = [{ days: 7, title: "7 days" }, { days: 30, title: "30 days" }, { days: 90, title: "90 days" }, { days: 0, title: "All time" }];
const monthlyFrom = 90; // days from which bars are months

/** Board answers from the tables: every mark opens the documents, and the boxes, behind it. */
export function Board() {
  const place = usePlace();
  const [days, setDays] = useState(Number(place.state.days ?? 30));
  const [asked, setAsked] = useState(0); // goes up to ask anew
  useEffect(() => {
    window.document.title = "Board · Chartlake";
  }, []);
  useEffect(() => keep({ days }), [days]);
  const since = useMemo(() => (days === 0 ? "" : new Date(Date.now() - days * 86400_000).toISOString().slice(0, 10)), [days, asked]);
  const monthly = days === 0 || days > monthlyFrom;
  return (
    <div className="search dashboard">
      <div className="filters">
        <h1>Board</h1>
        <div className="chips" role="group" aria-label="Period of arrival">
          {periods.map((p) => <button key={p.days} type="button" className="chip" aria-pressed={days === p.days} onClick={() => setDays(p.days)}>{p.title}</button>)}
        </div>
        <span className="grow" />
        <Button size="compact-sm" variant="default" onClick={() => setAsked(asked + 1)}>Ask again</Button>
      </div>
      <div className="tiles-board" key={asked}>
        <Documents since={since} monthly={monthly} />
        <Turnaround since={since} monthly={monthly} />
        <Problems />
        <Patient />
      </div>
    </div>
  );
}

/** Row is a row of an answer by the names of its columns. */
type Row = Record<string, any>;

const rowsOf = (answer: api.Answer): Row[] => answer.rows.map((row) => Object.fromEntries(answer.columns.map((c, i) => [c.name, row[i]])));

/** useAnswer puts a question; an empty one is not put. An answer that was overtaken is dropped. */
function useAnswer(query: string) {
  const [state, setState] = useState<{ query: string; answer?: api.Answer; error?: string }>({ query: "" });
  useEffect(() => {
    if (!query) return;
    const stop = new AbortController();
    api.ask(query, stop.signal).then((answer) => setState({ query, answer }), (error: Error) => error.name !== "AbortError" && setState({ query, error: error.message }));
    return () => stop.abort();
  }, [query]);
  const mine = state.query === query ? state : { query };
  return { ...mine, rows: useMemo(() => (mine.answer ? rowsOf(mine.answer) : undefined), [mine.answer]) };
}

/** Tile is a question, its answer as a drawing or a table, and its SQL. */
function Tile({ title, hint, query, found, drawing, table, children, empty, wide, tools }: {
  title: string; hint: string; query: string; found: ReturnType<typeof useAnswer>; drawing: React.ReactNode; table: Grid; children?: React.ReactNode; empty: string;
  wide?: boolean; tools?: React.ReactNode;
}) {
  const [asTable, setAsTable] = useState(false);
  const [error, setError] = useState("");
  const csv = () => api.askCSV(query).then((blob) => {
    const link = window.document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${title.toLowerCase().replaceAll(" ", "-")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }, (problem: Error) => setError(problem.message));
  return (
    <section className={wide ? "tile wide" : "tile"} aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span className="grow" />
        {found.answer && (
          <span className="chips">
            <button type="button" className="chip small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>Table</button>
            <button type="button" className="chip small" aria-label={`${title} as CSV`} onClick={() => void csv()}>CSV</button>
          </span>
        )}
      </header>
      <p className="soft small">{hint}</p>
      {tools}
      {(error || found.error) && <p className="problem" role="alert">{error || found.error}</p>}
      {query && !found.answer && !found.error && <p className="soft center"><Loader size="sm" /> Asking</p>}
      {found.answer && (found.answer.rows.length === 0 ? <p className="hint">{empty}</p> : asTable ? <Table grid={table} label={title} /> : drawing)}
      {children}
      {query && <details className="sql"><summary>SQL</summary><pre className="json" tabIndex={0} aria-label={`SQL of ${title}`}>{query}</pre></details>}
    </section>
  );
}

/** Grid is what a drawing says, in words. */
interface Grid { heads: string[]; rows: React.ReactNode[][] }

function Table({ grid, label }: { grid: Grid; label: string }) {
  return (
    <div className="table-scroll" role="region" aria-label={`${label} as a table`} tabIndex={0}>
      <table className="results">
        <thead><tr>{grid.heads.map((head) => <th key={head} scope="col">{head}</th>)}</tr></thead>
        <tbody>{grid.rows.map((row, i) => <tr key={i}>{row.map((cell, k) => <td key={k}>{cell}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

/** Show is the mark of a row. */
const Show = ({ words, show }: { words: string; show: () => void }) => <button type="button" className="link" onClick={show}>{words}</button>;

/** Behind is what a mark stands for. It takes the focus, so that a keyboard goes on there. */
function Behind({ title, found, close, children }: { title: string; found: ReturnType<typeof useAnswer>; close: () => void; children: (rows: Row[]) => React.ReactNode }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), [title]);
  return (
    <div className="behind">
      <header><h3 ref={head} tabIndex={-1}>{title}</h3><span className="grow" /><button type="button" className="link" onClick={close}>Close</button></header>
      {found.error && <p className="problem" role="alert">{found.error}</p>}
      {!found.rows && !found.error && <p className="soft"><Loader size="xs" /></p>}
      {found.rows && children(found.rows)}
      {found.rows?.length === questions.most && <p className="soft small">These are the first {questions.most}.</p>}
    </div>
  );
}

function Documents({ since, monthly }: { since: string; monthly: boolean }) {
  const query = questions.count(since, monthly);
  const found = useAnswer(query);
  const [chosen, setChosen] = useState<questions.Chosen | null>(null);
  const behind = useAnswer(chosen ? questions.counted(since, chosen) : "");
  useEffect(() => setChosen(null), [since]);
  const bars = (part: "day" | "type") => barsOf((found.rows ?? []).filter((row) => row.part === part), part);
  const span = monthly ? "month" : "day";
  const choose = (part: "day" | "type", name: string, states: string[], lane: string) =>
    setChosen({ part, name, states, title: `${part === "type" ? typeName(name) : name}, ${lane.toLowerCase()}` });
  const pick = (part: "day" | "type") => (bar: Bar, p: Bar["parts"][number]) => choose(part, bar.name, p.states, p.title);
  return (
    <Tile title="Documents" hint={`By type, state and ${span} of arrival (UTC). A stack counts once for each type in it.`} query={query} found={found} wide
      empty="No document came in this time." table={{
        heads: ["By", "What", "State", "Documents"],
        rows: (found.rows ?? []).map((row) => [
          row.part === "day" ? sentence(span) : "Type", row.part === "day" ? row.name : typeName(row.name), <StateTag state={row.state} />,
          <Show words={Number(row.documents).toLocaleString()} show={() => choose(row.part, row.name, [row.state], sentence(row.state))} />]),
      }} drawing={<>
        <Legend />
        <div className="two">
          <Rows label="Documents by type" bars={bars("type").sort((a, b) => sum(b) - sum(a)).slice(0, 12)} pick={pick("type")} />
          <Columns label={`Documents by ${span}`} bars={monthly ? bars("day") : everyDay(bars("day"), since)} pick={pick("day")} />
        </div>
      </>}>
      {chosen && <Behind title={chosen.title} found={behind} close={() => setChosen(null)}>{(rows) => <Papers rows={rows} />}</Behind>}
    </Tile>
  );
}

const sum = (bar: Bar) => bar.parts.reduce((n, part) => n + part.count, 0);

function barsOf(rows: Row[], part: "day" | "type"): Bar[] {
  return [...new Set(rows.map((row) => String(row.name)))].map((name) => bar(name, part === "type" ? typeName(name) : name, rows.filter((row) => row.name === name)));
}

const bar = (name: string, title: string, rows: Row[]): Bar => ({
  name, title, parts: lanes.map((lane) => ({
    lane: lane.name, title: lane.title, states: lane.states,
    count: rows.filter((row) => lane.states.includes(row.state)).reduce((n, row) => n + Number(row.documents), 0),
  })),
});

/** everyDay has a bar for each day of the period, also where nothing came. */
function everyDay(bars: Bar[], since: string): Bar[] {
  const out: Bar[] = [];
  for (let at = Date.parse(since); at <= Date.now(); at += 86400_000) {
    const day = new Date(at).toISOString().slice(0, 10);
    out.push(bars.find((b) => b.name === day) ?? bar(day, day, []));
  }
  return out;
}

/** Papers are documents, each a way to it. */
function Papers({ rows }: { rows: Row[] }) {
  return (
    <ul className="known">
      {rows.map((row) => (
        <li key={row.id}>
          {row.place === null ? <Link to={`/d/${row.id}`}>{typeName(row.type)}</Link> : <Elsewhere id={row.id} words={typeName(row.type)} url={row.place} />}
          {row.turnaround !== null && <span className="soft nowrap">{duration(Number(row.turnaround))}</span>}
          <span className="soft nowrap">{when(row.received)}</span>
          <StateTag state={row.state as DocumentState} />
        </li>
      ))}
    </ul>
  );
}

/** Elsewhere is a document that was read by another machine: its bytes are not here, its FHIR resource is. */
function Elsewhere({ id, words, url, page, box }: { id: string; words: string; url: string; page?: number; box?: string }) {
  return (
    <span>
      <a href={/^[0-9a-f]{64}$/.test(id) ? `/fhir/DocumentReference?identifier=${id}` : `/fhir/DocumentReference/${encodeURIComponent(id)}`} target="_blank" rel="noreferrer">{words}</a>
      <span className="soft small"> read elsewhere{url && <>: <code>{url}</code></>}{page && `, page ${page}`}{box && `, box ${box}`}</span>
    </span>
  );
}

function Turnaround({ since, monthly }: { since: string; monthly: boolean }) {
  const query = questions.turnaround(since, monthly);
  const found = useAnswer(query);
  const [day, setDay] = useState("");
  const behind = useAnswer(day ? questions.slowest(day) : "");
  useEffect(() => setDay(""), [since]);
  const spans: Span[] = (found.rows ?? []).map((row) => ({ name: row.day, count: Number(row.documents), half: Number(row.half), most: Number(row.nine_of_ten) }));
  return (
    <Tile title="Turnaround" hint="From arrival until it is settled: half of the documents within the dark part, nine of ten within the whole bar." query={query} found={found}
      empty="No document of this time is settled." drawing={<Spans label="Turnaround by time of arrival" spans={spans} pick={(span) => setDay(span.name)} />} table={{
        heads: ["Arrived", "Documents", "Half within", "Nine of ten within"],
        rows: spans.map((span) => [<Show words={span.name} show={() => setDay(span.name)} />, span.count.toLocaleString(), duration(span.half), duration(span.most)]),
      }}>
      {day && <Behind title={`Arrived ${day}, the slowest first`} found={behind} close={() => setDay("")}>{(rows) => <Papers rows={rows} />}</Behind>}
    </Tile>
  );
}

function Problems() {
  const found = useAnswer(questions.problems);
  const [chosen, setChosen] = useState<Row | null>(null);
  const behind = useAnswer(chosen ? questions.problem(chosen.id) : "");
  const marks = useMarks();
  const top = Math.max(1, ...(found.rows ?? []).map((row) => Number(row.patients)));
  return (
    <Tile title="Top problems" hint="By patients who have them, of all time; what was refuted is left out." query={questions.problems} found={found} empty="No problem is filed." table={{
      heads: ["Problem", "Code", "Patients", "Mentions", "Unconfirmed"],
      rows: (found.rows ?? []).map((row) => [<Show words={row.problem} show={() => setChosen(row)} />, row.code, row.patients, row.mentions, row.unconfirmed]),
    }} drawing={
      <div className="rows" role="group" aria-label="Problems by patients" {...marks}>
        {(found.rows ?? []).map((row) => {
          const n = Number(row.patients);
          const says = `${row.problem}: ${n === 1 ? "1 patient" : `${n} patients`}, ${row.mentions} mentions, ${row.unconfirmed} of them unconfirmed`;
          return (
            <div key={row.id} className="row-bar">
              <span className="row-name" title={row.problem}>{row.problem} {row.code && <span className="code">{row.code}</span>}</span>
              <span className="row-track"><button type="button" data-mark="" className="mark-part lane-filed" style={{ width: `${(100 * n) / top}%` }} aria-label={`${says}. Show them`} title={says} onClick={() => setChosen(row)} /></span>
              <span className="row-count">{n.toLocaleString()}</span>
            </div>
          );
        })}
      </div>
    }>
      {chosen && (
        <Behind title={chosen.problem} found={behind} close={() => setChosen(null)}>{(rows) => (
          <ul className="known">
            {once(rows).map((row) => (
              <li key={row.fhir_id}>
                <span><Link to={`/p/${row.patient_id}`}>{name(row) || "Patient"}</Link> <q>{row.words}</q>{row.origin === "extracted" && <span className="assertion">unconfirmed</span>}</span>
                {row.since && <span className="soft nowrap">{String(row.since).slice(0, 10)}</span>}
                <Place row={row} />
              </li>
            ))}
          </ul>
        )}</Behind>
      )}
    </Tile>
  );
}

const name = (row: Row) => [row.family, row.given].filter(Boolean).join(", ");

/** once has one row of each resource: that with a box, else the first. */
function once(rows: Row[]): Row[] {
  const best = new Map<string, Row>();
  for (const row of rows) if (!best.has(row.fhir_id) || (!best.get(row.fhir_id)!.box && row.box)) best.set(row.fhir_id, row);
  return [...best.values()];
}

/** open goes to the page and box of a row; false where the document is not here. */
function open(row: Row): boolean {
  if (!row.document_id || !Number(row.here)) return false;
  const box = String(row.box ?? "").split(" ").map(Number);
  go(`/d/${row.document_id}`, box.length === 4 ? { page: row.page ?? 1, box: box as Box } : { page: row.page ?? 1 });
  return true;
}

function Place({ row }: { row: Row }) {
  if (!row.document_id) return <span className="soft">not from a document</span>;
  if (!Number(row.here)) return <Elsewhere id={row.document_id} words="FHIR" url={row.url ?? ""} page={row.page} box={row.box} />;
  return <button type="button" className="link nowrap" onClick={() => open(row)}>show page{row.page ? ` ${row.page}` : ""}</button>;
}

/** Patient is the runs of numbers of one patient. */
function Patient() {
  const place = usePlace();
  const [who, setWho] = useState<Row | null>((place.state.who as Row) ?? null);
  const [words, setWords] = useState("");
  const [like, setLike] = useState("");
  const [far, setFar] = useState<Row | null>(null);
  const people = useAnswer(questions.people(like));
  const query = who ? questions.results(who.fhir_id) : "";
  const found = useAnswer(query);
  useEffect(() => keep({ who }), [who]);
  useEffect(() => setFar(null), [who]);
  useEffect(() => {
    const wait = setTimeout(() => setLike(words), 300);
    return () => clearTimeout(wait);
  }, [words]);
  useEffect(() => {
    if (!who && people.rows?.length) setWho(people.rows[0]);
  }, [people.rows]);
  const rows = useMemo(() => once(found.rows ?? []), [found.rows]);
  const resources = useMemo(() => rows.map(observation), [rows]);
  const show = useCallback(async (resource: Resource) => {
    const row = rows.find((r) => r.fhir_id === resource.id)!;
    const here = open(row);
    if (!here) setFar(row);
    return here;
  }, [rows]);
  return (
    <Tile title="Lab trend" hint="Numbers of one patient that were measured more than once, with their reference range. The table has all." query={query} found={found} empty="No numbers of this patient." wide
      tools={(
        <div className="who">
          <TextInput size="sm" label="Patient" placeholder="Name, number or day of birth" value={words} onChange={(event) => setWords(event.currentTarget.value)} />
          {people.error && <p className="problem" role="alert">{people.error}</p>}
          {people.rows?.length === 0 && <p className="soft">{like ? "No patient with numbers fits." : "No patient has numbers yet."}</p>}
          <div className="chips" role="group" aria-label="Choose the patient">
            {(people.rows ?? []).map((row) => (
              <button key={row.fhir_id} type="button" className="chip" aria-pressed={who?.fhir_id === row.fhir_id} onClick={() => setWho(row)}>
                {name(row) || "No name"}{row.birth_date && ` · ${row.birth_date}`}<span>{row.results}</span>
              </button>
            ))}
          </div>
        </div>
      )} drawing={<>
        {who && <p><Link to={`/p/${who.fhir_id}`}>{name(who) || "No name"}</Link></p>}
        <Trends resources={resources} open={show} />
        {repeated(rows) === 0 && <p className="hint">Nothing was measured more than once. The table has what there is.</p>}
      </>} table={{
        heads: ["Test", "Value", "Range", "Taken", "Source"],
        rows: rows.map((row) => [
          row.test, <>{row.comparator}{row.value} {row.unit}{row.interpretation && <span className="assertion">{row.interpretation}</span>}{row.origin === "extracted" && <span className="assertion">unconfirmed</span>}</>,
          [row.low, row.high].filter((x) => x !== null).join(" – "), row.effective, <Place row={row} />]),
      }}>
      {far && <p className="behind" role="status"><Place row={far} /></p>}
    </Tile>
  );
}

/** repeated is how many tests have two numbers or more of one unit. */
const repeated = (rows: Row[]) => {
  const n = new Map<string, number>();
  rows.filter((row) => row.effective && !row.comparator).forEach((row) => n.set(`${row.test}\n${row.unit}`, (n.get(`${row.test}\n${row.unit}`) ?? 0) + 1));
  return [...n.values()].filter((count) => count > 1).length;
};

/** observation is a row as the trends take it. */
function observation(row: Row): Resource {
  const bound = (value: unknown) => (value === null ? undefined : { value: Number(value) });
  return {
    resourceType: "Observation", id: row.fhir_id, code: { text: row.test }, effectiveDateTime: row.effective ?? undefined,
    valueQuantity: { value: Number(row.value), unit: row.unit ?? undefined, comparator: row.comparator ?? undefined },
    referenceRange: row.low === null && row.high === null ? undefined : [{ low: bound(row.low), high: bound(row.high) }],
  };
}
