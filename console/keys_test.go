package console

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"chartlake/review"
)

// TestOwnKeys gives a command another key, which counts after a reload, too, and refuses one that is taken.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.see("the first thing to look at", `document.activeElement?.dataset.row === "0/flag:0"`)
	b.press("?")
	b.click(`[data-command="absent"]`)
	b.press("u")
	b.see("taken", `document.querySelector(".keys [role=alert]")?.textContent.includes("U is taken: undo")`)
	b.press("q")
	b.see("changed", `document.querySelector('[data-command="absent"]').textContent === "Q"`)
	b.shot("own-keys")
	b.open(s.URL + "/d/" + p.row.ID)
	b.click(row("0/field:provider"))
	b.press("q")
	b.see("not on the page", `document.querySelector('.panel [data-key="0/field:provider"]').dataset.look === "absent"`)
	b.press("?")
	b.run(`[...document.querySelectorAll("[role=dialog] button")].find(x => x.textContent === "As it was").click()`)
	b.see("as it was", `document.querySelector('[data-command="absent"]').textContent === "X"`)
}

// TestSuggestions takes the value that was read before a correction: by its number, and saved by Enter.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	if _, err := s.desk.Act(t.Context(), s.person, review.Action{Document: p.row.ID, After: 1, Kind: review.Correct, Target: "field:collected", Value: "2026-04-15"}); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.click(row("0/field:collected"))
	b.see("what it may be", `document.querySelector(".suggestions li .link")?.textContent.includes("2026-04-17")`)
	b.shot("suggestions")
	b.press("1")
	b.see("in the edit", `document.activeElement?.value === "2026-04-17"`)
	if f := s.field(t, p.row.ID, "collected"); *f.Value != "2026-04-15" {
		t.Fatalf("a suggestion was taken without Enter: %q", *f.Value)
	}
	b.press(kb.Enter)
	b.see("saved", `document.querySelector('.panel [data-key="0/field:collected"] .row-value').textContent === "2026-04-17"`)
}

// TestPutsAside holds a document with a reason and takes it up again, by keyboard.
func TestPutsAside(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.see("the first thing to look at", `document.activeElement?.dataset.row === "0/flag:0"`)
	state := func(what, want string) {
		b.see(what, fmt.Sprintf(`document.querySelector(".bar .state-tag").dataset.state === %q`, want))
	}
	b.press("h")
	b.see("why", `document.activeElement?.getAttribute("aria-label") === "Why it is put aside"`)
	b.press("the laboratory was asked" + kb.Enter)
	state("held", "held")
	b.see("the reason", `document.querySelector(".held h2").textContent === "Put aside: the laboratory was asked"`)
	b.shot("put-aside")
	if rec, _ := s.newest(t, p.row.ID); rec.Held == nil || rec.Held.Who != s.person.ID || rec.Held.Reason != "the laboratory was asked" {
		t.Fatalf("held by %+v", rec.Held)
	}
	b.click(".held button")
	state("taken up again", "needs_review")
}

// TestUnsaved goes to another value with an edit open, comes back to what was typed, and cannot approve over it.
func TestUnsaved(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	b := newTab(t, 1280, 860)
	b.open(s.URL + "/d/" + p.row.ID)
	b.click(row("0/field:collected"))
	b.press(kb.F2)
	b.see("an edit", `document.activeElement?.value === "2026-04-17"`)
	b.press(kb.Backspace + "9")
	b.see("typed", `document.activeElement?.value === "2026-04-19"`)
	b.click(row("0/field:provider"))
	b.see("another value", `!document.querySelector(".editor")`)
	b.press(kb.Enter, kb.ModifierCtrl)
	b.see("not approved", `document.querySelector(".notice")?.textContent.includes("not saved")`)
	b.see("what was typed", `document.activeElement?.value === "2026-04-19"`)
	b.press(kb.Escape)
	b.see("left", `!document.querySelector(".editor")`)
	b.click(row("0/field:provider"))
	b.click(row("0/field:collected"))
	b.see("and gone", `document.activeElement?.dataset.row === "0/field:collected" && !document.querySelector(".editor")`)
}
