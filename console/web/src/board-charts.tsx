import { useEffect, useRef } from "react";
import type { DocumentState } from "./types";

/** Lane is a part of a bar: states that mean the same to who looks at many documents. */
export const lanes: { name: string; title: string; states: DocumentState[] }[] = [
  { name: "filed", title: "Filed", states: ["filed"] },
  { name: "you", title: "Needs a person", states: ["needs_review", "held"] },
  { name: "reading", title: "Reading", states: ["received", "reading", "understood"] },
  { name: "aside", title: "Set aside", states: ["failed", "rejected"] },
];

/** Bar is one bar with a part for each lane. */
export interface Bar { name: string; title: string; parts: { lane: string; title: string; states: string[]; count: number }[] }

const total = (bar: Bar) => bar.parts.reduce((n, part) => n + part.count, 0);
const documents = (n: number) => (n === 1 ? "1 document" : `${n.toLocaleString()} documents`);

/**
 * useMarks makes one stop for Tab of all marks within: arrows, Home and End go from mark to mark.
 */
export function useMarks() {
  const box = useRef<HTMLDivElement>(null);
  const marks = () => [...(box.current?.querySelectorAll<HTMLElement>("[data-mark]") ?? [])];
  const choose = (to: HTMLElement | undefined) => marks().forEach((mark) => (mark.tabIndex = mark === to ? 0 : -1));
  useEffect(() => {
    const all = marks();
    choose(all.find((mark) => mark === window.document.activeElement) ?? all[0]);
  });
  return {
    ref: box,
    onFocus: (event: React.FocusEvent) => (event.target as HTMLElement).dataset.mark !== undefined && choose(event.target as HTMLElement),
    onKeyDown: (event: React.KeyboardEvent) => {
      const all = marks();
      const at = all.indexOf(event.target as HTMLElement);
      const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (at < 0 || to === undefined || !all[to]) return;
      event.preventDefault();
      all[to].focus();
    },
  };
}

type Pick = (bar: Bar, part: Bar["parts"][number]) => void;

/** Legend names the lanes; each has a pattern of its own beside its colour. */
export function Legend() {
  return <ul className="legend">{lanes.map((lane) => <li key={lane.name}><i className={`lane-${lane.name}`} aria-hidden="true" />{lane.title}</li>)}</ul>;
}

/** Rows are bars beside their names. */
export function Rows({ bars, pick, label }: { bars: Bar[]; pick: Pick; label: string }) {
  const top = Math.max(1, ...bars.map(total));
  const marks = useMarks();
  return (
    <div className="rows" role="group" aria-label={label} {...marks}>
      {bars.map((bar) => (
        <div key={bar.name} className="row-bar">
          <span className="row-name" title={bar.title}>{bar.title}</span>
          <span className="row-track">{bar.parts.map((part) => <Mark key={part.lane} bar={bar} part={part} share={part.count / top} side="width" pick={pick} />)}</span>
          <span className="row-count">{total(bar).toLocaleString()}</span>
        </div>
      ))}
    </div>
  );
}

/** Columns are bars beside each other, in the order of time. */
export function Columns({ bars, pick, label }: { bars: Bar[]; pick: Pick; label: string }) {
  const top = Math.max(1, ...bars.map(total));
  const marks = useMarks();
  return (
    <div className="columns-chart">
      <span className="axis" aria-hidden="true">{top.toLocaleString()}</span>
      <div className="columns" role="group" aria-label={label} {...marks}>
        {bars.map((bar) => (
          <span key={bar.name} className="column">
            {[...bar.parts].reverse().map((part) => <Mark key={part.lane} bar={bar} part={part} share={part.count / top} side="height" pick={pick} />)}
          </span>
        ))}
      </div>
      <span className="axis ends" aria-hidden="true"><span>{bars[0]?.title}</span><span>{bars.length > 1 && bars.at(-1)!.title}</span></span>
    </div>
  );
}

function Mark({ bar, part, share, side, pick }: { bar: Bar; part: Bar["parts"][number]; share: number; side: "width" | "height"; pick: Pick }) {
  if (part.count === 0) return null;
  const says = `${bar.title}, ${part.title.toLowerCase()}: ${documents(part.count)}`;
  return (
    <button type="button" data-mark="" className={`mark-part lane-${part.lane}`} style={{ [side]: `${100 * share}%` }} aria-label={`${says}. Show them`} title={says}
      onClick={() => pick(bar, part)} />
  );
}

/** Span is a bar from zero with a line within. */
export interface Span { name: string; count: number; half: number; most: number }

/** Spans are, for each day, how long half of the documents took at most, and nine of ten. */
export function Spans({ spans, pick, label }: { spans: Span[]; pick: (span: Span) => void; label: string }) {
  const top = Math.max(...spans.map((span) => span.most)) || 1;
  const marks = useMarks();
  return (
    <div className="columns-chart">
      <span className="axis" aria-hidden="true">{duration(top)}</span>
      <div className="columns" role="group" aria-label={label} {...marks}>
        {spans.map((span) => {
          const says = `${span.name}: half within ${duration(span.half)}, nine of ten within ${duration(span.most)}, ${documents(span.count)}`;
          return (
            <span key={span.name} className="column">
              <button type="button" data-mark="" className="mark-span" style={{ height: `${Math.max(3, (100 * span.most) / top)}%` }} aria-label={`${says}. Show them`} title={says} onClick={() => pick(span)}>
                <i style={{ height: `${(100 * span.half) / (span.most || 1)}%` }} />
              </button>
            </span>
          );
        })}
      </div>
      <span className="axis ends" aria-hidden="true"><span>{spans[0]?.name}</span><span>{spans.length > 1 && spans.at(-1)!.name}</span></span>
    </div>
  );
}

/** duration is a number of seconds in its largest unit. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Number((seconds / 3600).toPrecision(2))} h`;
  return `${Math.round(seconds / 86400)} d`;
}
