import type { Box, Resource } from "./types";
import { typeName } from "./words";

// What the pages read out of FHIR: evidence (docs/format/evidence.md) and a line of words for
// a resource. Everything is optional: a resource may come from anywhere.

const evidenceURL = "https://chartlake.dev/fhir/StructureDefinition/evidence";
const hashSystem = "https://chartlake.dev/fhir/sha256";

export interface Evidence {
  path: string;
  page: number;
  box: Box | null;
  quote: string;
  confidence: number;
  source: string; // DocumentReference/id
}

export function evidence(provenance: Resource): Evidence[] {
  return (provenance.entity ?? []).flatMap((entity: any) =>
    (entity.extension ?? []).filter((extension: any) => extension.url === evidenceURL).map((extension: any) => {
      const part = (name: string) => {
        const found = (extension.extension ?? []).find((x: any) => x.url === name);
        if (!found) return undefined;
        const key = Object.keys(found).find((k) => k.startsWith("value"));
        return key && found[key];
      };
      const numbers = String(part("box") ?? "").split(" ").map(Number);
      return {
        path: String(part("path") ?? ""), page: Number(part("page") ?? 0), quote: String(part("quote") ?? ""),
        box: numbers.length === 4 && numbers.every(Number.isFinite) ? (numbers as Box) : null,
        confidence: Number(part("confidence") ?? 0), source: reference(entity.what),
      };
    }));
}

const reference = (what: any): string => String(what?.reference ?? "").split("/_history/")[0];

/** documentID is the Chartlake document that a DocumentReference stands for. */
export function documentID(resource: Resource): string {
  return (resource.identifier ?? []).find((id: any) => id.system === hashSystem)?.value ?? "";
}

export function concept(c: any): string {
  return c?.text || c?.coding?.find((x: any) => x.display)?.display || c?.coding?.[0]?.code || "";
}

export function humanName(names: any): string {
  const name = names?.[0];
  if (!name) return "";
  return name.text || [...(name.given ?? []), name.family].filter(Boolean).join(" ");
}

export function quantity(q: any): string {
  return q ? [`${q.comparator ?? ""}${q.value ?? ""}`, q.unit ?? q.code].filter(Boolean).join(" ") : "";
}

/** result is an Observation's value in words. */
export function result(resource: Resource): string {
  return quantity(resource.valueQuantity) || resource.valueString || concept(resource.valueCodeableConcept) ||
    String(resource.valueInteger ?? resource.valueDateTime ?? "") || concept(resource.dataAbsentReason);
}

/** date is the day that a resource is about, as far as it says. */
export function date(resource: Resource): string {
  return String(resource.effectiveDateTime ?? resource.effectivePeriod?.start ?? resource.onsetDateTime ?? resource.recordedDate ??
    resource.occurrenceDateTime ?? resource.authoredOn ?? resource.date ?? resource.period?.start ?? resource.created ?? "").slice(0, 10);
}

/** label is a resource in one line. */
export function label(resource: Resource): string {
  switch (resource.resourceType) {
    case "Patient": return [humanName(resource.name), resource.birthDate].filter(Boolean).join(", ");
    case "RelatedPerson":
    case "Practitioner": return humanName(resource.name);
    case "Observation": return [concept(resource.code), result(resource)].filter(Boolean).join(": ");
    case "MedicationStatement":
    case "MedicationRequest": return concept(resource.medicationCodeableConcept);
    case "Immunization": return concept(resource.vaccineCode);
    case "FamilyMemberHistory": return [concept(resource.relationship), ...(resource.condition ?? []).map((c: any) => concept(c.code))].filter(Boolean).join(": ");
    case "Coverage": return [resource.payor?.[0]?.display, resource.subscriberId].filter(Boolean).join(", ");
    case "Organization": return String(resource.name ?? "");
    case "DocumentReference": return [typeName(concept(resource.type)), resource.description].filter(Boolean).join(", ");
    default: return concept(resource.code) || concept(resource.type) || String(resource.title ?? "");
  }
}

/** numberName is what an identifier is, in words. Codes: HL7 v2 table 0203. */
export function numberName(identifier: any): string {
  const code = identifier.type?.coding?.[0]?.code ?? "";
  return identifier.type?.text || numberNames[code] || concept(identifier.type) || "Number";
}
const numberNames: Record<string, string> = { MR: "Record number", MB: "Member number", SN: "Subscriber number", AN: "Account number", SS: "Social security number", PI: "Patient number" };
