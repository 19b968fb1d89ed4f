package console

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"chartlake/fhir"
	"chartlake/record"
	"chartlake/review"
	"chartlake/store"
)

// TestStack divides a stack by thumbnails and keys alone, and takes it back.
func TestStack(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.see("begun", `document.activeElement?.dataset.row === "0/flag:0"`)
	b.press("s")
	b.see("the stack with the focus on a page", `document.querySelectorAll(".stack-document").length === 1 && document.activeElement?.dataset.page === "1"`)
	b.press(kb.ArrowRight)
	b.see("the next page", `document.activeElement?.dataset.page === "2"`)
	b.shot("stack-one")
	b.press("s")
	b.see("two documents, and the focus stays", `document.querySelectorAll(".stack-document").length === 2 && document.activeElement?.dataset.page === "2"`)
	b.shot("stack-two")
	rec, version := s.newest(t, p.row.ID)
	if len(rec.Segments) != 2 || rec.Stacked == nil || version != 2 {
		t.Fatalf("%d documents in version %d", len(rec.Segments), version)
	}
	idle := `!document.querySelector("button.link:disabled")` // keys do nothing while an act is on its way
	b.see("the division is done", idle)
	b.press("m")
	b.see("one again", `document.querySelectorAll(".stack-document").length === 1`)
	b.see("the join is done", idle)
	b.press("u")
	b.see("the join is taken back", `document.querySelectorAll(".stack-document").length === 2`)
	b.see("the page has the focus", `document.activeElement?.dataset.page === "2"`)
	b.see("the undo is done", idle)
	b.press("[")
	b.see("its only page moved to the one before", `document.querySelectorAll(".stack-document").length === 1 && document.activeElement?.dataset.page === "2"`)
	b.press(kb.Escape)
	b.see("back at the page", `!document.querySelector(".stack") && document.querySelector(".viewer")`)
}

// TestPicker finds a patient by words and gives the document to them; undo brings the question back.
func TestPicker(t *testing.T) {
	t.Parallel()
	s, first := reviewing(t, "Tarn")
	s.transact(t, store.Update{Resource: fhir.NewObject("resourceType", "Patient", "id", "quillfeather", "birthDate", "1950-02-03",
		"name", []*fhir.Node{fhir.NewObject("family", "Quillfeather", "given", []*fhir.Node{fhir.NewString("Iris")})})})
	p := labReport(t, "Beck")
	p.record.Segments[0].Fields[1].Value = text("1971-11-02")
	s.arrive(t, p, "")
	s.take(t, p)
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.see("a candidate with its weight and what nearly agrees", `document.querySelector('.held .choice .score') && document.querySelector('.held [data-tone="near"]')?.textContent.includes("birth date")`)
	b.click(".held input")
	b.press("quillf")
	b.see("somebody else", `[...document.querySelectorAll(".held .choice")].some(x => x.textContent.includes("Quillfeather"))`)
	b.shot("picker")
	b.run(`[...document.querySelectorAll(".held .choice button")].find(x => x.ariaLabel.includes("Quillfeather")).click()`)
	b.see("answered", `!document.querySelector(".held") && document.querySelector(".bar .state-tag").dataset.state === "needs_review"`)
	if rec, _ := s.newest(t, p.row.ID); rec.Segments[0].Subject.Patient != "quillfeather" {
		t.Errorf("subject %+v", rec.Segments[0].Subject)
	}
	b.press("p")
	b.see("the picker again", `document.querySelector("[role=dialog] .picker")`)
	b.shot("picker-dialog")
	b.press(kb.Escape)
	b.see("gone", `!document.querySelector("[role=dialog]")`)
	b.press("u")
	b.see("the question is back", `document.querySelector(".held .choice")`)
	_ = first
}

// TestFind looks for words within the scan and goes from place to place.
func TestFind(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.see("begun", `document.activeElement?.dataset.row === "0/flag:0"`)
	b.press("/")
	b.see("search has the focus", `document.activeElement.id === "find"`)
	b.run(`document.activeElement.select()`)
	b.press("breast cancer")
	b.see("a place with its words", `document.querySelector(".hit mark")?.textContent === "breast cancer"`)
	b.press(kb.Enter)
	b.see("its page and box", `document.querySelector("#page-at").value === "2" && document.querySelector(".spot")`)
	b.shot("find")
	b.run(`document.activeElement.select()`)
	b.press("zebra")
	b.see("nowhere", `document.querySelector(".hits")?.textContent.includes("Nowhere")`)
}

