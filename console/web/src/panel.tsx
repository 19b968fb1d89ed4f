import { Button, Kbd, NativeSelect, TextInput } from "@mantine/core";
import { memo, useEffect, useRef, useState } from "react";
import type { Suggestion } from "./api";
import { Link } from "./app";
import { chips, editable, type Fact, open, said } from "./facts";
import { Icon, LookMark, LookTag } from "./marks";
import type { RecordBody } from "./types";
import { exactly, sentence, typeName, who } from "./words";

export interface Edit { key: string; value: string; page: number; words: number[] }

export interface Hands {
  pick: (key: string) => void;
  accept: (fact: Fact) => void;
  absent: (fact: Fact) => void;
  reject: (fact: Fact) => void;
  edit: (fact: Fact, value?: string) => void;
  suggested: Suggestion[]; // for the chosen value
  say: (fact: Fact, part: string, value: string) => void;
  change: (value: string) => void;
  save: () => void;
  cancel: () => void;
  show: (page: number, box: [number, number, number, number]) => void;
  enter: (segment: number, name: string, kind: string, value: string) => Promise<boolean>;
}

/** Values is the list of fields and lines, a segment after the other, grouped as on the form. */
export function Values({ record, facts, selected, edit, hands, review }: {
  record: RecordBody; facts: Fact[]; selected: string; edit: Edit | null; hands: Hands; review: boolean;
}) {
  const segments = record.segments ?? [];
  return (
    <div className="values">
      {segments.map((segment, s) => {
        const own = facts.filter((fact) => fact.segment === s);
        const fields = own.filter((fact) => fact.sort === "field");
        const lines = own.filter((fact) => fact.sort === "line");
        const groups = [...new Set(fields.map((fact) => fact.group))];
        return (
          <section key={s} aria-label={typeName(segment.type)}>
            {segments.length > 1 && (
              <h2 className="segment">{typeName(segment.type)}<span>pages {segment.pages[0]}–{segment.pages[1]}</span></h2>
            )}
            <Flags facts={own.filter((fact) => fact.sort === "flag")} selected={selected} hands={hands} review={review} />
            {groups.map((group) => {
              const rows = fields.filter((fact) => fact.group === group);
              return (
                <div key={group} className="group">
                  {group && rows.length > 1 && <h3>{sentence(group)}</h3>}
                  {rows.map((fact) => (
                    <Row key={fact.key} fact={fact} selected={fact.key === selected} edit={edit?.key === fact.key ? edit : null} hands={hands} review={review} />
                  ))}
                </div>
              );
            })}
            {lines.length > 0 && <Lines facts={lines} selected={selected} edit={edit} hands={hands} review={review} />}
            {fields.length + lines.length === 0 && <p className="hint">Nothing here was taken for a value.</p>}
            {review && <Entry segment={s} enter={hands.enter} />}
          </section>
        );
      })}
    </div>
  );
}

const kinds = ["text", "name", "date", "id", "money", "number", "quantity", "code", "phone", "address"];

/** Entry is a value that nothing was read for, typed by hand. */
function Entry({ segment, enter }: { segment: number; enter: Hands["enter"] }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [kind, setKind] = useState("text");
  const [value, setValue] = useState("");
  if (!open) return <p className="entry"><button type="button" className="link" onClick={() => setOpen(true)}>Add a value</button></p>;
  return (
    <form className="entry" onSubmit={(event) => {
      event.preventDefault();
      void enter(segment, name.trim().replace(/\s+/g, "_"), kind, value).then((done) => {
        if (!done) return;
        setOpen(false);
        setName("");
        setValue("");
      });
    }}>
      <TextInput size="xs" label="Field" placeholder="dob, mrn, collected …" value={name} required data-autofocus onChange={(event) => setName(event.currentTarget.value)} />
      <NativeSelect size="xs" label="Kind" data={kinds} value={kind} onChange={(event) => setKind(event.currentTarget.value)} />
      <TextInput size="xs" label="Value" value={value} required onChange={(event) => setValue(event.currentTarget.value)} />
      <span className="hands"><Button size="compact-sm" type="submit">Add</Button><Button size="compact-sm" variant="default" onClick={() => setOpen(false)}>Cancel</Button></span>
    </form>
  );
}

const severityWord = { error: "Conflict", warning: "Check", info: "Note" };

