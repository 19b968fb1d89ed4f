import type { DocumentItem } from "./types";

const names: Record<string, string> = {
  cms1500: "CMS-1500 claim",
  ub04: "UB-04 claim",
  eob: "Explanation of benefits",
  unknown: "Unknown kind",
};

/** typeName is a document type in words: lab_report is "Lab report". */
export function typeName(type: string): string {
  return names[type] ?? sentence(type);
}

/** sentence turns snake_case and dotted names into words. */
export function sentence(name: string): string {
  const text = name.replace(/[_.]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** types are the kinds that a person may choose; docs/format/record.md. */
export const types = [
  "lab_report", "discharge_summary", "insurance_card", "cms1500", "ub04", "eob", "remittance", "imaging_report",
  "pathology_report", "progress_note", "history_and_physical", "emergency_note", "operative_report", "anesthesia_record",
  "nursing_note", "medication_administration_record", "discharge_instructions", "clinical_note_handwritten", "referral",
  "consult_letter", "prescription", "refill_request", "immunization_card", "immunization_consent", "prior_auth_request",
  "prior_auth_determination", "patient_intake_form", "medical_history_form", "consent", "fax_cover_sheet",
  "records_request", "payer_correspondence", "medical_invoice", "junk", "unknown",
];

/** title says what a document is, in a few words. */
export function title(item: DocumentItem): string {
  const kinds = [...new Set(item.segments.map((segment) => segment.type))].filter((type) => type !== "unknown");
  if (kinds.length === 0) return item.segments.length > 0 ? "Unknown kind" : item.name || "New document";
  return kinds.slice(0, 2).map(typeName).join(", ") + (kinds.length > 2 ? ` +${kinds.length - 2}` : "");
}

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** when is a moment for a list: the time today, else the day. */
export function when(text: string): string {
  const at = new Date(text);
  return at.toDateString() === new Date().toDateString() ? time.format(at) : date.format(at);
}

/** age is how long ago a moment was, in the largest unit that fits. */
export function age(text: string): string {
  const minutes = Math.max(0, (Date.now() - Date.parse(text)) / 60000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${Math.floor(minutes)} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / 1440)} d`;
}

export const exactly = (text: string) => full.format(new Date(text));

export const pages = (n: number) => (n === 1 ? "1 page" : `${n} pages`);

export function size(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** who is an actor in words: user:anna is "anna", system:pipeline is "Chartlake". */
export function who(actor: string): string {
  if (actor.startsWith("system:")) return "Chartlake";
  return actor.replace(/^(user|token):/, "");
}

/** causes are words for the codes of documents that are held, failed or rejected. */
export function cause(item: DocumentItem): string {
  if (item.question) return item.question;
  return item.code ? sentence(item.code) : "";
}