// TestOtherDocument goes from a flag to the place in the other document that it was held against.
func TestOtherDocument(t *testing.T) {
	t.Parallel()
	s, earlier := reviewing(t, "Tarn")
	p := labReport(t, "Beck")
	flag := &p.record.Segments[0].Flags[0]
	flag.Evidence = append(flag.Evidence, record.Evidence{Document: earlier.row.ID, Page: 1, Box: earlier.record.Segments[0].Fields[4].Box})
	s.arrive(t, p, "")
	s.take(t, p)
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.click(`.flag-hands a.link`)
	b.see("the other one with its box", fmt.Sprintf(`location.pathname === "/d/%s" && document.querySelector(".spot")`, earlier.row.ID))
}

// TestWorklist works along the list with the keyboard: filters, J and K, claims.
func TestWorklist(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	next := labReport(t, "Beck")
	next.row.ReceivedAt = p.row.ReceivedAt.Add(time.Minute)
	s.arrive(t, next, "")
	s.take(t, next)
	if _, err := s.desk.Claim(t.Context(), store.Actor{ID: "user:boris"}, next.row.ID, false); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/work")
	b.see("both, and who has one", `document.querySelectorAll(".worklist tbody tr").length === 2 && document.querySelector(".worklist tbody")?.textContent.includes("boris")`)
	b.shot("worklist")
	b.press("j")
	b.see("the first has the focus", `document.activeElement?.classList.contains("work-link")`)
	b.press(kb.Enter)
	b.see("a document", `document.querySelector(".outline")`)
	b.see("claimed", `document.querySelector(".foot")`)
	b.press("j")
	b.see("the next is somebody else's, and only to look at", `document.querySelector(".notice")?.textContent.includes("boris") && !document.querySelector(".detail .hands button")`)
	b.shot("claimed")
	b.click(".notice button")
	b.see("taken over", `!document.querySelector(".notice") && document.querySelector(".foot button")`)
	b.open(s.URL + "/work")
	b.see("the list", `document.querySelectorAll(".worklist tbody tr").length === 2`)
	b.click(".worklist .chip")
	b.see("mine", `document.querySelector('.worklist .chip[aria-pressed=true]') && document.querySelectorAll(".worklist tbody tr").length <= 2`)
}

// TestOperations shows failures by cause and runs them again.
func TestOperations(t *testing.T) {
	t.Parallel()
	s, _ := reviewing(t, "Tarn")
	for i, code := range []string{"corrupt", "deadline", "deadline"} {
		p := labReport(t, strings.Repeat("y", i+1))
		s.arrive(t, p, "")
		s.transact(t, store.Move{ID: p.row.ID, From: []store.State{store.Received}, To: store.Failed, Code: code})
	}
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/operations")
	b.see("the commonest cause first", `document.querySelector(".operations tbody tr")?.textContent.includes("Deadline")`)
	b.shot("operations")
	b.click(".operations tbody tr button")
	b.see("run again", `document.querySelector('.operations [role=status]')?.textContent.includes("2 run again") && document.querySelectorAll(".operations tbody tr").length === 1`)
	b.see("they wait", `document.querySelector('[aria-label="Queue"]').textContent.includes("2 waiting")`)
	b.click(`.operations tbody tr button:nth-child(2)`)
	b.see("what failed for the other cause", `location.pathname === "/work" && document.querySelectorAll(".worklist tbody tr").length === 1`)
}

// patient files two reports of one person, some weeks apart, and gives the person's page.
func patient(t *testing.T, s *stand) string {
	t.Helper()
	var rec *record.Record
	for i, day := range []string{"2026-04-17", "2026-06-02"} {
		p := labReport(t, "Wick")
		*p = *finish(day, p.record.Segments[0], p.sheets...)
		p.row.ReceivedAt = p.row.ReceivedAt.Add(-time.Duration(10-i) * time.Hour)
		p.record.Segments[0].Fields[1].Value = text("1950-01-30")
		p.record.Segments[0].Fields[2].Value = text("LK-777001")
		filed(p)
		p.record.Segments[0].Fields[5].Value = text(day)
		s.arrive(t, p, "")
		s.take(t, p)
		rec, _ = s.newest(t, p.row.ID)
	}
	return s.URL + "/p/" + rec.Segments[0].Subject.Patient
}

