package console

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"chartlake/record"
	"chartlake/review"
	"chartlake/store"
)

func row(key string) string { return fmt.Sprintf(`.panel [data-row=%q]`, key) }

// TestLiveArrival watches cards appear and move between the lanes without a reload.
func TestLiveArrival(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	b := newTab(t, 1280, 860)
	b.open(s.URL)
	b.see("an empty page that says what to do", `document.querySelector(".empty h1")?.textContent.includes("Drop")`)
	b.shot("inbox-empty")
	first, second := labReport(t, "Tarn"), labReport(t, "Beck")
	first.row.ReceivedAt = second.row.ReceivedAt.Add(-time.Second)
	filed(second)
	s.arrive(t, first, "scan 17.tif")
	b.see("the first card", `document.querySelectorAll(".card").length === 1`)
	s.arrive(t, second, "<img src=x onerror=window.pwned=1>.pdf")
	b.see("a card in the first lane", fmt.Sprintf(`document.querySelector('[aria-label="Reading"] [data-id=%q]')`, second.row.ID))
	s.take(t, first)
	s.take(t, second)
	b.see("it moved to the person", fmt.Sprintf(`document.querySelector('[aria-label="Needs you"] [data-id=%q] .card-patient')`, first.row.ID))
	b.see("it moved to filed", fmt.Sprintf(`document.querySelector('[aria-label="Filed"] [data-id=%q]')`, second.row.ID))
	b.see("counts", `[...document.querySelectorAll(".lane h2 span")].map(x => x.textContent).join() === "0,1,1,0"`)
	b.shot("inbox")
	b.see("a file name is text", `!window.pwned`)
}

// TestUpload sends files by the button and by a drop, and says what became of each.
func TestUpload(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	b := newTab(t, 1280, 860)
	folder := t.TempDir()
	scan, note := filepath.Join(folder, "Scan Žluťoučký.png"), filepath.Join(folder, "note.txt")
	for path, body := range map[string][]byte{scan: labReport(t, "Tarn").png(1, 100), note: []byte("no picture")} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.open(s.URL)
	b.see("an empty page", `document.querySelector(".empty input")`)
	b.do("choose", chromedp.SetUploadFiles(chromedp.CSS(".empty input"), []string{scan, note}))
	b.see("one is received, the other refused with what to do", `document.querySelector(".upload-row.sent a") &&
		document.querySelector(".upload-row.failed")?.textContent.includes("PDF, TIFF, JPEG and PNG")`)
	b.see("its card is there, with its name", `document.querySelector(".card-title")?.textContent === "Scan Žluťoučký.png"`)
	b.shot("upload")
	b.run(`(() => { const data = new DataTransfer(); data.items.add(new File(["still no picture"], "drop.txt"));
		for (const kind of ["dragenter", "dragover"]) window.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
		window.dropped = data })()`)
	b.see("where to drop", `document.querySelector(".drop")`)
	b.run(`window.dispatchEvent(new DragEvent("drop", {dataTransfer: window.dropped, bubbles: true, cancelable: true}))`)
	b.see("the dropped file was sent too", `!document.querySelector(".drop") && document.querySelectorAll(".upload-row.failed").length === 2`)
}

