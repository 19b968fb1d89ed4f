// The questions of the board in SQL, over the tables of docs/guide/tables.md. They are in the part of SQL that
// all engines have: no functions of dates, no percentiles.

/** text is a text as SQL writes it. */
const text = (s: string) => `'${s.replaceAll("'", "''")}'`;

/** most is how many documents are listed behind a mark. */
export const most = 200;

/** papers are documents with their types, a stack once for each; and those that were read elsewhere. */
const papers = (since: string) => `papers as (
  select d.document_id as id, d.received, d.state, coalesce(s.type, 'unread') as type, d.turnaround, null as place
  from documents d left join segments s on s.document_id = d.document_id where d.received >= ${text(since)}
  union all
  select coalesce(r.document_id, r.fhir_id), r.date, 'filed', coalesce(r.type, 'unknown'), null, coalesce(r.url, '')
  from document_references r
  where r.date >= ${text(since)} and not exists (select 1 from documents d where d.document_id = r.document_id))`;

/** count counts documents by day (or month) and state, and by type and state. */
export const count = (since: string, monthly: boolean) => `with ${papers(since)}
select 'day' as part, substr(received, 1, ${monthly ? 7 : 10}) as name, state, count(distinct id) as documents
from papers group by 2, 3
union all
select 'type', type, state, count(distinct id) from papers group by 2, 3
order by 1, 2, 3`;

/** Chosen is what a mark of the count stands for. */
export interface Chosen { part: "day" | "type"; name: string; states: string[]; title: string }

/** counted are the documents behind a mark. */
export const counted = (since: string, chosen: Chosen) => `with ${papers(since)}
select id, max(received) as received, min(type) as type, min(state) as state, max(turnaround) as turnaround, max(place) as place
from papers
where ${chosen.part === "day" ? `received like ${text(`${chosen.name}%`)}` : `type = ${text(chosen.name)}`}
  and state in (${chosen.states.map(text).join(", ")})
group by id order by 2 desc limit ${most}`;

/** turnaround is the median, and what nine of ten documents take at most, in seconds by day of arrival. */
export const turnaround = (since: string, monthly: boolean) => `with ranked as (
  select day, turnaround, row_number() over (partition by day order by turnaround) as n, count(*) over (partition by day) as documents
  from (select substr(received, 1, ${monthly ? 7 : 10}) as day, turnaround from documents
        where turnaround is not null and received >= ${text(since)}) d)
select day, max(documents) as documents, min(case when n * 2 >= documents then turnaround end) as half,
  min(case when n * 10 >= documents * 9 then turnaround end) as nine_of_ten
from ranked group by day order by day`;

/** slowest are the documents of a day, the slowest first. */
export const slowest = (day: string) => `select d.document_id as id, max(d.received) as received, min(coalesce(s.type, 'unread')) as type,
  min(d.state) as state, max(d.turnaround) as turnaround, null as place
from documents d left join segments s on s.document_id = d.document_id
where d.received like ${text(`${day}%`)} and d.turnaround is not null
group by d.document_id order by 5 desc limit ${most}`;

const problemID = "case when c.condition_code is null then lower(c.condition) else coalesce(c.condition_system, '') || '|' || c.condition_code end";
const holds = "coalesce(c.verification_status, '') not in ('refuted', 'entered-in-error') and (c.condition is not null or c.condition_code is not null)";

/** problems are what most patients have, by code where there is one, else by words. */
export const problems = `select ${problemID} as id, min(coalesce(c.condition, c.condition_code)) as problem, min(c.condition_code) as code,
  count(distinct c.patient_id) as patients, count(*) as mentions, sum(case when c.origin = 'extracted' then 1 else 0 end) as unconfirmed
from conditions c where ${holds}
group by 1 order by 4 desc, 5 desc, 2 limit 12`;

const place = (type: string, on: string) => `left join evidence e on e.target_type = '${type}' and e.target_id = ${on}
  left join document_references r on r.fhir_id = e.document_reference_id
  left join documents d on d.document_id = r.document_id`;

const placed = "coalesce(r.document_id, r.fhir_id) as document_id, e.page, e.box, r.url, case when d.document_id is null then 0 else 1 end as here";

/** problem is who has it, with the place that says so. */
export const problem = (id: string) => `select c.fhir_id, c.patient_id, p.family, p.given, coalesce(c.condition, c.condition_code) as words,
  coalesce(c.onset, c.recorded) as since, c.origin, ${placed}
from conditions c left join patients p on p.fhir_id = c.patient_id
  ${place("Condition", "c.fhir_id")}
where ${holds} and ${problemID} = ${text(id)}
order by p.family, p.given, c.fhir_id, e.page limit ${most}`;

const called = "lower(coalesce(p.given, '') || ' ' || coalesce(p.family, '') || ' ' || coalesce(p.given, '') || ' ' || coalesce(p.birth_date, '') || ' ' || coalesce(p.mrn, ''))";

/** people are the patients with the most numbers, of those whose name, number or day of birth has the words. */
export const people = (words: string) => `select p.fhir_id, p.family, p.given, p.birth_date, p.mrn, count(*) as results
from patients p join observations o on o.patient_id = p.fhir_id
where o.value is not null${words.split(/[\s,%_]+/).filter(Boolean).map((word) => ` and ${called} like ${text(`%${word.toLowerCase()}%`)}`).join("")}
group by 1, 2, 3, 4, 5 order by 6 desc, 2, 3 limit 8`;

/** results are the numbers of a patient, with the place that each was read from. */
export const results = (patient: string) => `select o.fhir_id, o.test, o.effective, o.comparator, o.value, o.unit, o.low, o.high, o.interpretation, o.origin,
  ${placed}
from observations o ${place("Observation", "o.fhir_id and e.path like '%value%'")}
where o.patient_id = ${text(patient)} and o.value is not null
order by o.test, o.effective, o.fhir_id limit 2000`;
