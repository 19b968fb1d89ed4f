import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import * as api from "./api";
import { commandOf, keysOf, useKeymap } from "./keymap";
import type { Action, RecordBody, Segment } from "./types";
import { typeName } from "./words";

/** Stack is the pages in small, a document after the other, and the hands that divide them anew. */
export function Stack({ id, record, pages, page, setPage, busy, review, act, close }: {
  id: string; record: RecordBody; pages: number; page: number; setPage: (page: number) => void; busy: boolean; review: boolean;
  act: (action: Omit<Action, "after">) => Promise<boolean>; close: () => void;
}) {
  useKeymap();
  const box = useRef<HTMLDivElement>(null);
  const segments = record.segments ?? [];
  const at = (n: number) => segments.findIndex((s) => s.pages[0] <= n && n <= s.pages[1]);
  const blank = new Set((record.pages ?? []).filter((p) => p.blank || p.failed).map((p) => p.page));
  useEffect(() => {
    box.current?.querySelector<HTMLElement>(`[data-page="${page}"]`)?.focus();
  }, [page, record]);

  const split = (n: number) => n > 1 && segments[at(n)]?.pages[0] !== n && at(n) >= 0 && act({ kind: "split", page: n });
  const join = (i: number) => i > 0 && act({ kind: "merge", segment: i });
  const move = (n: number, to: "previous" | "next") => {
    const i = at(n);
    return i >= 0 && segments[to === "next" ? i + 1 : i - 1] && act({ kind: "move", page: n, value: to });
  };
  const key = (event: React.KeyboardEvent) => {
    const n = Number((event.target as HTMLElement).dataset.page);
    if (!n || event.ctrlKey || event.metaKey || event.altKey) return;
    const done = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    switch (event.key) {
      case "ArrowRight": case "ArrowDown": return done(), setPage(Math.min(pages, n + 1));
      case "ArrowLeft": case "ArrowUp": return done(), setPage(Math.max(1, n - 1));
      case "Home": return done(), setPage(1);
      case "End": return done(), setPage(pages);
      case "Enter": case "Escape": return done(), close();
    }
    if (!review || busy) return;
    switch (commandOf(event, true)) {
      case "split": return done(), void split(n);
      case "join": return done(), void join(at(n));
      case "back": return done(), void move(n, "previous");
      case "on": return done(), void move(n, "next");
    }
  };

  const loose: number[] = []; // pages of no document: blank ones at the edges, or not read
  for (let n = 1; n <= pages; n++) if (at(n) < 0) loose.push(n);
  return (
    <section className="stack" aria-label="Documents in this stack">
      <div className="tools">
        <b>{segments.length === 1 ? "1 document" : `${segments.length} documents`}</b>
        <span className="soft small">Arrows choose a page · {keysOf("split")[0]} begins a document with it · {keysOf("join")[0]} joins its document to the one before · {keysOf("back")[0]} {keysOf("on")[0]} move it to the one before or after</span>
        <span className="grow" />
        <Button size="compact-sm" variant="default" onClick={close}>Back to the page</Button>
      </div>
      <div className="stack-list" ref={box} onKeyDown={key}>
        {segments.map((segment, i) => (
          <section key={segment.pages[0]} className="stack-document" aria-label={name(segment, i)}>
            <h2>{typeName(segment.type)} <span>{segment.pages[0] === segment.pages[1] ? `page ${segment.pages[0]}` : `pages ${segment.pages[0]}–${segment.pages[1]}`}</span>
              {review && i > 0 && <button type="button" className="link" disabled={busy} onClick={() => void join(i)}>Join to the one before</button>}
            </h2>
            <ul>
              {range(segment).map((n) => (
                <li key={n}>
                  <Page id={id} n={n} here={n === page} blank={blank.has(n)} pick={() => setPage(n)} open={() => (setPage(n), close())} />
                  {review && (
                    <div className="stack-hands">
                      {i > 0 && n === segment.pages[0] && <button type="button" className="link" disabled={busy} aria-label={`Move page ${n} to the document before`} onClick={() => void move(n, "previous")}>← move</button>}
                      {n > segment.pages[0] && <button type="button" className="link" disabled={busy} aria-label={`A document begins with page ${n}`} onClick={() => void split(n)}>Split here</button>}
                      {i < segments.length - 1 && n === segment.pages[1] && <button type="button" className="link" disabled={busy} aria-label={`Move page ${n} to the document after`} onClick={() => void move(n, "next")}>move →</button>}
                    </div>
                  )}
                </li>
              ))}
            </ul>
          </section>
        ))}
        {loose.length > 0 && (
          <section className="stack-document" aria-label="Pages of no document">
            <h2>Blank, or not read <span>{loose.length === 1 ? "1 page" : `${loose.length} pages`}</span></h2>
            <ul>{loose.map((n) => <li key={n}><Page id={id} n={n} here={n === page} blank pick={() => setPage(n)} open={() => (setPage(n), close())} /></li>)}</ul>
          </section>
        )}
      </div>
    </section>
  );
}

const name = (segment: Segment, i: number) => `Document ${i + 1}: ${typeName(segment.type)}`;

function range(segment: Segment): number[] {
  return Array.from({ length: segment.pages[1] - segment.pages[0] + 1 }, (_, i) => segment.pages[0] + i);
}

function Page({ id, n, here, blank, pick, open }: { id: string; n: number; here: boolean; blank: boolean; pick: () => void; open: () => void }) {
  return (
    <button type="button" className="stack-page" data-page={n} aria-current={here ? "page" : undefined} tabIndex={here ? 0 : -1}
      aria-label={`Page ${n}${blank ? ", blank or not read" : ""}`} onClick={pick} onDoubleClick={open}>
      <img src={api.picture(id, n, 160)} alt="" loading="lazy" /><span>{n}</span>
    </button>
  );
}