// TestBoxesAndValues goes from a value to its box and from a box to its value.
func TestBoxesAndValues(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.see("the first thing to look at is chosen", `document.activeElement?.dataset.row === "0/flag:0"`)
	b.see("its place is shown", `document.querySelectorAll(".spot").length === 1`)
	b.see("a box per value of the page", `document.querySelectorAll(".outline").length === 26`)
	b.shot("document")
	b.click(row("0/field:mrn"))
	b.see("value to box", `document.querySelector('.outline.selected')?.dataset.key === "0/field:mrn"`)
	b.see("the box stands on its words", `(() => {
		const box = document.querySelector('.outline.selected .frame').getBoundingClientRect(), sheet = document.querySelector('.sheet').getBoundingClientRect();
		return Math.abs((box.left - sheet.left) / sheet.width - 0.32) < 0.01 && box.width > 40 })()`)
	b.click(`.outline[data-key="0/line:3:value"]`)
	b.see("box to value", `document.activeElement?.dataset.row === "0/line:3:value"`)
	b.shot("document-line")
	b.click(`.tabs [role=tab]:nth-child(2)`)
	b.see("findings with what is said about them", `document.querySelector('.panel [data-key="0/entity:e440"] .negated') && document.querySelector('.panel [data-key="0/entity:e680"] .family')`)
	b.click(row("0/entity:e190"))
	b.see("the page follows", `document.querySelector('.outline.selected')?.dataset.key === "0/entity:e190" && document.querySelector("#page-at").value === "2"`)
	b.shot("findings")
	b.click(`.tabs [role=tab]:nth-child(3)`)
	b.see("a conflict keeps results from being filed", `document.querySelector(".resources") && !document.querySelector(".resources").textContent.includes("Glucose")`)
	b.click(`.tabs [role=tab]:nth-child(1)`)
	b.click(`.flag-hands button:last-child`)
	b.see("the flag was seen", `document.querySelector(".flag").dataset.look === "confirmed"`)
	b.click(`.tabs [role=tab]:nth-child(3)`)
	b.see("then they are filed", `document.querySelector(".resources")?.textContent.includes("Glucose: 118 mg/dL")`)
	b.run(`[...document.querySelectorAll(".resources summary")].find(x => x.textContent.includes("Glucose")).click()`)
	b.run(`[...document.querySelectorAll(".resources details[open] .places .link")].find(x => x.textContent.includes("118")).click()`)
	b.see("evidence is shown on the page", `document.querySelector(".spot")`)
	b.shot("fhir")
	b.click(`.tabs [role=tab]:nth-child(4)`)
	b.see("history", `document.querySelectorAll(".story li").length >= 4`)
	b.shot("history")
}

// TestCorrectAndUndo corrects by typing and by clicking words, and takes it back.
func TestCorrectAndUndo(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.click(row("0/field:collected"))
	b.press(kb.F2)
	b.see("an edit with the old value", `document.activeElement?.value === "2026-04-17"`)
	b.run(`document.activeElement.select()`)
	b.press("2026-04-15" + kb.Enter)
	b.see("the value is edited", `document.querySelector('.panel [data-key="0/field:collected"]')?.dataset.look === "edited"`)
	if f := s.field(t, p.row.ID, "collected"); *f.Value != "2026-04-15" || *f.Machine.Value != "2026-04-17" || f.Human.Who != "user:anna" {
		t.Fatalf("stored %+v", f)
	}
	b.click(row("0/field:provider"))
	b.click(row("0/field:provider") + ` ~ .detail .hands button:nth-child(2)`)
	word := `[...document.querySelectorAll(".words rect")].find(x => x.textContent === %q)`
	for _, w := range []string{"Fenn,", "Tobias"} {
		b.see("a word to click", fmt.Sprintf(word, w))
		b.run(fmt.Sprintf(word+`.dispatchEvent(new MouseEvent("click", {bubbles: true}))`, w))
	}
	b.see("the words fill the value in reading order", `document.querySelector(".editor input").value === "Tobias Fenn,"`)
	b.shot("edit-by-words")
	b.press(kb.Enter)
	b.see("the provider is edited", `document.querySelector('.panel [data-key="0/field:provider"]')?.dataset.look === "edited"`)
	f := s.field(t, p.row.ID, "provider")
	if *f.Value != "Tobias Fenn," || f.Box.W <= 0 || f.Box.W >= f.Machine.Box.W {
		t.Fatalf("stored %q at %v, machine %v", *f.Value, f.Box, f.Machine.Box)
	}
	b.press("u")
	b.see("undone", `document.querySelector('.panel [data-key="0/field:provider"]')?.dataset.look === "check"`)
	b.run(`document.querySelector(".entry button").click()`)
	b.see("a form for a value that nothing was read for", `document.querySelectorAll(".entry input").length === 2`)
	b.click(".entry input")
	b.press("fasting since" + kb.Tab + kb.Tab + "midnight" + kb.Enter)
	b.see("it is among the values", `document.querySelector('.panel [data-key="0/field:fasting_since"]')?.dataset.look === "edited"`)
	b.press("u")
	b.see("and taken back", `!document.querySelector('.panel [data-key="0/field:fasting_since"]')`)
	if _, version := s.newest(t, p.row.ID); version != 6 {
		t.Errorf("version %d after three corrections and two undos, want 6: undo is a new version", version)
	}
}

