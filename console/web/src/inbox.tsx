import { Button, Loader, NativeSelect, TextInput } from "@mantine/core";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import * as api from "./api";
import { Link, UploadButton } from "./app";
import { useLive } from "./live";
import { Icon, StateTag } from "./marks";
import { keep, usePlace } from "./router";
import type { DocumentItem, DocumentState } from "./types";
import { cause, exactly, pages, title, typeName, types, when } from "./words";

/** lanes are the columns of the board and the filters over the list. */
const lanes: { name: string; title: string; states: DocumentState[]; hint: string }[] = [
  { name: "reading", title: "Reading", states: ["received", "reading", "understood"], hint: "Nothing is being read." },
  { name: "you", title: "Needs you", states: ["needs_review", "held"], hint: "Nothing waits for you." },
  { name: "filed", title: "Filed", states: ["filed"], hint: "Nothing is filed yet." },
  { name: "aside", title: "Set aside", states: ["failed", "rejected"], hint: "Nothing failed, nothing rejected." },
];

export function Inbox({ choose }: { choose: (files: File[]) => void }) {
  const place = usePlace();
  const [lane, setLane] = useState(String(place.state.lane ?? ""));
  const [type, setType] = useState(String(place.state.type ?? ""));
  const [text, setText] = useState(String(place.state.text ?? ""));
  const [asked, setAsked] = useState(text);
  const board = useDocuments(lane, type, asked);

  useEffect(() => keep({ lane, type, text: asked }), [lane, type, asked]);
  useEffect(() => {
    const wait = setTimeout(() => setAsked(text.trim()), 300);
    return () => clearTimeout(wait);
  }, [text]);
  useEffect(() => {
    window.document.title = "Documents · Chartlake";
  }, []);

  const filtered = lane !== "" || type !== "" || asked !== "";
  if (board.loaded && board.items.length === 0 && !filtered) return <Empty choose={choose} />;
  const shown = lanes.filter((x) => lane === "" || x.name === lane);
  return (
    <div className="inbox">
      <div className="filters">
        <h1>Documents</h1>
        <div className="chips" role="group" aria-label="Filter by state">
          <Chip on={lane === ""} pick={() => setLane("")} count={sum(board.counts, Object.keys(board.counts))}>All</Chip>
          {lanes.map((x) => (
            <Chip key={x.name} on={lane === x.name} pick={() => setLane(lane === x.name ? "" : x.name)}
              count={sum(board.counts, x.states)}>{x.title}</Chip>
          ))}
        </div>
        <span className="grow" />
        <NativeSelect aria-label="Filter by kind of document" value={type} onChange={(event) => setType(event.currentTarget.value)}
          data={[{ value: "", label: "All kinds" }, ...types.map((value) => ({ value, label: typeName(value) }))]} />
        <TextInput aria-label="Find in documents" placeholder="Find in documents" value={text} leftSection={<Icon name="search" />}
          onChange={(event) => setText(event.currentTarget.value)} />
      </div>
      {board.error && <p className="problem" role="alert">{board.error} <Button size="compact-sm" variant="light" onClick={board.reload}>Try again</Button></p>}
      {!board.loaded && !board.error && <p className="soft center"><Loader size="sm" /> Loading</p>}
      {board.loaded && (
        <div className="board" data-lanes={shown.length}>
          {shown.map((x) => {
            const items = board.items.filter((item) => x.states.includes(item.state));
            return (
              <section key={x.name} className="lane" aria-label={x.title} data-empty={(!filtered && items.length === 0) || undefined}>
                <h2>{x.title}<span>{asked || type ? items.length : sum(board.counts, x.states)}</span></h2>
                <Cards items={items} />
                {items.length === 0 && <p className="hint">{filtered ? "Nothing here matches." : x.hint}</p>}
              </section>
            );
          })}
        </div>
      )}
      {board.more && <p className="center"><Button variant="light" onClick={board.more}>Show older documents</Button></p>}
    </div>
  );
}

const sum = (counts: Record<string, number>, states: string[]) => states.reduce((n, state) => n + (counts[state] ?? 0), 0);

function Chip({ on, pick, count, children }: { on: boolean; pick: () => void; count: number; children: React.ReactNode }) {
  return <button type="button" className="chip" aria-pressed={on} onClick={pick}>{children}<span>{count}</span></button>;
}

