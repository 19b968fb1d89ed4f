import { ActionIcon, Tooltip } from "@mantine/core";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import * as api from "./api";
import { type Fact, lookWord } from "./facts";
import { Icon } from "./marks";
import type { Box, PageWords } from "./types";

export interface Target { page: number; box: Box | null; turn: number }

interface Props {
  id: string;
  pages: number;
  page: number;
  setPage: (page: number) => void;
  failed: { code: string; message: string } | null | undefined;
  facts: Fact[];
  selected: string;
  pick: (key: string) => void;
  target: Target | null; // a place to bring into view; turn changes with every wish
  hit: { page: number; box: Box }[]; // places that are pointed at without being a fact
  picking: boolean; // words are being clicked for the value in edit
  chosen: number[]; // words of this page that the edit holds
  word: (index: number, words: PageWords, through: boolean) => void;
  words: PageWords | null;
  command: { name: string; turn: number };
}

const readable = 10; // pixels of a box's height under which the view zooms in on it
const zooms = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4];

/** Viewer is a page's picture under its boxes. All boxes are fractions of the upright page. */
export function Viewer(props: Props) {
  const { id, page, pages, facts, selected, words, target } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 600, height: 700 });
  const [zoom, setZoom] = useState(1); // of the width that fits
  const [rotation, setRotation] = useState(0);
  const [natural, setNatural] = useState({ width: 8.5, height: 11 });
  const [picture, setPicture] = useState<"loading" | "shown" | "failed">("loading");
  const [boxes, setBoxes] = useState(true);

  useLayoutEffect(() => {
    const element = frame.current!;
    const watch = new ResizeObserver(() => setRoom({ width: element.clientWidth, height: element.clientHeight }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const sideways = rotation % 180 !== 0;
  const ratio = natural.height / natural.width;
  const gap = 24;
  // fit shows the whole width; a page that is little taller than the room is shown whole.
  const across = Math.max(160, room.width - gap); // fit shows the whole width
  const width = Math.floor((sideways ? across / ratio : across) * zoom);
  const height = width * ratio;

  const step = useCallback((by: number) => setZoom((now) => {
    const at = zooms.reduce((best, z, i) => (Math.abs(z - now) < Math.abs(zooms[best] - now) ? i : best), 0);
    return zooms[Math.max(0, Math.min(zooms.length - 1, at + by))];
  }), []);

  useEffect(() => {
    switch (props.command.name) {
      case "in": return step(1);
      case "out": return step(-1);
      case "fit": return setZoom(1);
      case "right": return setRotation((r) => (r + 90) % 360);
      case "left": return setRotation((r) => (r + 270) % 360);
    }
  }, [props.command, step]);

  // Bring the wished place into view, a little above the middle, and large enough to read.
  useLayoutEffect(() => {
    if (!target?.box || target.page !== page || picture !== "shown") return;
    const tall = target.box[3] * height;
    if (tall < readable) setZoom((now) => Math.min(2, now * ((readable + 3) / Math.max(tall, 3))));
    const wait = requestAnimationFrame(() => {
      const element = frame.current!;
      const [x, y] = turned(target.box!, rotation);
      const inner = element.querySelector<HTMLElement>(".turned")!;
      element.scrollTo({
        left: inner.offsetLeft + x * inner.offsetWidth - element.clientWidth / 2,
        top: inner.offsetTop + y * inner.offsetHeight - element.clientHeight / 2.4,
        behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
      });
    });
    return () => cancelAnimationFrame(wait);
  }, [target, page, picture]); // a new zoom is no new wish

  useEffect(() => {
    setPicture("loading");
    frame.current?.scrollTo({ top: 0 });
  }, [page]);

  const ratioOfScreen = window.devicePixelRatio || 1;
  const wanted = [480, 1000, 1600, 2400].find((w) => w >= width * Math.min(ratioOfScreen, 2) * 0.8) ?? 2400;
  const here = facts.filter((fact) => fact.page === page && fact.box && fact.sort !== "flag");
  const chosen = here.find((fact) => fact.key === selected);

  return (
    <section className="viewer" aria-label="Page">
      <div className="tools">
        <ActionIcon variant="subtle" color="gray" aria-label="Page before" disabled={page <= 1} onClick={() => props.setPage(page - 1)}><Icon name="back" /></ActionIcon>
        <label className="page-at">
          <span className="hidden">Page</span>
          <input id="page-at" inputMode="numeric" key={page} defaultValue={page} onFocus={(event) => event.target.select()}
            onKeyDown={(event) => {
              if (event.key === "Enter") event.currentTarget.blur();
              if (event.key === "Escape") {
                event.currentTarget.value = String(page);
                event.currentTarget.blur();
              }
            }}
            onBlur={(event) => {
              const n = Math.round(Number(event.currentTarget.value));
              if (n >= 1 && n <= pages) props.setPage(n);
              else event.currentTarget.value = String(page);
            }} />
          <span>of {pages || "?"}</span>
        </label>
        <ActionIcon variant="subtle" color="gray" aria-label="Next page" disabled={page >= pages} onClick={() => props.setPage(page + 1)}><Icon name="next" /></ActionIcon>
        <span className="grow" />
        <Tooltip label={boxes ? "Hide boxes" : "Show boxes"}>
          <ActionIcon variant={boxes ? "light" : "subtle"} color="gray" aria-label="Boxes on the page" aria-pressed={boxes} onClick={() => setBoxes(!boxes)}><Icon name="boxes" /></ActionIcon>
        </Tooltip>
        <Tooltip label="Turn the view (R)">
          <ActionIcon variant="subtle" color="gray" aria-label="Turn the view" onClick={() => setRotation((rotation + 90) % 360)}><Icon name="turn" /></ActionIcon>
        </Tooltip>
        <ActionIcon variant="subtle" color="gray" aria-label="Zoom out" onClick={() => step(-1)}><Icon name="minus" /></ActionIcon>
        <output className="zoom" aria-label="Zoom">{Math.round(zoom * 100)}%</output>
        <ActionIcon variant="subtle" color="gray" aria-label="Zoom in" onClick={() => step(1)}><Icon name="plus" /></ActionIcon>
        <Tooltip label="Fit (0)">
          <ActionIcon variant="subtle" color="gray" aria-label="Fit the page" onClick={() => setZoom(1)}><Icon name="fit" /></ActionIcon>
        </Tooltip>
      </div>
      <div className="stage" ref={frame} tabIndex={0} role="group" aria-label={`Picture of page ${page}`}>
        <div className="turned" style={sideways ? { width: height, height: width } : { width, height }}>
          <div className="sheet" data-picking={props.picking || undefined}
            style={{ width, height, transform: `translate(-50%, -50%) rotate(${rotation}deg)` }}>
            <img src={api.picture(id, page, wanted)} alt={`Page ${page}`} draggable={false}
              onLoad={(event) => {
                const image = event.currentTarget;
                setNatural({ width: image.naturalWidth, height: image.naturalHeight });
                setPicture("shown");
              }}
              onError={() => setPicture("failed")} />
            {picture === "failed" && <p className="no-picture">This page cannot be drawn.</p>}
            {props.failed && <p className="no-picture">Page {page} was not read: {props.failed.message || props.failed.code}</p>}
            {picture === "shown" && (
              <svg className="overlay" viewBox={`0 0 1000 ${1000 * ratio}`} preserveAspectRatio="none" data-boxes={boxes || undefined}
                aria-label="Values on this page" role="group">
                {boxes && here.map((fact) => (
                  <Outline key={fact.key} fact={fact} ratio={ratio} scale={width / 1000} selected={fact.key === selected} pick={props.pick} />
                ))}
                {!boxes && chosen && <Outline fact={chosen} ratio={ratio} scale={width / 1000} selected pick={props.pick} />}
                {props.hit.filter((hit) => hit.page === page).map((hit, i) => <Spot key={i} box={hit.box} ratio={ratio} />)}
                {words && words.page === page && selected && (
                  <g className="words">
                    {words.words.map((word, i) => (
                      <rect key={i} data-word={i} {...rectangle(word.box, ratio, 0)} className={props.chosen.includes(i) ? "chosen" : ""}
                        onClick={(event) => props.word(i, words, event.shiftKey)}><title>{word.text}</title></rect>
                    ))}
                  </g>
                )}
              </svg>
            )}
          </div>
        </div>
      </div>
    </section>
  );
}

/** turned is the middle of a box, in fractions of the page as it is turned. */
function turned([x, y, w, h]: Box, rotation: number): [number, number] {
  const [cx, cy] = [x + w / 2, y + h / 2];
  switch (rotation) {
    case 90: return [1 - cy, cx];
    case 180: return [1 - cx, 1 - cy];
    case 270: return [cy, 1 - cx];
  }
  return [cx, cy];
}

function rectangle([x, y, w, h]: Box, ratio: number, pad: number) {
  return { x: x * 1000 - pad, y: y * 1000 * ratio - pad, width: w * 1000 + 2 * pad, height: h * 1000 * ratio + 2 * pad };
}

function Spot({ box, ratio }: { box: Box; ratio: number }) {
  return <rect className="spot" {...rectangle(box, ratio, 5)} rx="4" />;
}

/** Outline is a fact's box, with a tab at its corner that has the shape of its state. */
function Outline({ fact, ratio, scale, selected, pick }: {
  fact: Fact; ratio: number; scale: number; selected: boolean; pick: (key: string) => void;
}) {
  const at = rectangle(fact.box!, ratio, 2.5);
  const size = 9 / scale; // the tab is 9 pixels at every zoom
  const open = fact.look === "check" || fact.look === "conflict";
  const name = `${fact.label}: ${fact.value ?? "nothing"}, ${lookWord[fact.look]}`;
  return (
    <g className={`outline look-${fact.look} ${fact.sort} ${selected ? "selected" : ""}`} data-key={fact.key} role="button"
      aria-label={name} aria-pressed={selected} onClick={() => pick(fact.key)}>
      <title>{name}</title>
      {selected && <rect className="halo" {...rectangle(fact.box!, ratio, 7)} rx="5" />}
      <rect className="frame" {...at} rx="3" />
      {(open || fact.look === "edited" || fact.look === "absent" || fact.look === "rejected") && (
        <g transform={`translate(${at.x + at.width - size / 2} ${at.y - size / 2}) scale(${size / 9})`}>
          <Tab look={fact.look} />
        </g>
      )}
    </g>
  );
}

function Tab({ look }: { look: Fact["look"] }) {
  switch (look) {
    case "check": return <path className="tab" d="M4.5 -.5L10 9.5H-1z" />;
    case "conflict": return <path className="tab" d="M4.5 -1.5L10.5 4.5 4.5 10.5 -1.5 4.5z" />;
    case "edited": return <rect className="tab" width="9" height="9" />;
    default: return <path className="tab line" d="M0 0L9 9M9 0L0 9" />;
  }
}

/** Thumbs are the pages in small, with a mark on those that need a look. */
export function Thumbs({ id, pages, page, setPage, open, failed }: {
  id: string; pages: number; page: number; setPage: (page: number) => void; open: Set<number>; failed: Set<number>;
}) {
  const current = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    current.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [page]);
  return (
    <nav className="thumbs" aria-label="Pages">
      {Array.from({ length: pages }, (_, i) => i + 1).map((n) => (
        <button key={n} type="button" ref={n === page ? current : undefined} aria-current={n === page ? "page" : undefined}
          aria-label={`Page ${n}${failed.has(n) ? ", not read" : open.has(n) ? ", something to look at" : ""}`} onClick={() => setPage(n)}>
          <img src={api.picture(id, n, 160)} alt="" loading="lazy" />
          <span>{n}{failed.has(n) ? " ×" : open.has(n) ? " ▲" : ""}</span>
        </button>
      ))}
    </nav>
  );
}
