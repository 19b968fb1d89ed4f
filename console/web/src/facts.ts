import type { Box, Entity, Field, Flag, RecordBody } from "./types";

/**
 * Look is how a value stands, as people see it: docs/guide/console.md has the table. Each has
 * a word, a colour and a shape, so that none is told by colour alone.
 */
export type Look = "accepted" | "check" | "conflict" | "missing" | "edited" | "confirmed" | "absent" | "rejected";

export const lookWord: Record<Look, string> = {
  accepted: "accepted",
  check: "check",
  conflict: "conflict",
  missing: "missing",
  edited: "edited",
  confirmed: "confirmed",
  absent: "not present",
  rejected: "rejected",
};

/** Fact is one value of the record that a person can look at and settle. */
export interface Fact {
  key: string;
  segment: number;
  target: string; // as in a review action
  sort: "field" | "line" | "entity" | "flag";
  group: string; // heading under which it stands
  name: string;
  label: string;
  value: string | null;
  raw: string;
  page: number;
  box: Box | null;
  look: Look;
  reasons: string[];
  confidence: number;
  field?: Field;
  entity?: Entity;
  flag?: Flag;
  row?: number;
}

/** open reports whether a fact waits for a person; one that was not found on the page does not. */
export const open = (fact: Fact) => fact.look === "check" || fact.look === "conflict";

/** editable reports whether a fact's value can be typed anew. */
export const editable = (fact: Fact) => fact.sort === "field" || fact.sort === "line";

/** facts lists every value of a record in the order of its screen. */
export function facts(record: RecordBody): Fact[] {
  return (record.segments ?? []).flatMap((segment, s) => {
    const wrong = conflicts(segment.flags ?? []);
    const fields = (segment.fields ?? []).map((field) =>
      fieldFact(field, s, `field:${field.name}`, "field", group(field), wrong)).sort(onPage);
    const lines = (segment.lines ?? []).flatMap((line, row) =>
      Object.entries(line).map(([name, field]) => ({
        ...fieldFact(field, s, `line:${row}:${name}`, "line", "Lines", wrong), name, row,
      })));
    const entities = (segment.entities ?? []).map((entity, i) => entityFact(entity, s, i));
    const flags = (segment.flags ?? []).map((flag, i) => flagFact(flag, s, i, [...fields, ...lines]))
      .sort((a, b) => severities.indexOf(a.flag!.severity) - severities.indexOf(b.flag!.severity));
    return [...flags, ...fields, ...lines, ...entities];
  });
}

const severities = ["error", "warning", "info"];

/** A flag is settled when a person has looked at it, or at every value that it names. */
function flagFact(flag: Flag, segment: number, index: number, values: Fact[]): Fact {
  const target = `flag:${index}`;
  const named = values.filter((fact) => flag.fields?.includes(fact.name));
  const settled = flag.severity === "info" || !!flag.human || (named.length > 0 && named.every((fact) => fact.field?.human));
  const place = (flag.evidence ?? []).find((e) => !e.document && e.page > 0 && hasBox(e.box));
  return {
    key: `${segment}/${target}`, segment, target, sort: "flag", group: "", name: flag.code, label: flag.message, value: flag.message,
    raw: "", page: place?.page ?? 0, box: place?.box ?? null, reasons: [], confidence: 1, flag,
    look: !settled ? (flag.severity === "error" ? "conflict" : "check") : flag.human ? "confirmed" : "accepted",
  };
}

/** onPage orders facts as they stand on the pages, in rows; what has no place comes last. */
function onPage(a: Fact, b: Fact): number {
  const place = (fact: Fact) => (fact.box ? [fact.page, Math.floor((fact.box[1] + fact.box[3] / 2) / rowHeight), fact.box[0]] : [Infinity, 0, 0]);
  const [x, y] = [place(a), place(b)];
  const i = x.findIndex((part, at) => part !== y[at]);
  return i < 0 ? 0 : x[i] < y[i] ? -1 : 1;
}

const rowHeight = 1 / 80; // of a page: a little under the line spacing of 10 point type on letter paper

/** conflicts are the names of fields that a flag of severity error is about. */
function conflicts(flags: Flag[]): Set<string> {
  return new Set(flags.filter((flag) => flag.severity === "error").flatMap((flag) => flag.fields ?? []));
}

/** group is the heading of a field: the part of its name before the first dot. */
function group(field: Field): string {
  const [head] = field.name.split(".");
  return field.name.includes(".") ? head : "";
}

function fieldFact(field: Field, segment: number, target: string, sort: "field" | "line", heading: string,
  wrong: Set<string>): Fact {
  return {
    key: `${segment}/${target}`, segment, target, sort, group: heading,
    name: field.name, label: field.label || field.name, value: field.value, raw: field.raw,
    page: field.page ?? 0, box: hasBox(field.box) ? field.box : null,
    look: look(field.state, field.human?.action, wrong.has(field.name)),
    reasons: field.reasons ?? [], confidence: field.confidence, field,
  };
}

function entityFact(entity: Entity, segment: number, index: number): Fact {
  const target = `entity:${entity.id || index}`;
  return {
    key: `${segment}/${target}`, segment, target, sort: "entity", group: entity.type,
    name: entity.type, label: entity.text, value: entity.text, raw: entity.text,
    page: entity.page ?? 0, box: entity.box && hasBox(entity.box) ? entity.box : null,
    look: look(entity.state ?? "accepted", entity.human?.action, false),
    reasons: entity.reasons ?? [], confidence: entity.confidence, entity,
  };
}

const hasBox = (box: Box | undefined) => !!box && box[2] > 0 && box[3] > 0;

function look(state: string, human: string | undefined, conflict: boolean): Look {
  switch (human) {
    case "accepted": return "confirmed";
    case "corrected": return "edited";
    case "not_present": return "absent";
    case "rejected": return "rejected";
  }
  if (state === "missing") return "missing";
  if (state === "review") return conflict ? "conflict" : "check";
  return "accepted";
}

/** said are the parts of what is asserted that a person can change: target part and word. */
export const said = [["negated", "negated"], ["historical", "historical"], ["hypothetical", "hypothetical"], ["uncertain", "uncertain"]] as const;

/** chips are what is said about a mention, in words: an unmarked one holds for the patient now. */
export function chips(entity: Entity): string[] {
  const out: string[] = [];
  if (entity.negated) out.push("negated");
  if (entity.experiencer && entity.experiencer !== "patient") out.push(entity.experiencer);
  if (entity.historical) out.push("historical");
  if (entity.hypothetical) out.push("hypothetical");
  if (entity.uncertain) out.push("uncertain");
  return out;
}

/** matches reports whether a fact has the text (lower case) anywhere that a person sees. */
export function matches(fact: Fact, text: string): boolean {
  if (!text) return true;
  const codes = fact.entity?.codes?.flatMap((code) => [code.code, code.display ?? ""]) ?? [];
  return [fact.name, fact.label, fact.value ?? "", fact.raw, lookWord[fact.look], ...codes]
    .some((part) => part.toLowerCase().includes(text));
}

/** union is the smallest box around all. */
export function union(boxes: Box[]): Box {
  const x = Math.min(...boxes.map((box) => box[0]));
  const y = Math.min(...boxes.map((box) => box[1]));
  const right = Math.max(...boxes.map((box) => box[0] + box[2]));
  const bottom = Math.max(...boxes.map((box) => box[1] + box[3]));
  return [x, y, right - x, bottom - y];
}