/** Flags is what a careful reader would raise, the worst first. */
function Flags({ facts, selected, hands, review }: { facts: Fact[]; selected: string; hands: Hands; review: boolean }) {
  return (
    <>
      {facts.map((fact) => {
        const flag = fact.flag!;
        const places = (flag.evidence ?? []).filter((place) => place.page > 0 && !place.document);
        const others = (flag.evidence ?? []).filter((place) => place.document);
        return (
          <div key={fact.key} className={`flag ${open(fact) ? flag.severity : "settled"} ${fact.key === selected ? "selected" : ""}`}
            data-key={fact.key} data-look={fact.look} data-code={flag.code}>
            <button type="button" className="flag-main" data-row={fact.key} tabIndex={fact.key === selected ? 0 : -1}
              aria-current={fact.key === selected || undefined} onClick={() => hands.pick(fact.key)}>
              <LookMark look={fact.look} />
              <span><b>{severityWord[flag.severity]}</b> {flag.message}</span>
            </button>
            <div className="flag-hands">
              {places.map((place, j) => (
                <button key={j} type="button" className="link" onClick={() => hands.show(place.page, place.box)}>
                  {places.length > 1 ? `place ${j + 1}` : "show"}
                </button>
              ))}
              {others.map((place, j) => (
                <Link key={j} to={`/d/${place.document}`} state={{ page: place.page || 1, box: place.box }} className="link">
                  {others.length > 1 ? `the other document, place ${j + 1}` : "the other document"}
                </Link>
              ))}
              {review && open(fact) && <button type="button" className="link" onClick={() => hands.accept(fact)}>I have seen it</button>}
              {flag.human && <span className="soft">seen by {who(flag.human.who)}</span>}
            </div>
          </div>
        );
      })}
    </>
  );
}

/** Row is one value: a button that points at its box, with the hands of review when chosen. */
const Row = memo(function Row({ fact, selected, edit, hands, review }: {
  fact: Fact; selected: boolean; edit: Edit | null; hands: Hands; review: boolean;
}) {
  return (
    <div className={`row look-${fact.look} ${selected ? "selected" : ""}`} data-key={fact.key} data-look={fact.look}>
      <button type="button" className="row-main" data-row={fact.key} aria-current={selected || undefined}
        tabIndex={selected ? 0 : -1} onClick={() => hands.pick(fact.key)}>
        <LookMark look={fact.look} />
        <span className="row-label">{fact.label === fact.name ? sentence(fact.label) : fact.label}</span>
        <Value fact={fact} />
        <span className="hidden">, {fact.look}</span>
      </button>
      {selected && <Detail fact={fact} edit={edit} hands={hands} review={review} />}
    </div>
  );
});

function Value({ fact }: { fact: Fact }) {
  if (fact.look === "rejected") return <span className="row-value struck">{fact.field?.machine?.value ?? "rejected"}</span>;
  if (fact.look === "absent") return <span className="row-value none">not on the page</span>;
  if (fact.value === null || fact.value === "") return <span className="row-value none">{fact.look === "missing" ? "missing" : "blank"}</span>;
  return <span className="row-value">{fact.value}</span>;
}

function Detail({ fact, edit, hands, review }: { fact: Fact; edit: Edit | null; hands: Hands; review: boolean }) {
  const human = fact.field?.human ?? fact.entity?.human;
  const machine = fact.field?.machine ?? fact.entity?.machine;
  const was = machine && ("value" in machine ? machine.value ?? "nothing" : machine.text);
  const rule = fact.field?.rule ?? fact.entity?.rule;
  return (
    <div className="detail">
      {edit ? <Editor fact={fact} edit={edit} hands={hands} /> : null}
      {fact.reasons.length > 0 && <ul className="reasons">{fact.reasons.map((reason, i) => <li key={i}>{reason}</li>)}</ul>}
      <div className="detail-line">
        <LookTag look={fact.look} />
        <Confidence share={fact.confidence} />
        {fact.page > 0 && <span className="soft">page {fact.page}</span>}
        {rule && <span className="soft" title="The rule that read it">{rule}</span>}
      </div>
      {review && !edit && editable(fact) && hands.suggested.length > 0 && (
        <ol className="suggestions" aria-label="Suggestions">
          {hands.suggested.map((suggestion, i) => (
            <li key={suggestion.value}>
              <button type="button" className="link" onClick={() => hands.edit(fact, suggestion.value)}><Kbd size="xs">{i + 1}</Kbd> {suggestion.value}</button>
              <span className="soft small">{suggestion.reason}</span>
            </li>
          ))}
        </ol>
      )}
      {fact.raw && fact.value !== fact.raw && fact.sort !== "entity" && <p className="soft small">Printed: <q>{fact.raw}</q></p>}
      {human && (
        <p className="soft small">
          {sentence(human.action)} by {who(human.who)}, {exactly(human.at)}
          {human.reason ? `: ${human.reason}` : ""}{was !== undefined && was !== fact.value ? <>. Read by machine: <q>{was}</q></> : null}
        </p>
      )}
      {fact.entity && <EntityDetail fact={fact} hands={hands} review={review} />}
      {review && !edit && (
        <div className="hands">
          {fact.value !== null && !human && <Button size="compact-sm" onClick={() => hands.accept(fact)}>Accept</Button>}
          {fact.sort !== "entity" && <Button size="compact-sm" variant="default" onClick={() => hands.edit(fact)}>{fact.value === null ? "Fill in" : "Correct"}</Button>}
          {fact.sort !== "entity" && fact.look !== "absent" && <Button size="compact-sm" variant="default" onClick={() => hands.absent(fact)}>Not on the page</Button>}
          {fact.value !== null && fact.look !== "rejected" && <Button size="compact-sm" variant="default" onClick={() => hands.reject(fact)}>Reject</Button>}
        </div>
      )}
    </div>
  );
}

