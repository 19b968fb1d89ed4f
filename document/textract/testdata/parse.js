// What Amazon's response parser for JavaScript understands of an answer.
const { TextractDocument } = require("amazon-textract-response-parser");
const answer = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
const page = new TextractDocument(answer).pageNumber(1);
console.log("lines:", page.listLines().map((l) => l.text).join(" | "));
console.log("words of line 2:", page.listLines()[1].listWords().map((w) => w.text + "/" + w.textType).join(" "));
for (const f of page.form.iterFields()) {
  const value = f.value ? f.value.listContent().map((c) => c.text || c.selectionStatus || c.blockType).join(" ") : "";
  console.log("field:", f.key.text, "=", value, "at", f.confidence);
}
console.log("search:", page.form.searchFieldsByKey("name").map((f) => f.value.text).join(" | "));
for (const t of page.iterTables()) {
  console.log("table:", t.nRows, "rows", t.nColumns, "columns, title", t.firstTitle ? t.firstTitle.text : "none");
  for (const row of t.iterRows({ repeatMultiRowCells: false })) {
    console.log("row:", row.listCells().map((c) => JSON.stringify(c.text) + (c.columnSpan > 1 ? " over " + c.columnSpan : "") + (c.hasEntityTypes("COLUMN_HEADER") ? " head" : "")).join(" , "));
  }
}
for (const q of page.queries.iterQueries()) {
  console.log("query:", q.alias || "", q.text, "->", q.topResult ? q.topResult.text : "no answer");
}
for (const s of page.iterSignatures()) console.log("signature at", s.confidence);
for (const l of page.layout.iterItems()) console.log("layout:", l.blockType, "-", l.listTextLines().map((x) => x.text).join(" / "));
console.log("orientation:", page.getModalWordOrientationDegrees());