// TestTimeline goes from a dot of a trend to the page that it was read from, by keyboard.
func TestTimeline(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	place := patient(t, s)
	b := newTab(t, 1280, 860)
	b.open(place)
	b.see("trends with their dots", `document.querySelectorAll(".chart .dot").length >= 4`)
	b.shot("trends")
	b.run(`[...document.querySelectorAll(".chips .chip")].find(x => x.textContent === "Timeline").click()`)
	b.see("days, the newest first", `document.querySelectorAll(".timeline > li").length >= 2`)
	b.shot("timeline")
	b.run(`document.querySelector(".dot").focus()`)
	b.press(kb.Enter)
	b.see("the page with its box", `location.pathname.startsWith("/d/") && document.querySelector(".spot")`)
}

// TestQuality reads a document of the blind sample and is told what was filed; then it takes a lesson back.
func TestQuality(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	patient(t, s)
	for i, seed := range []string{"One", "Two"} {
		p := labReport(t, seed)
		p.record.Segments[0].Fields[1].Value = text(fmt.Sprintf("1970-01-0%d", i+1))
		p.record.Segments[0].Fields[2].Value = text(fmt.Sprintf("LK-55500%d", i))
		filed(p)
		s.arrive(t, p, "")
		s.take(t, p)
		if _, err := s.desk.Act(t.Context(), s.person, review.Action{Document: p.row.ID, After: 1, Kind: review.Correct, Target: "line:0:test", Value: "Glucose, fasting"}); err != nil {
			t.Fatal(err)
		}
	}
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/quality")
	b.see("what was learned", `document.querySelector('[aria-label="Learned from corrections"] tbody')?.textContent.includes("Glucose, fasting") && document.querySelector('[aria-label="Learned from corrections"] tbody').textContent.includes("proposed")`)
	b.click(`[aria-label="Blind sample"] > button`)
	b.see("questions without their answers", `document.querySelectorAll(".question .crop img").length === 6 && document.activeElement?.closest(".question")`)
	b.see("pictures", `[...document.querySelectorAll(".crop img")].every(x => x.complete && x.naturalWidth)`)
	b.shot("sample")
	b.press("nothing of the kind" + kb.Enter)
	b.see("what was filed", `[...document.querySelectorAll(".question .problem")].length === 6`)
	b.see("the rate", `document.querySelector(".tiles b")?.textContent === "100.00 %"`)
	b.shot("judged")
	b.click(`[aria-label="Learned from corrections"] tbody button`)
	b.see("taken back", `document.querySelector('[aria-label="Learned from corrections"] tbody').textContent.includes("taken back")`)
}

// TestClearsABatch clears the work list by keyboard alone, with a look at every open value, and prints
// what it takes: keys and seconds of the pages for a document, not of a person's reading.
func TestClearsABatch(t *testing.T) {
	t.Parallel()
	people := []string{"Tarnowski, Ada", "Beckford, Bruno", "Okonkwo, Cleo", "Lindqvist, Dara", "Moreau, Emil", "Castellan, Fern"}
	batch := len(people)
	s := newStand(t)
	for i := range batch {
		p := labReport(t, fmt.Sprint("Batch", i))
		p.row.ReceivedAt = p.row.ReceivedAt.Add(time.Duration(i) * time.Minute)
		p.record.Segments[0].Fields[0].Value = &people[i]
		p.record.Segments[0].Fields[1].Value = text(fmt.Sprintf("19%d-0%d-1%d", 40+7*i, i+1, i))
		p.record.Segments[0].Fields[2].Value = text(fmt.Sprintf("LK-%d", 660001+111*i))
		s.arrive(t, p, "")
		s.take(t, p)
	}
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/work")
	b.see("the batch", fmt.Sprintf(`document.querySelectorAll(".worklist tbody tr").length === %d`, batch))
	keys := 0
	press := func(key string, with ...chromedp.Modifier) {
		keys++
		b.press(key, with...)
	}
	press("j")
	press(kb.Enter)
	began := time.Now()
	for i := range batch {
		for open := 4; open > 0; open-- {
			b.see("an open value in focus", fmt.Sprintf(`document.querySelector(".foot .left")?.textContent === "%d left on this document" && document.activeElement?.dataset.row && ["check", "conflict"].includes(document.activeElement.closest("[data-look]").dataset.look)`, open))
			press(kb.Enter)
		}
		b.see("nothing left", `document.querySelector(".foot .left")?.textContent === "Nothing left to look at"`)
		if i < batch-1 {
			was := b.text("location.pathname")
			press("j")
			b.see("the next document", fmt.Sprintf("location.pathname !== %q && document.querySelector('.outline')", was))
		}
	}
	t.Logf("%d documents, %.1f keys and %.1f seconds of the pages for each", batch, float64(keys)/float64(batch), time.Since(began).Seconds()/float64(batch))
	if _, body := s.get(t, "/documents?counts=1"); !strings.Contains(body, fmt.Sprintf(`"counts":{"filed":%d}`, batch)) {
		t.Errorf("not all are filed: %.200s", body)
	}
}