function Editor({ fact, edit, hands }: { fact: Fact; edit: Edit; hands: Hands }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    const end = input.current?.value.length ?? 0;
    input.current?.setSelectionRange(end, end);
  }, [edit.words.length]);
  return (
    <div className="editor">
      <TextInput ref={input} size="sm" aria-label={`New value of ${fact.label}`} value={edit.value} data-autofocus
        description="Type, or click words on the page. Enter saves, Esc leaves."
        onChange={(event) => hands.change(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            event.stopPropagation();
            hands.save();
          }
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            hands.cancel();
          }
        }} />
      <div className="hands">
        <Button size="compact-sm" onClick={hands.save}>Save</Button>
        <Button size="compact-sm" variant="default" onClick={hands.cancel}>Cancel</Button>
      </div>
    </div>
  );
}

function Confidence({ share }: { share: number }) {
  const percent = Math.round(share * 100);
  return (
    <span className="confidence" title={`Confidence ${percent} %`}>
      <meter min={0} max={100} value={percent} aria-label="Confidence" />{percent} %
    </span>
  );
}

/** columns are the names of cells in the order in which they stand on the page. */
function columns(facts: Fact[]): string[] {
  const left = new Map<string, number>();
  for (const fact of facts) {
    if (!left.has(fact.name)) left.set(fact.name, 2); // without a place: last
    if (fact.box) left.set(fact.name, Math.min(left.get(fact.name)!, fact.box[0]));
  }
  return [...left.keys()].sort((a, b) => left.get(a)! - left.get(b)!);
}

