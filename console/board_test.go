package console

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"chartlake/fhir"
	"chartlake/store"
)

// TestBoard goes by keyboard from every kind of mark to the documents, and to the boxes, behind it.
func TestBoard(t *testing.T) {
	t.Parallel()
	s, waits := reviewing(t, "Tarn")
	patient(t, s)
	ailing(t, s)
	failed := labReport(t, "z")
	s.arrive(t, failed, "")
	s.transact(t, store.Move{ID: failed.row.ID, From: []store.State{store.Received}, To: store.Failed, Code: "corrupt"})
	s.transact(t, elsewhere(t)...)
	b := newTab(t, 1280, 1600)
	b.open(s.URL + "/board")
	b.see("types, days, times and problems", `document.querySelector('[aria-label="Documents by type"] [data-mark]') && document.querySelector('[aria-label="Documents by day"] [data-mark]') && document.querySelector(".mark-span") && document.querySelector('[aria-label="Problems by patients"] [data-mark]')`)
	b.see("runs of numbers of who has the most", `document.querySelectorAll('[aria-label="Lab trend"] .dot').length >= 4`)
	b.shot("board")
	if n := b.text(`String(document.querySelectorAll('[aria-label="Documents by type"] [tabindex="0"]').length)`); n != "1" {
		t.Errorf("%s stops for Tab in a chart", n)
	}

	// From a type and state to the document.
	b.run(`document.querySelector('[aria-label="Documents by type"] [data-mark]').focus()`)
	b.press(kb.ArrowDown)
	b.see("the next mark has the focus", `document.activeElement.ariaLabel?.startsWith("Lab report, needs a person: 1 document")`)
	b.press(kb.Enter)
	b.see("what is behind it, with the focus", fmt.Sprintf(`document.querySelector('.behind a[href="/d/%s"]') && document.activeElement.tagName === "H3"`, waits.row.ID))
	b.shot("board-behind")
	b.click(".behind .known a")
	b.see("the document", fmt.Sprintf(`location.pathname === "/d/%s" && document.querySelector(".outline")`, waits.row.ID))
	b.run("history.back()")

	// From a day to its slowest documents.
	b.see("the board again", `document.querySelector(".mark-span")`)
	b.run(`document.querySelector(".mark-span").click()`)
	b.see("documents with what each took", `document.querySelectorAll('[aria-label="Turnaround"] .behind li').length >= 2`)

	// A document that was read elsewhere says where it lies.
	b.run(`[...document.querySelectorAll('[aria-label="Documents by type"] [data-mark]')].find(x => x.ariaLabel.startsWith("Referral")).click()`)
	b.see("its object", `document.querySelector('[aria-label="Documents"] .behind code')?.textContent === "s3://in/far.pdf"`)

	// From a problem to the page and box.
	b.run(`document.querySelector('[aria-label="Problems by patients"] [data-mark]').click()`)
	b.see("who has it", `document.querySelector('[aria-label="Top problems"] .behind .known button')`)
	b.shot("board-problem")
	b.run(`document.querySelector('[aria-label="Top problems"] .behind .known button').click()`)
	b.see("the place", `location.pathname.startsWith("/d/") && document.querySelector(".spot")`)
	b.run("history.back()")

	// From a dot to the page and box.
	b.see("the dots again", `document.querySelector('[aria-label="Lab trend"] .dot')`)
	b.run(`document.querySelector('[aria-label="Lab trend"] .dot').focus()`)
	b.press(kb.Enter)
	b.see("the place of the number", `location.pathname.startsWith("/d/") && document.querySelector(".spot")`)
}

// TestBoardAnswers: each drawing has a table, its SQL and its filters; a patient is found by words.
func TestBoardAnswers(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	patient(t, s)
	ailing(t, s)
	b := newTab(t, 1280, 1600)
	b.open(s.URL + "/board")
	b.see("dots", `document.querySelector('[aria-label="Lab trend"] .dot')`)
	b.run(`document.querySelectorAll(".tile header .chip[aria-pressed]").forEach(x => x.click())`)
	b.see("tables in place of drawings", `document.querySelectorAll(".tile table").length === 4 && !document.querySelector(".tile [data-mark]") && !document.querySelector(".dot")`)
	b.see("the numbers", `document.querySelector('[aria-label="Lab trend as a table"]').textContent.includes("Glucose") && document.querySelector('[aria-label="Documents as a table"] tbody').textContent.includes("Lab report")`)
	b.shot("board-tables")
	b.run(`document.querySelector('[aria-label="Top problems as a table"] button').click()`)
	b.see("a row leads on as its mark does", `document.querySelector('[aria-label="Top problems"] .behind .known button')`)
	b.see("the question", `document.querySelector(".sql pre").textContent.startsWith("with papers")`)
	b.run(`document.querySelector('[aria-label="Lab trend"] input').focus()`)
	b.press("nobody'of this name")
	b.see("nobody, and no broken question", `document.querySelector(".who").textContent.includes("No patient with numbers fits")`)
	b.run(`document.activeElement.select()`)
	b.press("lk-777")
	b.see("found by number", `document.querySelectorAll(".who .chip").length === 1`)
	b.run(`[...document.querySelectorAll(".dashboard .filters .chip")].find(x => x.textContent === "All time").click()`)
	b.see("months", `document.querySelector('[aria-label="Documents"] > p').textContent.includes("month")`)
	if csv := b.answer(`fetch("/sql?format=csv", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({query: document.querySelector(".sql pre").textContent})}).then(r => r.text())`); csv[:len("part,name")] != "part,name" {
		t.Errorf("CSV %.100s", csv)
	}
}

// ailing files a note that says what somebody has today: a laboratory report says it of nobody.
func ailing(t *testing.T, s *stand) {
	t.Helper()
	p := labReport(t, "Ailing")
	filed(p)
	p.record.Segments[0].Type = "progress_note"
	p.record.Segments[0].Fields[1].Value = text("1948-12-01")
	p.record.Segments[0].Fields[2].Value = text("LK-903311")
	p.record.Segments[0].Entities[0].Historical = false
	s.arrive(t, p, "")
	s.take(t, p)
}

// elsewhere is a document that another machine read into this store.
func elsewhere(t *testing.T) []store.Command {
	t.Helper()
	n, err := fhir.Parse([]byte(`{"resourceType":"DocumentReference","id":"far","status":"current","type":{"text":"referral"},"date":"` +
		time.Now().UTC().Format(time.RFC3339) + `","content":[{"attachment":{"contentType":"application/pdf","url":"s3://in/far.pdf"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return []store.Command{store.Update{Resource: n}}
}
