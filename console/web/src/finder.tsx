import { useEffect, useState } from "react";
import * as api from "./api";
import type { Box } from "./types";

export interface Found { text: string; hits: api.Hit[]; more: number; at: number }

const nothing: Found = { text: "", hits: [], more: 0, at: -1 };

/** useFinder looks for a text on all pages, and goes from one place to the next. */
export function useFinder(id: string, text: string, ready: boolean, show: (page: number, box: Box) => void) {
  const [found, setFound] = useState<Found>(nothing);
  useEffect(() => {
    const sought = text.trim();
    if (sought.length < 2 || !ready) return setFound(nothing);
    const stop = new AbortController();
    const wait = setTimeout(() => {
      api.find(id, sought, 1, stop.signal).then(({ hits, more }) => setFound({ text: sought, hits, more: more ?? 0, at: -1 }), () => setFound(nothing));
    }, 200);
    return () => {
      clearTimeout(wait);
      stop.abort();
    };
  }, [id, text, ready]);
  const go = (at: number) => {
    const hit = found.hits[at];
    if (!hit) return;
    setFound((now) => ({ ...now, at }));
    show(hit.page, hit.box);
  };
  const step = (by: 1 | -1) => go((found.at + by + found.hits.length) % Math.max(1, found.hits.length));
  return { found, go, step };
}

const shown = 30;

/** Hits is the places on the pages where the text of the search stands. */
export function Hits({ found, go }: { found: Found; go: (at: number) => void }) {
  const [all, setAll] = useState(false);
  useEffect(() => setAll(false), [found.text]);
  if (!found.text) return null;
  const n = found.hits.length;
  return (
    <section className="hits" aria-label="On the pages">
      <p className="soft small" role="status">
        {n === 0 ? "Nowhere on the pages." : `${n}${found.more ? "+" : ""} ${n === 1 ? "place" : "places"} on the pages. Enter goes to the next.`}
      </p>
      <ol>
        {found.hits.slice(0, all ? n : shown).map((hit, i) => (
          <li key={i}>
            <button type="button" className="hit" aria-current={i === found.at || undefined} onClick={() => go(i)}>
              <span className="soft">{hit.page}</span><span>{hit.before} <mark>{hit.text}</mark> {hit.after}</span>
            </button>
          </li>
        ))}
      </ol>
      {!all && n > shown && <button type="button" className="link" onClick={() => setAll(true)}>All {n} places</button>}
    </section>
  );
}