/** Lines is the rows of a table as on the page; the chosen cell opens its detail below. */
function Lines({ facts, selected, edit, hands, review }: {
  facts: Fact[]; selected: string; edit: Edit | null; hands: Hands; review: boolean;
}) {
  const names = columns(facts);
  const rows = [...new Set(facts.map((fact) => fact.row!))];
  const cell = new Map(facts.map((fact) => [`${fact.row}/${fact.name}`, fact]));
  const chosen = facts.find((fact) => fact.key === selected);
  return (
    <div className="group lines">
      <h3>{rows.length === 1 ? "1 line" : `${rows.length} lines`}</h3>
      <div className="table-scroll">
        <table>
          <thead><tr>{names.map((name) => <th key={name} scope="col">{sentence(facts.find((f) => f.name === name)?.field?.label || name)}</th>)}</tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row}>
                {names.map((name) => {
                  const fact = cell.get(`${row}/${name}`);
                  if (!fact) return <td key={name} />;
                  return (
                    <td key={name} className={`look-${fact.look} ${fact.key === selected ? "selected" : ""}`} data-key={fact.key} data-look={fact.look}>
                      <button type="button" data-row={fact.key} tabIndex={fact.key === selected ? 0 : -1} aria-current={fact.key === selected || undefined}
                        onClick={() => hands.pick(fact.key)}>
                        {fact.look !== "accepted" && <LookMark look={fact.look} />}
                        <span>{fact.look === "absent" ? "–" : fact.value ?? "–"}</span>
                        <span className="hidden">, {fact.look}</span>
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {chosen && (
        <div className="row selected"><p className="row-title">{sentence(chosen.label)}, line {chosen.row! + 1}: <b>{chosen.value ?? "nothing"}</b></p>
          <Detail fact={chosen} edit={edit?.key === chosen.key ? edit : null} hands={hands} review={review} />
        </div>
      )}
    </div>
  );
}

/** Findings is the clinical mentions by type, with what is said about each. */
export function Findings({ facts, selected, hands, review }: { facts: Fact[]; selected: string; hands: Hands; review: boolean }) {
  const own = facts.filter((fact) => fact.sort === "entity");
  const kinds = [...new Set(own.map((fact) => fact.group))];
  if (own.length === 0) return <p className="hint">No clinical findings here.</p>;
  return (
    <div className="values">
      {kinds.map((kind) => (
        <div key={kind} className="group">
          <h3>{plural(kind)}</h3>
          {own.filter((fact) => fact.group === kind).map((fact) => (
            <div key={fact.key} className={`row look-${fact.look} ${fact.key === selected ? "selected" : ""}`} data-key={fact.key} data-look={fact.look}>
              <button type="button" className="row-main finding" data-row={fact.key} aria-current={fact.key === selected || undefined}
                tabIndex={fact.key === selected ? 0 : -1} onClick={() => hands.pick(fact.key)}>
                <LookMark look={fact.look} />
                <span className="row-value">{fact.label}
                  {chips(fact.entity!).map((chip) => <span key={chip} className={`assertion ${chip}`}>{chip}</span>)}
                </span>
                {fact.entity!.codes?.[0] && <span className="code">{fact.entity!.codes[0].code}</span>}
                <span className="hidden">, {fact.look}</span>
              </button>
              {fact.key === selected && <Detail fact={fact} edit={null} hands={hands} review={review} />}
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

const plurals: Record<string, string> = {
  problem: "Problems", medication: "Medications", test: "Tests", procedure: "Procedures", allergy: "Allergies", anatomy: "Anatomy",
  social_history: "Social history", phi: "Personal details",
};
const plural = (kind: string) => plurals[kind] ?? sentence(kind);

const systems: [string, string][] = [["icd-10", "ICD-10-CM"], ["rxnorm", "RxNorm"], ["loinc", "LOINC"], ["snomed", "SNOMED CT"], ["cvx", "CVX"]];
const systemName = (url: string) => systems.find(([part]) => url.includes(part))?.[1] ?? url;

function EntityDetail({ fact, hands, review }: { fact: Fact; hands: Hands; review: boolean }) {
  const entity = fact.entity!;
  const family = entity.experiencer !== "" && entity.experiencer !== "patient";
  return (
    <div className="small">
      {review && entity.id && (
        <div className="said" role="group" aria-label="What is said about it">
          {said.map(([part, word]) => (
            <button key={part} type="button" className="chip small" aria-pressed={entity[part]} onClick={() => hands.say(fact, part, String(!entity[part]))}>{word}</button>
          ))}
          <button type="button" className="chip small" aria-pressed={family} onClick={() => hands.say(fact, "experiencer", family ? "patient" : "family")}>family</button>
        </div>
      )}
      {entity.cue && <p className="soft">Because of the words <q>{entity.cue.text}</q></p>}
      {entity.section && <p className="soft">In the section “{sentence(entity.section)}”</p>}
      {entity.attributes && Object.keys(entity.attributes).length > 0 && (
        <dl className="pairs">{Object.entries(entity.attributes).map(([name, value]) => <div key={name}><dt>{sentence(name)}</dt><dd>{value}</dd></div>)}</dl>
      )}
      {(entity.codes ?? []).map((code, i) => (
        <p key={i} className="soft"><span className="code">{code.code}</span> {code.display} <i>{systemName(code.system)}, {Math.round(code.score * 100)} %</i></p>
      ))}
    </div>
  );
}

/** Filter is the search within the document. */
export function Filter({ value, change, openOnly, setOpenOnly, facts, step }: {
  step: (by: 1 | -1) => void; value: string; change: (text: string) => void; openOnly: boolean; setOpenOnly: (on: boolean) => void; facts: Fact[];
}) {
  const n = facts.filter(open).length;
  return (
    <div className="panel-filter">
      <TextInput id="find" size="xs" aria-label="Search in this document" placeholder="Search in this document  /" value={value}
        leftSection={<Icon name="search" />} onChange={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) step(event.shiftKey ? -1 : 1);
          if (event.key !== "Escape") return;
          change("");
          event.currentTarget.blur();
        }} />
      <button type="button" className="chip small" aria-pressed={openOnly} onClick={() => setOpenOnly(!openOnly)}>To look at<span>{n}</span></button>
    </div>
  );
}