// TestSomebodyElseWon shows who changed the record first and what it is now.
func TestSomebodyElseWon(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.click(row("0/field:mrn"))
	// The page must not hear of it before it acts, so its stream is closed.
	b.run(`window.fetch = new Proxy(window.fetch, {apply: (f, self, args) =>
		String(args[0]).startsWith("/review") ? new Promise(go => window.release = go).then(() => f.apply(self, args)) : f.apply(self, args)})`)
	b.press("x")
	b.see("the act waits", `window.release`)
	if _, err := s.desk.Act(t.Context(), store.Actor{ID: "user:boris"}, review.Action{Document: p.row.ID, After: 1, Kind: "accept", Target: "field:dob"}); err != nil {
		t.Fatal(err)
	}
	b.run(`window.release()`)
	b.see("who won", `document.querySelector(".notice")?.textContent.includes("boris") && document.querySelector(".notice").textContent.includes("not saved")`)
	b.see("the newest is shown", `document.querySelector('.panel [data-key="0/field:dob"]')?.dataset.look === "confirmed"`)
	b.shot("conflict")
	if f := s.field(t, p.row.ID, "mrn"); f.Human != nil {
		t.Error("the late act was stored")
	}
}

// TestHeldAnswer answers whose document it is: the patient that another document made.
func TestHeldAnswer(t *testing.T) {
	t.Parallel()
	s, first := reviewing(t, "Tarn")
	rec, _ := s.newest(t, first.row.ID)
	known := rec.Segments[0].Subject.Patient
	p := labReport(t, "Beck")
	p.record.Segments[0].Fields[1].Value = text("1971-11-02") // the number of one, the birth date of another
	s.arrive(t, p, "")
	s.take(t, p)
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.see("the question with a candidate", `document.querySelector(".held .choice")?.textContent.includes("Merriweather")`)
	b.shot("held")
	b.click(".held .choice button")
	b.see("answered", `!document.querySelector(".held") && document.querySelector(".bar .state-tag").dataset.state === "needs_review"`)
	rec, _ = s.newest(t, p.row.ID)
	if sub := rec.Segments[0].Subject; sub.Patient != known || sub.Human == nil || sub.Human.Who != s.person.ID {
		t.Errorf("subject %+v", sub)
	}
	b.press("u")
	b.see("the question is back", `document.querySelector(".held .choice")`)
}

// TestByKeyboard reviews a whole document and the next one without a mouse.
func TestByKeyboard(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	next := labReport(t, "Beck")
	next.row.ReceivedAt = p.row.ReceivedAt.Add(-time.Hour)
	s.arrive(t, next, "")
	s.take(t, next)
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	at := func(key string) {
		b.see("focus at "+key, fmt.Sprintf(`document.activeElement?.dataset.row === %q`, key))
	}
	at("0/flag:0")
	b.press(kb.Tab)
	at("0/field:provider")
	b.press(kb.Tab)
	at("0/field:collected")
	b.press(kb.Tab, kb.ModifierShift)
	at("0/field:provider")
	b.press(kb.Enter)
	b.see("accepted", `document.querySelector('.panel [data-key="0/field:provider"]').dataset.look === "confirmed"`)
	at("0/field:collected")
	b.press("2")
	b.see("typing begins an edit", `document.querySelector(".editor input")?.value === "2"`)
	b.press(kb.Escape)
	b.see("Esc keeps the old value", `!document.querySelector(".editor") && document.querySelector('.panel [data-key="0/field:collected"]').dataset.look === "conflict"`)
	at("0/field:collected")
	b.press("x")
	b.see("not on the page", `document.querySelector('.panel [data-key="0/field:collected"]').dataset.look === "absent"`)
	at("0/line:3:value")
	b.press("++")
	b.see("zoomed", `document.querySelector(".zoom").textContent === "150%"`)
	b.press("0")
	b.see("fits", `document.querySelector(".zoom").textContent === "100%"`)
	b.press("/")
	b.see("search has the focus", `document.activeElement.id === "find"`)
	b.press("sodium")
	b.see("only what matches", `document.querySelectorAll(".lines tbody tr").length === 1`)
	b.press(kb.Escape + "g")
	b.see("page has the focus", `document.activeElement.id === "page-at"`)
	b.run(`document.activeElement.select()`)
	b.press("2" + kb.Enter)
	b.see("page 2", `document.querySelector("#page-at").value === "2"`)
	b.press("?")
	b.see("keys", `document.querySelector("[role=dialog] .keys")`)
	b.shot("keys")
	b.press(kb.Escape)
	b.see("no dialog", `!document.querySelector("[role=dialog]")`)
	b.press(kb.Enter, kb.ModifierCtrl)
	b.see("what is left is said and chosen", `document.querySelector(".notice")?.textContent.includes("1 thing waits")`)
	at("0/line:3:value")
	b.press(kb.Enter)
	b.see("nothing left, and filed", `document.querySelector(".bar .state-tag").dataset.state === "filed"`)
	b.press("j")
	b.see("the next document is open", fmt.Sprintf(`location.pathname === "/d/%s"`, next.row.ID))
	at("0/flag:0")
	b.press(kb.Enter, kb.ModifierCtrl)
	b.see("three things wait", `document.querySelector(".notice")?.textContent.includes("4 things wait")`)
	b.press(kb.Enter, kb.ModifierCtrl)
	b.see("approved as shown, and no other is left", `location.pathname === "/"`)
	if rec, _ := s.newest(t, next.row.ID); rec.Approved == nil || rec.Approved.Who != s.person.ID {
		t.Errorf("approved by %+v", rec.Approved)
	}
}

