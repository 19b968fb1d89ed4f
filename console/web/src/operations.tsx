import { Button, Loader } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import * as api from "./api";
import { Link, useSettings } from "./app";
import { useLive } from "./live";
import { StateTag } from "./marks";
import { go } from "./router";
import type { DocumentState } from "./types";
import { age, sentence, who } from "./words";

const order: DocumentState[] = ["received", "reading", "understood", "needs_review", "held", "filed", "failed", "rejected"];

/** Operations is how the machine does: states, what waits, what failed and why, with retry by cause. */
export function Operations() {
  const { may_manage } = useSettings();
  const [now, setNow] = useState<api.Operations | null>(null);
  const [error, setError] = useState("");
  const [running, setRunning] = useState<{ code: string; again: number; left: number } | null>(null);
  const load = useCallback(() => {
    api.operations().then((body) => {
      setNow(body);
      setError("");
    }, (problem) => setError(problem.message));
  }, []);
  useEffect(() => {
    window.document.title = "Operations · Chartlake";
    load();
  }, [load]);
  useLive("/events", () => load(), load);

  const retry = async (code: string) => {
    let again = 0;
    try {
      for (let left = 1; left > 0;) {
        const step = await api.retry(code);
        again += step.again;
        left = step.again > 0 ? step.left : 0; // what cannot be run again now is not asked for for ever
        setRunning({ code, again, left: step.left });
      }
    } catch (problem) {
      setError((problem as Error).message);
    }
    load();
  };

  if (!may_manage) return <div className="empty"><h1>You may not see this.</h1><p><Link to="/">Back to the documents</Link></p></div>;
  if (!now) return error ? <p className="problem center" role="alert">{error}</p> : <p className="soft center"><Loader size="sm" /> Loading</p>;
  const of = (state: string) => now.tallies.filter((t) => t.state === state);
  const sum = (state: string) => of(state).reduce((n, t) => n + t.count, 0);
  const failures = [...of("failed")].sort((a, b) => b.count - a.count);
  const claims = Object.entries(now.claims);
  return (
    <div className="search operations">
      <h1>Operations</h1>
      {error && <p className="problem" role="alert">{error}</p>}
      <section aria-label="States">
        <h2>Documents by state</h2>
        <ul className="tiles">
          {order.map((state) => {
            const oldest = of(state).map((t) => t.oldest).sort()[0];
            return (
              <li key={state}><StateTag state={state} /><b>{sum(state).toLocaleString()}</b>
                <span className="soft small">{oldest && state !== "filed" ? `oldest ${age(oldest)}` : " "}</span></li>
            );
          })}
        </ul>
      </section>
      <section aria-label="Failures">
        <h2>Failures by cause</h2>
        {failures.length === 0 && <p className="hint">Nothing has failed.</p>}
        {failures.length > 0 && (
          <div className="table-scroll" role="region" aria-label="Failures by cause" tabIndex={0}><table className="results">
            <thead><tr><th scope="col">Cause</th><th scope="col">Documents</th><th scope="col">Oldest</th><th scope="col">Do</th></tr></thead>
            <tbody>{failures.map((t) => (
              <tr key={t.code}>
                <td>{sentence(t.code || "unknown")} <code className="code">{t.code}</code></td><td>{t.count.toLocaleString()}</td><td className="nowrap">{age(t.oldest)}</td>
                <td><span className="hands">
                  <Button size="compact-sm" disabled={!t.code} onClick={() => void retry(t.code!)} aria-label={`Retry all that failed: ${sentence(t.code ?? "")}`}>Retry all</Button>
                  <Button size="compact-sm" variant="default" aria-label={`Show what failed: ${sentence(t.code ?? "")}`}
                    onClick={() => go("/work", { asked: { state: "failed", code: t.code } })}>Show</Button>
                </span></td>
              </tr>
            ))}</tbody>
          </table></div>
        )}
        {running && <p role="status" className="soft">{running.again.toLocaleString()} run again{running.left > 0 ? `, ${running.left.toLocaleString()} left` : ""}.</p>}
      </section>
      <section aria-label="Questions">
        <h2>Held by question</h2>
        {of("held").length === 0 && <p className="hint">Nothing is held.</p>}
        <ul className="known">{of("held").map((t) => (
          <li key={t.code}><button type="button" className="link" onClick={() => go("/work", { asked: { state: "held", code: t.code } })}>{sentence(t.code ?? "")}</button><span>{t.count.toLocaleString()}</span><span className="soft nowrap">{age(t.oldest)}</span></li>
        ))}</ul>
      </section>
      <section aria-label="Queue">
        <h2>Queue</h2>
        <ul className="known">{Object.entries(now.jobs).map(([kind, d]) => (
          <li key={kind}><span>{sentence(kind)}</span><span>{d.waiting.toLocaleString()} waiting</span><span>{d.running} running</span><span className={d.dead ? "problem" : "soft"}>{d.dead} dead</span></li>
        ))}</ul>
        {Object.keys(now.jobs).length === 0 && <p className="hint">The queue is empty.</p>}
      </section>
      {now.sinks.length > 0 && (
        <section aria-label="Deliveries">
          <h2>Deliveries</h2>
          <ul className="known">{now.sinks.map((sink) => {
            const dead = Object.entries(sink.dead ?? {});
            const n = dead.reduce((sum, [, count]) => sum + count, 0);
            return (
              <li key={sink.name}>
                <span>{sink.name}</span>
                {sink.down ? <span className="problem">{sentence(sink.down)}{sink.since ? ` since ${age(sink.since)}` : ""}</span> : <span className="soft">in step</span>}
                <span className={n ? "problem" : "soft"}>{n ? dead.map(([code, count]) => `${count} ${sentence(code).toLowerCase()}`).join(", ") : "no dead letters"}</span>
                {n > 0 && <Button size="compact-sm" aria-label={`Send the dead letters of ${sink.name} again`}
                  onClick={() => void api.replay(sink.name).then(load, (problem: Error) => setError(problem.message))}>Send again</Button>}
              </li>
            );
          })}</ul>
        </section>
      )}
      <section aria-label="People at work">
        <h2>People at work</h2>
        {claims.length === 0 && <p className="hint">Nobody has a document open for review.</p>}
        <ul className="known">{claims.map(([id, claim]) => <li key={id}><Link to={`/d/${id}`}>{who(claim.who)}</Link><span className="soft nowrap">until {new Date(claim.until).toLocaleTimeString()}</span></li>)}</ul>
      </section>
    </div>
  );
}