/** useDocuments keeps the list in step with the server's events. */
function useDocuments(lane: string, type: string, text: string) {
  const [items, setItems] = useState<DocumentItem[]>([]);
  const [counts, setCounts] = useState<Record<string, number>>({});
  const [next, setNext] = useState("");
  const [loaded, setLoaded] = useState(false);
  const [error, setError] = useState("");
  const [turn, setTurn] = useState(0);
  const known = useRef(new Map<string, DocumentState>());
  const states = useMemo(() => lanes.find((x) => x.name === lane)?.states ?? [], [lane]);

  const query = useCallback((cursor?: string) => {
    const q = new URLSearchParams({ counts: "1" });
    if (states.length) q.set("state", states.join(","));
    if (type) q.set("type", type);
    if (text) q.set("q", text);
    if (cursor) q.set("cursor", cursor);
    return q;
  }, [states, type, text]);

  useEffect(() => {
    const stop = new AbortController();
    api.list(query(), stop.signal).then((list) => {
      known.current = new Map(list.documents.map((item) => [item.id, item.state]));
      setItems(list.documents);
      setCounts(list.counts ?? {});
      setNext(list.next ?? "");
      setError("");
      setLoaded(true);
    }, (problem) => problem.name !== "AbortError" && setError(problem.message));
    return () => stop.abort();
  }, [query, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  useLive("/events", (item) => {
    const before = known.current.get(item.id);
    if (before === undefined && text) return; // a search is as of when it was asked
    if (before !== item.state) {
      setCounts((all) => {
        const fresh = { ...all, [item.state]: (all[item.state] ?? 0) + 1 };
        if (before) fresh[before] = Math.max(0, (fresh[before] ?? 0) - 1);
        return fresh;
      });
    }
    known.current.set(item.id, item.state);
    const fits = (!states.length || states.includes(item.state)) && (!type || item.segments.some((s) => s.type === type));
    setItems((all) => {
      if (!fits) return all.filter((other) => other.id !== item.id);
      if (all.some((other) => other.id === item.id)) return all.map((other) => (other.id === item.id ? item : other));
      return [item, ...all].sort((a, b) => b.received_at.localeCompare(a.received_at));
    });
  }, reload);

  const more = next ? () => {
    api.list(query(next)).then((list) => {
      list.documents.forEach((item) => known.current.set(item.id, item.state));
      setItems((all) => [...all, ...list.documents.filter((item) => !all.some((other) => other.id === item.id))]);
      setNext(list.next ?? "");
    }, (problem) => setError(problem.message));
  } : undefined;
  return { items, counts, loaded, error, reload, more };
}

function Cards({ items }: { items: DocumentItem[] }) {
  return <ul className="cards">{items.map((item) => <li key={item.id}><Card item={item} /></li>)}</ul>;
}

/** places remembers where each card stood, so that one that moves to another lane glides there. */
const places = new Map<string, DOMRect>();

function Card({ item }: { item: DocumentItem }) {
  const box = useRef<HTMLAnchorElement>(null);
  const state = useRef<string | null>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const now = element.getBoundingClientRect();
    const was = places.get(item.id);
    if (state.current !== item.state && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      if (was && (was.left !== now.left || was.top !== now.top)) {
        element.animate([{ transform: `translate(${was.left - now.left}px, ${was.top - now.top}px)` }, { transform: "none" }],
          { duration: 380, easing: "cubic-bezier(.2,.8,.2,1)" });
      } else if (!was) {
        element.animate([{ opacity: 0, transform: "translateY(-8px)" }, { opacity: 1, transform: "none" }], { duration: 260 });
      }
    }
    state.current = item.state;
    places.set(item.id, now);
  });
  const busy = ["received", "reading"].includes(item.state);
  const look = item.summary?.look ?? 0;
  const reason = cause(item) || (item.state === "needs_review" ? item.summary?.reason : "");
  return (
    <Link to={`/d/${item.id}`} className="card" data-id={item.id} data-state={item.state}>
      <div ref={box as unknown as React.Ref<HTMLDivElement>} className="card-in">
        {item.pages > 0 && !busy && item.state !== "failed"
          ? <img className="thumb" src={api.picture(item.id, 1, 160)} alt="" loading="lazy" />
          : <span className="thumb none" aria-hidden="true" />}
        <span className="card-text">
          <span className="card-title">{title(item)}</span>
          {item.summary?.patient && (
            <span className="card-patient">{item.summary.patient}{item.summary.birth_date && <i> · {item.summary.birth_date}</i>}</span>
          )}
          <span className="card-meta" title={exactly(item.received_at)}>
            {[item.progress?.of ? `page ${item.progress.page} of ${item.progress.of}` : item.pages > 0 && pages(item.pages), when(item.received_at), (item.arrivals?.length ?? 0) > 1 && `came ${item.arrivals!.length} times`]
              .filter(Boolean).join(" · ")}
          </span>
          <span className="card-state">
            <StateTag state={item.state} />
            {look > 0 && item.state === "needs_review" && <span className="soft">{look} to look at</span>}
          </span>
          {reason && <span className="card-reason">{reason}</span>}
        </span>
      </div>
    </Link>
  );
}

function Empty({ choose }: { choose: (files: File[]) => void }) {
  return (
    <div className="empty">
      <div className="empty-art" aria-hidden="true"><Icon name="upload" /></div>
      <h1>Drop a scanned record here</h1>
      <p>
        A PDF, TIFF, JPEG or PNG: a lab report, a discharge summary, an insurance card, a claim, a whole faxed stack.
        Chartlake reads it on this machine, shows every value on the page, and files what is sure as FHIR.
      </p>
      <UploadButton choose={choose} size="md">Choose files</UploadButton>
      <p className="soft">Or from a terminal: <code>chartlake ingest FILE…</code></p>
    </div>
  );
}