// TestTabLeavesTheList makes sure that Tab is no trap: after the last value it goes on.
func TestTabLeavesTheList(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.see("begun", `document.activeElement?.dataset.row === "0/flag:0"`)
	for _, key := range []string{"0/field:provider", "0/field:collected"} {
		b.press(kb.Tab)
		b.see("next", fmt.Sprintf(`document.activeElement?.dataset.row === %q`, key))
	}
	b.press(kb.Tab)
	b.see("the last one", `document.activeElement?.dataset.row === "0/line:3:value"`)
	b.press(kb.Tab)
	b.see("left the values", `document.activeElement && !document.activeElement.dataset.row && document.activeElement !== document.body`)
}

// TestNarrow uses the pages on a telephone: nothing is wider than the screen.
func TestNarrow(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 390, 844)
	fits := `document.documentElement.scrollWidth <= 390`
	b.open(s.URL)
	b.see("a card", `document.querySelector(".card")`)
	b.see("the list fits", fits)
	b.shot("narrow-inbox")
	b.click(".card")
	b.see("a document", `document.querySelector(".outline")`)
	b.see("the document fits", fits)
	b.click(row("0/field:provider"))
	b.see("the chosen box is in view", `(() => { const box = document.querySelector(".outline.selected .frame").getBoundingClientRect(), stage = document.querySelector(".stage").getBoundingClientRect();
		return box.top >= stage.top && box.bottom <= stage.bottom && stage.height > 200 })()`)
	b.shot("narrow-document")
	b.click(row("0/field:provider") + ` ~ .detail .hands button`)
	b.see("accepted by touch", `document.querySelector('.panel [data-key="0/field:provider"]').dataset.look === "confirmed"`)
	b.open(s.URL + "/search")
	b.see("search", `document.querySelector(".results")`)
	b.see("the search fits", fits)
	b.shot("narrow-search")
	_ = p
}

// TestSearchOpensTheEvidence goes from a result and from a patient to the page and box.
func TestSearchOpensTheEvidence(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	if _, err := s.desk.Act(t.Context(), s.person, review.Action{Document: p.row.ID, After: 1, Kind: review.Accept, Target: "flag:0"}); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/search")
	b.see("patients", `document.querySelector(".results a")?.textContent.includes("Merriweather")`)
	b.shot("search")
	b.click(".results a")
	b.see("the patient", `document.querySelector(".patient-head h1")?.textContent.includes("Merriweather")`)
	b.see("results", `document.querySelector(".patient .results .link")`)
	b.shot("patient")
	b.click(".patient .results .link")
	b.see("the page with its place", fmt.Sprintf(`location.pathname === "/d/%s" && document.querySelector(".spot")`, p.row.ID))
	b.shot("evidence")
}

