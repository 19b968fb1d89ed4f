import { Button, Loader, TextInput } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import * as api from "./api";
import { Link, useSettings } from "./app";
import type { Box } from "./types";
import { sentence, typeName } from "./words";

/** Quality is what the blind sample says, the sample itself, and what corrections have taught. */
export function Quality() {
  const { may_review } = useSettings();
  const [quality, setQuality] = useState<api.Quality | null>(null);
  const [error, setError] = useState("");
  const load = useCallback(() => {
    api.quality().then(setQuality, (problem: Error) => setError(problem.message));
  }, []);
  useEffect(() => {
    window.document.title = "Quality · Chartlake";
    load();
  }, [load]);
  if (!may_review) return <div className="empty"><h1>You may not see this.</h1><p><Link to="/">Back to the documents</Link></p></div>;
  if (!quality) return error ? <p className="problem center" role="alert">{error}</p> : <p className="soft center"><Loader size="sm" /> Loading</p>;
  return (
    <div className="search operations">
      <h1>Quality</h1>
      {error && <p className="problem" role="alert">{error}</p>}
      <Figures q={quality} />
      <Blind q={quality} done={load} />
      <Lessons />
    </div>
  );
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

function Figures({ q }: { q: api.Quality }) {
  const { checked, wrong } = q.values;
  return (
    <section aria-label="Silent errors">
      <h2>Silent errors: wrong among values that were filed without a person</h2>
      {checked === 0 ? <p className="hint">{q.sample > 0 ? "Nothing was judged yet." : "No sample is taken: give serve a --review-policy with a sample."}</p> : (
        <>
          <ul className="tiles">
            <li><span className="soft">Silent-error rate</span><b>{percent(wrong / checked)}</b><span className="soft small">{percent(q.low)} to {percent(q.high)} (95 %)</span></li>
            <li><span className="soft">Values</span><b>{checked.toLocaleString()}</b><span className="soft small">{wrong.toLocaleString()} wrong</span></li>
            <li><span className="soft">Documents</span><b>{q.documents.toLocaleString()}</b><span className="soft small">{percent(q.sample)} are sampled</span></li>
          </ul>
          <div className="charts">
            <Sums title="By kind of value" sums={q.kinds} name={sentence} />
            <Sums title="By type of document" sums={q.types} name={typeName} />
            <Sums title="By claimed confidence" sums={q.bins} name={(bin) => `${bin} and over`} />
          </div>
        </>
      )}
    </section>
  );
}

function Sums({ title, sums, name }: { title: string; sums: Record<string, api.Sum> | null; name: (key: string) => string }) {
  return (
    <div className="chart"><b>{title}</b>
      <table><thead><tr><th scope="col">What</th><th scope="col">Checked</th><th scope="col">Wrong</th></tr></thead>
        <tbody>{Object.entries(sums ?? {}).sort().map(([key, s]) => <tr key={key}><td>{name(key)}</td><td>{s.checked}</td><td>{s.wrong} <span className="soft">({percent(s.wrong / s.checked)})</span></td></tr>)}</tbody></table>
    </div>
  );
}

/** Blind asks for values without showing what was read. */
function Blind({ q, done }: { q: api.Quality; done: () => void }) {
  const [sample, setSample] = useState<api.Sample | null>(null);
  const [said, setSaid] = useState<Record<string, string>>({});
  const [judged, setJudged] = useState<api.Judged[] | null>(null);
  const [note, setNote] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const next = async () => {
    setJudged(null);
    setSaid({});
    try {
      const found = await api.sample();
      setSample(found);
      setNote(found ? "" : "No document of the sample waits.");
    } catch (problem) {
      setNote((problem as Error).message);
    }
  };
  useEffect(() => form.current?.querySelector("input")?.focus(), [sample]);
  const key = (x: { segment: number; target: string }) => `${x.segment}/${x.target}`;
  const send = async (event: React.FormEvent) => {
    event.preventDefault();
    if (!sample) return;
    try {
      setJudged(await api.judge(sample.document, sample.questions.map((question) => ({ segment: question.segment, target: question.target, value: said[key(question)] ?? "" }))));
      done();
    } catch (problem) {
      setNote((problem as Error).message);
    }
  };
  if (q.sample === 0) return null;
  return (
    <section aria-label="Blind sample">
      <h2>Blind sample</h2>
      <p className="soft small">Type what stands in the place; leave it empty where nothing does. What was filed is shown afterwards.</p>
      {note && <p role="status">{note}</p>}
      {sample && (
        <form ref={form} onSubmit={(event) => void send(event)} className="blind">
          {sample.questions.map((question) => {
            const verdict = judged?.find((j) => key(j) === key(question));
            return (
              <div key={key(question)} className="question">
                <Crop id={sample.document} page={question.page} box={question.box} />
                <TextInput size="sm" label={question.label} value={said[key(question)] ?? ""} readOnly={judged !== null}
                  onChange={(event) => setSaid({ ...said, [key(question)]: event.currentTarget.value })} />
                {verdict && <p className={verdict.right ? "soft" : "problem"} role="status">{verdict.right ? "✓ as filed" : <>✕ filed was <q>{verdict.filed}</q></>}</p>}
              </div>
            );
          })}
          {!judged && <Button type="submit">Compare</Button>}
        </form>
      )}
      {(!sample || judged) && <Button variant={judged ? "filled" : "default"} onClick={() => void next()}>{judged ? "Next document" : "Begin"}</Button>}
    </section>
  );
}

const cropWidth = 320;

/** Crop is a place on a page with a little around it. */
function Crop({ id, page, box: [x, y, w, h] }: { id: string; page: number; box: Box }) {
  const [ratio, setRatio] = useState(1.294);
  const wide = Math.min(1, Math.max(w * 1.3, 0.16));
  const left = Math.max(0, Math.min(1 - wide, x + w / 2 - wide / 2));
  const width = cropWidth / wide;
  const height = Math.max(28, Math.min(120, h * 1.8 * width * ratio));
  const top = (y + h / 2) * width * ratio - height / 2;
  return (
    <div className="crop" style={{ height }}>
      <img src={api.picture(id, page, 1600)} alt={`Place on page ${page}`} onLoad={(event) => setRatio(event.currentTarget.naturalHeight / event.currentTarget.naturalWidth)}
        style={{ width, left: -left * width, top: -top }} />
    </div>
  );
}

/** Lessons lists what corrections agree on; each can be taken back. */
function Lessons() {
  const [all, setAll] = useState<api.Learned[] | null>(null);
  const [error, setError] = useState("");
  const load = useCallback(() => {
    api.lessons().then(setAll, (problem: Error) => setError(problem.message));
  }, []);
  useEffect(load, [load]);
  return (
    <section aria-label="Learned from corrections">
      <h2>Learned from corrections</h2>
      {error && <p className="problem" role="alert">{error}</p>}
      {all?.length === 0 && <p className="hint">Nothing yet. Two documents must be corrected alike before it is used, three before it is accepted without a person.</p>}
      {all && all.length > 0 && (
        <div className="table-scroll" role="region" aria-label="Lessons" tabIndex={0}><table className="results">
          <thead><tr>{["Kind", "Sender", "Lesson", "Documents", "State", "Do"].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
          <tbody>{all.map((l) => (
            <tr key={[l.type, l.sender, l.field, l.text, l.label, l.value].join("/")}>
              <td>{typeName(l.type)}</td><td>{l.sender}</td>
              <td>{l.label ? <>the label <q>{l.label}</q> is {sentence(l.field)}</> : <>{sentence(l.field)} <q>{l.text}</q> is <q>{l.value}</q></>}</td>
              <td>{l.documents}</td>
              <td>{l.unsaid ? "taken back" : l.used ? (l.documents > 2 ? "accepted" : "proposed") : l.documents < 2 ? "one alone" : "contradicted"}</td>
              <td><Button size="compact-sm" variant="default" aria-label={`${l.unsaid ? "Use again" : "Take back"}: ${l.field} ${l.text ?? l.label}`}
                onClick={() => void api.unsay(l, !l.unsaid).then(load, (problem: Error) => setError(problem.message))}>{l.unsaid ? "Use again" : "Take back"}</Button></td>
            </tr>
          ))}</tbody>
        </table></div>
      )}
    </section>
  );
}
