import { ActionIcon, Button, Loader, NativeSelect, Tabs, Tooltip } from "@mantine/core";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import * as api from "./api";
import { Link, useSettings } from "./app";
import { editable, type Fact, facts as factsOf, matches, open, union } from "./facts";
import { useClaim } from "./claim";
import { Hits, useFinder } from "./finder";
import { useLive } from "./live";
import { useKeys } from "./keys";
import { Icon, StateTag } from "./marks";
import { type Edit, Filter, Findings, type Hands, Values } from "./panel";
import { PickerDialog } from "./picker";
import { Stack } from "./stack";
import { Aside, Held, History } from "./story";
import { Resources } from "./resources";
import { keep, usePlace } from "./router";
import type { Action, Box, DocumentFull, PageWords, RecordBody } from "./types";
import { Thumbs, type Target, Viewer } from "./viewer";
import { neighbour } from "./worklist";
import { cause, pages as pagesWord, sentence, title, typeName, types, who } from "./words";

/** What was typed and not saved, by document and value. It lives as long as the page: nothing of it is stored in the browser. */
const drafts = new Map<string, Edit>();
const draftOf = (id: string, key: string) => `${id} ${key}`;

interface Loaded { document: DocumentFull; record: RecordBody | null; version: number }

/** DocumentScreen is one document: its pages, what was read on them, and the hands of review. */
export function DocumentScreen({ id }: { id: string }) {
  const place = usePlace();
  const { may_review } = useSettings();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState("");
  const [notice, setNotice] = useState<{ text: string; bad?: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  const [tab, setTab] = useState("values");
  const [page, setPageRaw] = useState(Number(place.state.page) || 1);
  const [selected, setSelected] = useState("");
  const [edit, setEdit] = useState<Edit | null>(null);
  const [filter, setFilter] = useState("");
  const [openOnly, setOpenOnly] = useState(false);
  const [target, setTarget] = useState<Target | null>(null);
  const [hit, setHit] = useState<{ page: number; box: Box }[]>([]);
  const [words, setWords] = useState<PageWords | null>(null);
  const [command, setCommand] = useState({ name: "", turn: 0 });
  const turn = useRef(1);
  const anchor = useRef(-1); // the word that a Shift-click goes on from
  const panel = useRef<HTMLElement>(null);
  const [focus, setFocus] = useState<{ row: string } | null>(null);
  useLayoutEffect(() => {
    if (focus) focusRow(panel.current, focus.row);
  }, [focus]);

  const load = useCallback(async () => {
    try {
      const [document, record] = await Promise.all([api.document(id), api.record(id)]);
      const version = record?.version ?? 0;
      // An answer that was overtaken is dropped, and a record that is the same stays the same object, so that
      // nothing that hangs on it begins anew.
      setLoaded((now) => (now && version < now.version ? now
        : { document, record: now && now.version === version ? now.record : record?.body ?? null, version }));
      setError("");
      return record?.version ?? 0;
    } catch (problem) {
      setError((problem as Error).message);
      return 0;
    }
  }, [id]);
  useEffect(() => void load(), [load]);
  useLive(`/documents/${encodeURIComponent(id)}/events`, load, load);

  const record = loaded?.record ?? null;
  const all = useMemo(() => (record ? factsOf(record) : []), [record]);
  const shown = useMemo(() => {
    const text = filter.trim().toLowerCase();
    return all.filter((fact) => matches(fact, text) && (!openOnly || open(fact)));
  }, [all, filter, openOnly]);
  const current = all.find((fact) => fact.key === selected);
  const pageCount = loaded?.document.pages || record?.pages?.length || 1;
  const waits = loaded !== null && ["needs_review", "held"].includes(loaded.document.state);
  const { other, take } = useClaim(id, may_review && waits);
  const review = may_review && loaded !== null && record !== null && !other;
  const [stacking, setStacking] = useState(false);
  const [picking, setPicking] = useState(false);
  const [holding, setHolding] = useState(false);
  const [suggested, setSuggested] = useState<api.Suggestion[]>([]);

  const setPage = useCallback((n: number) => {
    setPageRaw(n);
    keep({ page: n });
  }, []);
  const show = useCallback((n: number, box: Box) => {
    setPage(n);
    setHit([{ page: n, box }]);
    setTarget({ page: n, box, turn: turn.current++ });
  }, [setPage]);

  const finder = useFinder(id, filter, record !== null, show);

  const pick = useCallback((key: string, andFocus = true) => {
    const fact = all.find((other) => other.key === key);
    if (!fact) return;
    setSelected(key);
    setEdit(drafts.get(draftOf(id, key)) ?? null);
    setHit(fact.sort === "flag" ? (fact.flag!.evidence ?? []).filter((e) => !e.document && e.page > 0) : []);
    setTab(fact.sort === "entity" ? "findings" : "values");
    if (fact.page > 0) {
      setPage(fact.page);
      if (fact.box) setTarget({ page: fact.page, box: fact.box, turn: turn.current++ });
    }
    if (andFocus) setFocus({ row: key });
  }, [id, all, setPage]);
  useEffect(() => {
    if (edit) drafts.set(draftOf(id, edit.key), edit);
  }, [id, edit]);

  // The first thing to look at is chosen once the record is there, or the place that was asked for.
  const begun = useRef(false);
  useEffect(() => {
    if (!record || begun.current) return;
    begun.current = true;
    const box = place.state.box as Box | undefined;
    if (box) return show(Number(place.state.page) || 1, box);
    const first = all.find(open);
    if (first && !place.state.page) pick(first.key);
  }, [record, all, pick, show, place.state]);

  const asks = review && current && editable(current) ? current : null;
  useEffect(() => {
    setSuggested([]);
    if (!asks) return;
    const stop = new AbortController();
    api.suggestions(id, asks.segment, asks.target, stop.signal).then(setSuggested, () => undefined); // they help; nothing waits for them
    return () => stop.abort();
  }, [id, asks?.key, record]);

  useEffect(() => {
    setWords(null);
    if (!record) return;
    const stop = new AbortController();
    api.pageWords(id, page, stop.signal).then(setWords, () => setWords(null));
    return () => stop.abort();
  }, [id, page, record === null]); // words never change for a page once it is read

  useEffect(() => {
    window.document.title = `${loaded ? title(loaded.document) : "Document"} · Chartlake`;
  }, [loaded]);

  const act = useCallback(async (action: Omit<Action, "after">): Promise<boolean> => {
    if (!loaded || busy) return false;
    setBusy(true);
    setNotice(null);
    try {
      await api.act(id, { ...action, after: loaded.version });
      await load();
      return true;
    } catch (problem) {
      const p = problem as api.Problem;
      const newest = await load();
      if (p.status === 409 && newest > loaded.version) setNotice({ text: await winner(id), bad: true });
      else setNotice({ text: p.message, bad: true });
      return false;
    } finally {
      setBusy(false);
    }
  }, [id, loaded, busy, load]);

  const step = useCallback((by: 1 | -1, look: boolean) => {
    const list = shown.filter((fact) => !look || open(fact) || fact.key === selected);
    const at = list.findIndex((fact) => fact.key === selected);
    const next = at < 0 ? list[by > 0 ? 0 : list.length - 1] : list[at + by];
    if (!next || (look && !open(next))) return false;
    pick(next.key);
    return true;
  }, [shown, selected, pick]);

  const settle = useCallback(async (fact: Fact, kind: Action["kind"], more: Partial<Action> = {}) => {
    // Where to go on is decided before the record changes under it.
    const list = all.filter((other) => open(other) || other.key === fact.key);
    const next = list[list.findIndex((other) => other.key === fact.key) + 1] ?? list.find((other) => other.key !== fact.key);
    const typed = edit;
    setEdit(null);
    if (!(await act({ kind, segment: fact.segment, target: fact.target, ...more }))) {
      if (kind === "correct") setEdit(typed); // what was typed is not lost
      return setFocus({ row: fact.key });
    }
    drafts.delete(draftOf(id, fact.key));
    if (next && next.key !== fact.key) setAfter(next.key);
    else setFocus({ row: fact.key });
  }, [id, all, act, edit]);
  const [after, setAfter] = useState("");
  useEffect(() => {
    if (!after) return;
    setAfter("");
    pick(after);
  }, [after, pick]);

  const begin = useCallback((fact: Fact, value?: string) => {
    if (fact.sort !== "field" && fact.sort !== "line") return;
    setSelected(fact.key);
    setEdit({ key: fact.key, value: value ?? fact.value ?? "", page: 0, words: [] });
  }, []);
  const save = useCallback(() => {
    const fact = all.find((other) => other.key === edit?.key);
    if (!fact || !edit) return;
    const value = edit.value.trim();
    if (value === "") return setNotice({ text: "An empty value is “not on the page” (X) or a rejection (Del).", bad: true });
    const place = edit.words.length && words?.page === edit.page
      ? { page: edit.page, words: edit.words, box: union(edit.words.map((i) => words.words[i].box)) } : {};
    if (value === fact.value && !edit.words.length) return void settle(fact, "accept");
    void settle(fact, "correct", { value, ...place });
  }, [all, edit, words, settle]);

  const word = useCallback((index: number, from: PageWords, through: boolean) => {
    if (!current || !editable(current) || !review) return;
    setEdit((now) => {
      const running = now && now.key === current.key && now.page === from.page ? now.words : [];
      const begin = anchor.current;
      const range = through && running.length
        ? Array.from({ length: Math.abs(index - begin) + 1 }, (_, i) => Math.min(index, begin) + i) : [index];
      const set = new Set(running);
      if (!through && set.has(index)) set.delete(index);
      else range.forEach((i) => set.add(i));
      anchor.current = index;
      const list = [...set].sort((a, b) => a - b);
      return { key: current.key, page: from.page, words: list, value: list.map((i) => from.words[i].text).join(" ") };
    });
  }, [current, review]);

  const hands: Hands = useMemo(() => ({
    pick, show,
    accept: (fact) => void settle(fact, "accept"),
    absent: (fact) => void settle(fact, "not_present"),
    reject: (fact) => void settle(fact, "reject"),
    edit: begin,
    suggested,
    enter: (segment, name, as, value) => act({ kind: "correct", segment, target: `field:${name}`, as, value }),
    say: (fact, part, value) => void act({ kind: "correct", segment: fact.segment, target: `${fact.target}:${part}`, value }),
    change: (value) => setEdit((now) => now && { ...now, value }),
    save,
    cancel: () => {
      drafts.delete(draftOf(id, selected));
      setEdit(null);
      setFocus({ row: selected });
    },
  }), [id, pick, show, settle, begin, save, selected, suggested, act]);

  const left = useMemo(() => all.filter(open), [all]);
  const [sure, setSure] = useState(false);
  const approve = useCallback(async (shown: boolean) => {
    const unsaved = all.find((fact) => drafts.has(draftOf(id, fact.key)));
    if (unsaved) {
      setNotice({ text: "Something that was typed is not saved: Enter saves it, Esc leaves it." });
      return pick(unsaved.key);
    }
    if (left.length > 0 && !shown) {
      setSure(true);
      setNotice({ text: `${left.length === 1 ? "1 thing waits" : `${left.length} things wait`} for you. Ctrl Enter again approves all as shown.` });
      return pick(left[0].key);
    }
    if (await act(left.length > 0 ? { kind: "approve", value: "as_shown" } : { kind: "approve" })) await neighbour(id, 1, true);
  }, [act, all, id, left, pick]);
  useEffect(() => setSure(false), [record]);
  // Taking back and approving are about what is on its way, too: they wait for it.
  const [wishes, setWishes] = useState<("undo" | "approve")[]>([]);
  const wish = useCallback((what: "undo" | "approve") => setWishes((list) => [...list, what]), []);
  useEffect(() => {
    if (busy || wishes.length === 0) return;
    setWishes(wishes.slice(1));
    if (wishes[0] === "undo") void act({ kind: "undo" });
    else void approve(sure);
  }, [busy, wishes, act, approve, sure]);
  const hold = useCallback(() => {
    if (record?.held) void act({ kind: "resume" });
    else setHolding(true);
  }, [act, record]);
  const reject = useCallback(async () => {
    if (await act({ kind: "reject", target: "document" })) setNotice({ text: "Rejected: what it filed is taken back. Undo brings it back." });
  }, [act]);

  useKeys({
    step, current, review, suggested: suggested.map((s) => s.value), hold, inPanel: () => !!panel.current?.contains(window.document.activeElement),
    hands, begin, approve: () => wish("approve"), undo: () => wish("undo"), go: (by) => void neighbour(id, by, false), page, setPage, pageCount,
    view: (name) => setCommand({ name, turn: turn.current++ }),
    stack: () => setStacking((on) => !on && pageCount > 1), picker: () => setPicking(review),
  });
  const segment = current?.segment ?? Math.max(0, record?.segments?.findIndex((s) => s.pages[0] <= page && page <= s.pages[1]) ?? 0);

  if (error && !loaded) {
    return <div className="empty"><h1>{error}</h1><p><Link to="/">Back to the documents</Link></p></div>;
  }
  if (!loaded) return <p className="soft center"><Loader size="sm" /> Loading</p>;
  const { document } = loaded;
  const failed = new Map((record?.pages ?? []).filter((p) => p.failed).map((p) => [p.page, p.failed]));
  const settled = !["received", "reading", "understood"].includes(document.state);
  return (
    <div className="document">
      <div className="bar">
        <Link to="/" className="back" aria-label="Back to the documents"><Icon name="back" /></Link>
        <div className="bar-title">
          <h1>{title(document)}</h1>
          <p>{[document.summary?.patient, pagesWord(pageCount), document.name].filter(Boolean).join(" · ")}</p>
        </div>
        <StateTag state={document.state} />
        {cause(document) && document.state !== "held" && <span className="bar-reason">{cause(document)}</span>}
        <span className="grow" />
        {review && record.segments?.[segment] && (
          <NativeSelect id="type-of" size="xs" aria-label={record.segments.length > 1 ? `Kind of document ${segment + 1}` : "Kind of document"} value={record.segments[segment].type}
            onChange={(event) => void act({ kind: "correct", segment, target: "type", value: event.currentTarget.value })}
            data={[...new Set([record.segments[segment].type, ...types])].map((value) => ({ value, label: typeName(value) }))} />
        )}
        {record && pageCount > 1 && <Button size="compact-sm" variant={stacking ? "filled" : "default"} aria-pressed={stacking} onClick={() => setStacking(!stacking)}>Stack</Button>}
        {review && record.segments?.length ? <Button size="compact-sm" variant="default" onClick={() => setPicking(true)}>Patient</Button> : null}
        {error && <span className="problem">{error}</span>}
      </div>
      {other && (
        <div className="notice" role="status"><b>{who(other)}</b>&nbsp;works on this document.
          <Button size="compact-sm" variant="default" onClick={take}>Take it over</Button></div>
      )}
      <PickerDialog opened={picking} close={() => setPicking(false)} title="Whose document is this?" subject={record?.segments?.[segment]?.subject}
        busy={busy} review={review} choose={(value) => void act({ kind: "answer", segment, target: "patient", value }).then((done) => done && setPicking(false))} />
      {holding && <Aside busy={busy} close={() => (setHolding(false), setFocus({ row: selected }))}
        hold={(reason) => void act({ kind: "hold", reason }).then((done) => done && setHolding(false))} />}
      {notice && (
        <div className={`notice ${notice.bad ? "bad" : ""}`} role="alert">
          {notice.text}<ActionIcon size="sm" variant="subtle" color="gray" aria-label="Dismiss" onClick={() => setNotice(null)}><Icon name="close" /></ActionIcon>
        </div>
      )}
      <div className="work" data-thumbs={pageCount > 1 && !stacking || undefined}>
        {pageCount > 1 && !stacking && (
          <Thumbs id={id} pages={pageCount} page={page} setPage={setPage}
            open={new Set(all.filter(open).map((fact) => fact.page))} failed={new Set(failed.keys())} />
        )}
        {stacking && record ? (
          <Stack id={id} record={record} pages={pageCount} page={page} setPage={setPage} busy={busy} review={review} act={act} close={() => setStacking(false)} />
        ) : <Viewer id={id} pages={pageCount} page={page} setPage={setPage} failed={failed.get(page)} facts={all} selected={selected} pick={pick}
          target={target} hit={[...hit, ...finder.found.hits]} picking={edit !== null} chosen={edit?.page === page ? edit.words : []} word={word}
          words={review && current && editable(current) ? words : null} command={command} />}
        <aside className="panel" ref={panel} aria-label="What was read">
          {document.state === "held" && <Held document={document} record={record} busy={busy} review={review} act={act} />}
          {!record ? <Waiting document={document} /> : (
            <Tabs value={tab} onChange={(value) => setTab(value ?? "values")} keepMounted={false} className="tabs">
              <Tabs.List>
                <Tabs.Tab value="values">Values <Count n={all.filter((f) => editable(f)).length} /></Tabs.Tab>
                <Tabs.Tab value="findings">Findings <Count n={all.filter((f) => f.sort === "entity").length} /></Tabs.Tab>
                <Tabs.Tab value="fhir">FHIR</Tabs.Tab>
                <Tabs.Tab value="history">History</Tabs.Tab>
              </Tabs.List>
              {(tab === "values" || tab === "findings") && (
                <Filter value={filter} change={setFilter} openOnly={openOnly} setOpenOnly={setOpenOnly} facts={all} step={finder.step} />
              )}
              {(tab === "values" || tab === "findings") && <Hits found={finder.found} go={finder.go} />}
              <Tabs.Panel value="values"><Values record={record} facts={shown} selected={selected} edit={edit} hands={hands} review={review} /></Tabs.Panel>
              <Tabs.Panel value="findings"><Findings facts={shown} selected={selected} hands={hands} review={review} /></Tabs.Panel>
              <Tabs.Panel value="fhir"><Resources id={id} version={loaded.version} show={show} /></Tabs.Panel>
              <Tabs.Panel value="history"><History document={document} versions={record.versions} /></Tabs.Panel>
            </Tabs>
          )}
        </aside>
      </div>
      {settled && (
        <footer className="foot">
          <span className="left" aria-live="polite">
            {document.state === "rejected" ? "Rejected" : !record ? "" : left.length === 0 ? "Nothing left to look at" : <>{left.length} left<span className="wide"> on this document</span></>}
          </span>
          {busy && <Loader size="xs" />}
          <span className="grow" />
          {may_review && document.state !== "rejected" && (
            <Tooltip label="It does not belong here: what it filed is taken back">
              <Button size="compact-sm" variant="subtle" className="quiet" disabled={busy} onClick={() => void reject()}>Reject<span className="wide">&nbsp;document</span></Button>
            </Tooltip>
          )}
          {review && !record.held && document.state !== "rejected" && <Button size="compact-sm" variant="subtle" className="quiet" disabled={busy} onClick={hold}>Put aside</Button>}
          {may_review && <Button size="compact-sm" variant="default" leftSection={<Icon name="undo" />} disabled={!undoable(document) || busy} onClick={() => wish("undo")}>Undo</Button>}
          <Tooltip label="Previous document (K)"><ActionIcon variant="default" aria-label="Previous document" onClick={() => void neighbour(id, -1, false)}><Icon name="back" /></ActionIcon></Tooltip>
          <Tooltip label="Next document (J)"><ActionIcon variant="default" aria-label="Next document" onClick={() => void neighbour(id, 1, false)}><Icon name="next" /></ActionIcon></Tooltip>
          {review && document.state === "needs_review" && (
            <Tooltip label={left.length ? "Accepts what is left as it was read" : "Ctrl Enter"}>
              <Button size="compact-sm" disabled={busy} onClick={() => void approve(true)}>{left.length ? "Approve all as shown" : "Approve"}</Button>
            </Tooltip>
          )}
        </footer>
      )}
    </div>
  );
}

/** undoable reports whether a person's act stands that was not taken back. */
function undoable(document: DocumentFull): boolean {
  if (document.records.length === 0) return document.state === "rejected";
  const stack: string[] = [];
  for (const { action } of document.records) {
    if (action === "undo") stack.pop();
    else stack.push(action);
  }
  return stack.length > 1 && stack.at(-1) !== "machine";
}

const Count = ({ n }: { n: number }) => <span className="count">{n}</span>;

function Waiting({ document }: { document: DocumentFull }) {
  if (document.state === "failed") {
    return <p className="hint">This document could not be read: {sentence(document.code ?? "unknown reason")}. Its file is kept.</p>;
  }
  const at = document.progress;
  return (
    <p className="hint"><Loader size="sm" /> {document.state === "received" ? "Waits to be read." : at?.of ? `Page ${at.page} of ${at.of} is read.` : "Being read."} The values appear here.</p>
  );
}

/** focusRow puts the focus on a row that is there by now, unless an edit has begun meanwhile. */
function focusRow(panel: HTMLElement | null, key: string) {
  if (panel?.querySelector(".editor")) return;
  const row = panel?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`);
  row?.focus({ preventScroll: true });
  row?.closest(".row, td, .flag")?.scrollIntoView({ block: "nearest" });
}

/** winner says who changed the record first. */
async function winner(id: string): Promise<string> {
  const last = (await api.document(id)).records.at(-1);
  return `${last ? who(last.actor) : "Somebody"} changed this document in the meantime (version ${last?.version}: ${sentence(last?.action ?? "")}). ` +
    "Your change was not saved; this is the newest.";
}
