import { useState } from "react";
import { concept, date, label, quantity } from "./fhir";
import { Caveats, openSource, Source } from "./search";
import type { Resource } from "./types";
import { sentence } from "./words";

const width = 340;
const height = 130;
const left = 50;
const right = width - 12;
const top = 12;
const bottom = height - 24;

interface Point { at: number; day: string; value: number; resource: Resource; out: boolean }
interface Series { name: string; unit: string; points: Point[]; low?: number; high?: number }

/** series are the numbers of one unit that a test has had, where there are two or more. */
function series(resources: Resource[]): Series[] {
  const all = new Map<string, Series>();
  for (const resource of resources) {
    const { value, unit } = resource.valueQuantity ?? {};
    const day = date(resource);
    if (typeof value !== "number" || !day || resource.valueQuantity.comparator) continue;
    const name = concept(resource.code);
    const key = `${name}\n${unit ?? ""}`;
    const one: Series = all.get(key) ?? { name, unit: unit ?? "", points: [] };
    const range = resource.referenceRange?.[0];
    one.low = range?.low?.value ?? one.low;
    one.high = range?.high?.value ?? one.high;
    one.points.push({ at: Date.parse(day), day, value, resource, out: value < (range?.low?.value ?? -Infinity) || value > (range?.high?.value ?? Infinity) });
    all.set(key, one);
  }
  return [...all.values()].filter((s) => s.points.length > 1)
    .map((s) => ({ ...s, points: s.points.sort((a, b) => a.at - b.at) })).sort((a, b) => a.name.localeCompare(b.name));
}

/** Trends draws the runs of numbers; each dot opens the page and the box it was read from. */
export function Trends({ resources, open = openSource }: { resources: Resource[]; open?: Open }) {
  const all = series(resources);
  if (all.length === 0) return null;
  return (
    <section aria-label="Trends">
      <h2>Trends<span>{all.length}</span></h2>
      <div className="charts">{all.map((s) => <Chart key={s.name + s.unit} series={s} open={open} />)}</div>
    </section>
  );
}

type Open = (resource: Resource) => Promise<boolean>;

function Chart({ series: s, open }: { series: Series; open: Open }) {
  const values = [...s.points.map((p) => p.value), ...[s.low, s.high].filter((v) => v !== undefined)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [begin, end] = [s.points[0].at, s.points.at(-1)!.at];
  const x = (at: number) => left + ((right - left) * (at - begin)) / (end - begin || 1);
  const y = (value: number) => bottom - ((bottom - top) * (value - low)) / (high - low || 1);
  const last = s.points.at(-1)!;
  return (
    <figure className="chart">
      <figcaption><b>{s.name}</b> <span className="soft">{quantity({ value: last.value, unit: s.unit })}, {last.day}</span></figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="group" aria-label={`${s.name} over time`}>
        {(s.low !== undefined || s.high !== undefined) && (
          <rect className="band" x={left} width={right - left} y={y(s.high ?? high)} height={Math.max(1, y(s.low ?? low) - y(s.high ?? high))}><title>Reference range</title></rect>
        )}
        <text x={left - 10} y={y(high) + 4} textAnchor="end">{high}</text>
        {high !== low && <text x={left - 10} y={y(low) + 4} textAnchor="end">{low}</text>}
        <text x={left} y={height - 6}>{s.points[0].day}</text>
        <text x={right} y={height - 6} textAnchor="end">{last.day}</text>
        <polyline points={s.points.map((p) => `${x(p.at)},${y(p.value)}`).join(" ")} />
        {s.points.map((p, i) => (
          <g key={i} role="button" tabIndex={0} className={p.out ? "dot out" : "dot"} transform={`translate(${x(p.at)} ${y(p.value)})`}
            aria-label={`${p.day}: ${quantity({ value: p.value, unit: s.unit })}${p.out ? ", outside the range" : ""}. Show the page`}
            onClick={() => void open(p.resource)} onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== " ") return;
              event.preventDefault();
              void open(p.resource);
            }}>
            <title>{`${p.day}: ${quantity({ value: p.value, unit: s.unit })}`}</title>
            <circle className="reach" r="12" />
            {p.out ? <path d="M0 -6.5L6.5 0 0 6.5 -6.5 0z" /> : <circle r="4.5" />}
          </g>
        ))}
      </svg>
    </figure>
  );
}

/** Timeline is everything with a day, the newest first; kinds can be left out. */
export function Timeline({ sections }: { sections: { title: string; resources: Resource[] }[] }) {
  const [only, setOnly] = useState("");
  const [most, setMost] = useState(100);
  const all = sections.flatMap(({ title, resources }) => resources.map((resource) => ({ title, resource, day: date(resource) })))
    .filter((item) => item.day).sort((a, b) => b.day.localeCompare(a.day));
  if (all.length === 0) return null;
  const kinds = [...new Set(all.map((item) => item.title))];
  const shown = all.filter((item) => !only || item.title === only);
  const days = [...new Set(shown.slice(0, most).map((item) => item.day))];
  return (
    <section aria-label="Timeline">
      <h2>Timeline<span>{shown.length}</span></h2>
      <div className="chips" role="group" aria-label="Filter by kind">
        <button type="button" className="chip small" aria-pressed={!only} onClick={() => setOnly("")}>All</button>
        {kinds.map((kind) => <button key={kind} type="button" className="chip small" aria-pressed={only === kind} onClick={() => setOnly(kind)}>{kind}</button>)}
      </div>
      <ol className="timeline">
        {days.map((day) => (
          <li key={day}>
            <time dateTime={day}>{day}</time>
            <ul>
              {shown.slice(0, most).filter((item) => item.day === day).map(({ resource, title }) => (
                <li key={`${resource.resourceType}/${resource.id}`}><span className="soft">{sentence(title)}</span><span>{label(resource) || resource.resourceType} <Caveats resource={resource} /></span><Source resource={resource} /></li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      {shown.length > most && <button type="button" className="link" onClick={() => setMost(most + 200)}>Show older</button>}
    </section>
  );
}
