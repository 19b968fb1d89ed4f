import { Button, Loader, NativeSelect } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import * as api from "./api";
import { Link, typing } from "./app";
import { commandOf } from "./keymap";
import { useLive } from "./live";
import { StateTag } from "./marks";
import { go, keep, usePlace } from "./router";
import type { DocumentItem } from "./types";
import { age, cause, exactly, title, typeName, types, who } from "./words";

interface Asked { state: string; type: string; age: string; order: string; mine: boolean; code: string }

const states = [["needs_review,held", "Needs a person"], ["needs_review", "Needs review"], ["held", "Held"], ["failed", "Failed"],
  ["received,reading,understood", "Being read"], ["filed", "Filed"], ["rejected", "Rejected"]];
const ages = [["", "Any age"], ["1", "Over an hour"], ["24", "Over a day"], ["72", "Over 3 days"], ["168", "Over a week"]];
const empty: Asked = { state: "needs_review,held", type: "", age: "", order: "oldest", mine: false, code: "" };

/** trail is the list that a person works along: J and K in a document go through it. */
export const trail: { ids: string[]; more: (() => Promise<string[]>) | null } = { ids: [], more: null };

function query(asked: Asked, cursor?: string): URLSearchParams {
  const q = new URLSearchParams({ order: asked.order });
  if (asked.mine) q.set("claimed", "mine");
  else q.set("state", asked.state);
  if (asked.type) q.set("type", asked.type);
  if (asked.code) q.set("code", asked.code);
  if (asked.age) q.set("before", new Date(Math.floor(Date.now() / 60000) * 60000 - Number(asked.age) * 3600e3).toISOString());
  if (cursor) q.set("cursor", cursor);
  return q;
}

/** Worklist is what waits for people, the oldest first, with why and for whom. */
export function Worklist() {
  const place = usePlace();
  const [asked, setAsked] = useState<Asked>({ ...empty, ...(place.state.asked as object) });
  const [items, setItems] = useState<DocumentItem[] | null>(null);
  const [next, setNext] = useState("");
  const [error, setError] = useState("");
  const [turn, setTurn] = useState(0);
  const table = useRef<HTMLTableElement>(null);
  const set = (part: Partial<Asked>) => setAsked((now) => ({ ...now, ...part }));

  useEffect(() => {
    window.document.title = "Work list · Chartlake";
    keep({ asked });
    const stop = new AbortController();
    api.list(query(asked), stop.signal).then((list) => {
      setItems(list.documents);
      setNext(list.next ?? "");
      setError("");
    }, (problem) => problem.name !== "AbortError" && setError(problem.message));
    return () => stop.abort();
  }, [asked, turn]);

  const more = useCallback(async () => {
    if (!next) return [];
    const list = await api.list(query(asked, next));
    setItems((all) => [...(all ?? []), ...list.documents]);
    setNext(list.next ?? "");
    trail.ids.push(...list.documents.map((item) => item.id));
    return list.documents.map((item) => item.id);
  }, [asked, next]);
  useEffect(() => {
    trail.ids = (items ?? []).map((item) => item.id);
    trail.more = next ? more : null;
  }, [items, next, more]);

  const shown = useRef(items);
  shown.current = items;
  useLive("/events", (item) => {
    if (!shown.current?.some((other) => other.id === item.id)) return;
    setItems((all) => all!.map((other) => (other.id === item.id ? item : other)));
  }, () => setTurn((n) => n + 1));

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const name = commandOf(event);
      const by = name === "after" || name === "below" ? 1 : name === "before" || name === "above" ? -1 : 0;
      if (!by || typing(event.target) || event.ctrlKey || event.metaKey || window.document.querySelector("[role=dialog]")) return;
      const links = [...(table.current?.querySelectorAll<HTMLElement>("a.work-link") ?? [])];
      const at = links.indexOf(window.document.activeElement as HTMLElement);
      links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
      event.preventDefault();
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, []);

  return (
    <div className="search worklist">
      <h1>Work list</h1>
      <div className="search-form" role="group" aria-label="Filters">
        <NativeSelect label="State" value={asked.state} disabled={asked.mine} data={states.map(([value, label]) => ({ value, label }))} onChange={(e) => set({ state: e.currentTarget.value, code: "" })} />
        <NativeSelect label="Kind" value={asked.type} disabled={asked.mine} data={[{ value: "", label: "All kinds" }, ...types.map((value) => ({ value, label: typeName(value) }))]} onChange={(e) => set({ type: e.currentTarget.value })} />
        <NativeSelect label="Age" value={asked.age} disabled={asked.mine} data={ages.map(([value, label]) => ({ value, label }))} onChange={(e) => set({ age: e.currentTarget.value })} />
        <NativeSelect label="Order" value={asked.order} disabled={asked.mine} data={[{ value: "oldest", label: "Oldest first" }, { value: "newest", label: "Newest first" }]} onChange={(e) => set({ order: e.currentTarget.value })} />
        <button type="button" className="chip" aria-pressed={asked.mine} onClick={() => set({ mine: !asked.mine })}>Mine</button>
        {asked.code && <button type="button" className="chip" aria-pressed="true" onClick={() => set({ code: "" })}>Cause: {asked.code.replace(/_/g, " ")} ✕</button>}
      </div>
      {error && <p className="problem" role="alert">{error}</p>}
      {!items && !error && <p className="soft center"><Loader size="sm" /> Loading</p>}
      {items?.length === 0 && <p className="hint">{asked.mine ? "You are at work on nothing." : "Nothing waits here."}</p>}
      {items && items.length > 0 && (
        <div className="table-scroll" role="region" aria-label="Documents" tabIndex={0}>
          <table className="results" ref={table}>
            <thead><tr>{["Age", "Document", "Patient", "From", "Why it is here", "State", "Who"].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
            <tbody>{items.map((item) => <Row key={item.id} item={item} />)}</tbody>
          </table>
        </div>
      )}
      {next && <p className="center"><Button variant="light" onClick={() => void more().catch((e: Error) => setError(e.message))}>Show more</Button></p>}
    </div>
  );
}

function Row({ item }: { item: DocumentItem }) {
  const why = item.state === "needs_review" ? item.summary?.reason ?? "" : cause(item);
  return (
    <tr data-id={item.id}>
      <td className="nowrap" title={exactly(item.received_at)}>{age(item.received_at)}</td>
      <td><Link to={`/d/${item.id}`} className="work-link">{title(item)}</Link></td>
      <td>{item.summary?.patient}</td>
      <td className="soft">{item.arrivals?.[0]?.source}</td>
      <td>{why}{item.state === "needs_review" && (item.summary?.look ?? 0) > 1 && <span className="soft"> +{item.summary!.look - 1}</span>}</td>
      <td><StateTag state={item.state} /></td>
      <td className="nowrap">{item.claim && who(item.claim.who)}</td>
    </tr>
  );
}

/** neighbour goes to the next or previous document of the list that a person works along. */
export async function neighbour(id: string, by: 1 | -1, done: boolean) {
  if (!trail.ids.includes(id)) {
    trail.ids = (await api.list(query(empty))).documents.map((item) => item.id);
    trail.more = null;
  }
  let at = trail.ids.indexOf(id);
  if (by > 0 && at === trail.ids.length - 1 && trail.more) await trail.more();
  const next = at < 0 ? (by > 0 ? trail.ids.find((other) => other !== id) : undefined)
    : trail.ids[at + by] ?? (done ? trail.ids.find((other) => other !== id) : undefined);
  if (done && at >= 0) trail.ids = trail.ids.filter((other) => other !== id);
  if (next) go(`/d/${next}`);
  else if (done) go("/");
}