// TestActiveContentIsText feeds markup in every text of a record and looks that none of it runs.
func TestActiveContentIsText(t *testing.T) {
	t.Parallel()
	const evil = `"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script><svg onload=window.pwned=1>`
	s := newStand(t)
	p := labReport(t, "Tarn")
	seg := &p.record.Segments[0]
	for i := range seg.Fields {
		f := &seg.Fields[i]
		f.Label, f.Raw, f.Value, f.Reasons, f.Rule = evil, evil, text(evil), []string{evil}, evil
	}
	for i := range seg.Entities {
		seg.Entities[i].Text, seg.Entities[i].Section, seg.Entities[i].Attributes = evil, evil, map[string]string{evil: evil}
	}
	seg.Flags[0].Message, seg.Type = evil, evil
	s.arrive(t, p, evil)
	s.take(t, p)
	b := newTab(t, 1280, 860)
	b.open(s.URL)
	b.see("a card", `document.querySelector(".card-patient")?.textContent.includes("<img")`)
	b.click(".card")
	b.see("the values are text", `document.querySelector(".row-value")?.textContent.includes("<script>") && document.querySelector(".flag")?.textContent.includes("<svg")`)
	b.click(`.tabs [role=tab]:nth-child(2)`)
	b.click(`.finding`)
	b.see("the findings too", `document.querySelector(".finding")?.textContent.includes("<img")`)
	b.see("nothing ran, nothing was made", `!window.pwned && !document.querySelector("#root img[src=x]") && !document.querySelector("#root script")`)
}

// contrasts gives every visible text of the page whose contrast with its ground is under 4.5
// (WCAG 2.2 §1.4.3), leaving out what cannot be used now.
const contrasts = `(() => {
	const numbers = c => (c.match(/[\d.]+/g) || []).map(Number), canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const over = (top, under) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a)) };
	const rgba = c => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255] };
	const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
	const ground = e => e ? over(rgba(getComputedStyle(e).backgroundColor), ground(e.parentElement)) : [255, 255, 255];
	const bad = [];
	for (const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walk.nextNode();) {
		const e = walk.currentNode.parentElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
		if (!walk.currentNode.data.trim() || box.width < 2 || box.height < 2 || e.closest(":disabled, [data-disabled], svg, script, noscript, .hidden, .skip")) continue;
		const under = ground(e), [a, b] = [light(over(rgba(style.color), under)), light(under)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) bad.push(walk.currentNode.data.trim().slice(0, 30) + " " + ratio.toFixed(2) + " " + e.className);
	}
	return bad.join("; ");
})()`

// TestContrast measures every text of the pages in both schemes, and that each thing to press
// or fill in has a name.
func TestContrast(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	for _, scheme := range []string{"light", "dark"} {
		b.open(s.URL)
		b.run(fmt.Sprintf(`localStorage.setItem("mantine-color-scheme-value", %q)`, scheme))
		for place, ready := range map[string]string{"/": ".card-reason", "/d/" + p.row.ID: ".outline", "/search": ".results"} {
			b.open(s.URL + place)
			b.see("the page", fmt.Sprintf(`document.querySelector(%q) && document.documentElement.dataset.mantineColorScheme === %q &&
				document.getAnimations().every(a => a.playState !== "running" || a.effect.getTiming().iterations === Infinity)`, ready, scheme))
			if bad := b.text(contrasts); bad != "" {
				t.Errorf("%s %s: too little contrast: %s", scheme, place, bad)
			}
			nameless := b.text(`[...document.querySelectorAll("button, a, input, select, [role=button]")].filter(e => !e.ariaLabel && !e.textContent.trim() &&
				!e.labels?.length && !e.title).map(e => e.outerHTML.slice(0, 80)).join("; ")`)
			if nameless != "" {
				t.Errorf("%s: without a name: %s", place, nameless)
			}
		}
		b.open(s.URL + "/d/" + p.row.ID)
		b.see("a document", `document.querySelector(".outline")`)
		b.shot("document-" + scheme)
	}
}

// reviewing is a stand with a paper that waits for a person.
func reviewing(t *testing.T, seed string) (*stand, *paper) {
	t.Helper()
	s, p := newStand(t), labReport(t, seed)
	s.arrive(t, p, "scan.tif")
	s.take(t, p)
	return s, p
}

// filed makes a paper's record one that nobody has to look at.
func filed(p *paper) {
	seg := &p.record.Segments[0]
	seg.Flags = nil
	for i := range seg.Fields {
		if seg.Fields[i].State == record.Review {
			seg.Fields[i].State = record.Accepted
		}
	}
	for _, line := range seg.Lines {
		for name, cell := range line {
			cell.State = record.Accepted
			line[name] = cell
		}
	}
}