// axe runs axe-core, which only tests have, and gives what it finds against WCAG 2.2 A and AA.
const axe = `(async () => {
	const found = await window.axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]});
	return found.violations.map(v => v.id + " (" + v.nodes.length + "): " + v.nodes[0].html.slice(0, 120) + " " + v.nodes[0].failureSummary.slice(0, 160)).join("\n");
})()`

// TestAccessible holds every screen against axe-core at two widths. `npm ci` in console/web brings it.
func TestAccessible(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("web/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Skip("no axe-core on this machine: run `npm ci` in console/web to check accessibility")
	}
	s, p := reviewing(t, "Tarn")
	person := patient(t, s)
	held := labReport(t, "Beck")
	held.record.Segments[0].Fields[1].Value = text("1971-11-02")
	s.arrive(t, held, "")
	s.take(t, held)
	failed := labReport(t, "z")
	s.arrive(t, failed, "")
	s.transact(t, store.Move{ID: failed.row.ID, From: []store.State{store.Received}, To: store.Failed, Code: "corrupt"})
	for _, width := range []int64{1280, 390} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			b := newTab(t, width, 860)
			for _, screen := range []struct{ name, path, ready, then string }{
				{name: "inbox", path: "/", ready: ".card-reason"},
				{name: "document", path: "/d/" + p.row.ID, ready: ".outline"},
				{name: "held", path: "/d/" + held.row.ID, ready: ".held .choice b"},
				{name: "stack", path: "/d/" + p.row.ID, ready: ".outline", then: `[...document.querySelectorAll(".bar button")].find(x => x.textContent === "Stack").click()`},
				{name: "worklist", path: "/work", ready: ".worklist tbody tr"},
				{name: "operations", path: "/operations", ready: ".operations tbody tr"},
				{name: "quality", path: "/quality", ready: "[aria-label='Learned from corrections'] .hint", then: `document.querySelector("[aria-label='Blind sample'] > button")?.click()`},
				{name: "search", path: "/search", ready: ".results"},
				{name: "board", path: "/board", ready: ".dot", then: `[...document.querySelectorAll(".tile [data-mark]")].at(0).click()`},
				{name: "board-table", path: "/board", ready: ".dot", then: `document.querySelectorAll(".tile header .chip[aria-pressed]").forEach(x => x.click())`},
				{name: "patient", path: strings.TrimPrefix(person, s.URL), ready: ".chart"},
				{name: "timeline", path: strings.TrimPrefix(person, s.URL), ready: ".chart", then: `[...document.querySelectorAll(".chips .chip")].find(x => x.textContent === "Timeline").click()`},
			} {
				b.open(s.URL + screen.path)
				b.see(screen.name, fmt.Sprintf("document.querySelector(%q)", screen.ready))
				if screen.then != "" {
					b.run(screen.then)
				}
				b.see("at rest", `document.getAnimations().every(a => a.playState !== "running" || a.effect.getTiming().iterations === Infinity)`)
				b.see("no wider than the screen", fmt.Sprintf(`document.documentElement.scrollWidth <= %d`, width))
				b.shot(fmt.Sprintf("%s-%d", screen.name, width))
				b.run("(() => {" + string(script) + "})()")
				if bad := b.answer(axe); bad != "" {
					t.Errorf("%s at %d:\n%s", screen.name, width, bad)
				}
			}
		})
	}
}
