package guidance

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// board: the console's board, in a browser, shows the documents by their types, and a problem and a number
// of a patient say which object of the bucket they were read from, with page and box.
func board(t *testing.T, lake string) {
	binary, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine: the board is not looked at")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), chromedp.DisableGPU)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, cancel := chromedp.NewContext(ctx)
	defer cancel()
	ctx, late := context.WithTimeout(ctx, patience)
	defer late()
	see := func(what, expression string) {
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(time.Minute))); err != nil {
			page, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.querySelector('main').innerText"))
			t.Fatalf("%s: %v\n%s", what, err, page)
		}
	}
	click := func(expression string) {
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[any]("void ("+expression+".click())")); err != nil {
			t.Fatal(err)
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(lake+"/board")); err != nil {
		t.Fatal(err)
	}
	types := `[...document.querySelectorAll('[aria-label="Documents by type"] [data-mark]')]`
	see("both types", types+`.some(x => x.ariaLabel.startsWith("Lab report, filed: 2 documents")) && `+types+`.some(x => x.ariaLabel.startsWith("Discharge summary"))`)
	click(types + `.find(x => x.ariaLabel.startsWith("Lab report"))`)
	see("the objects of the bucket", `[...document.querySelectorAll('[aria-label="Documents"] .behind code')].filter(x => x.textContent.startsWith("s3://intake/ward")).length === 2`)
	see("problems", `document.querySelector('[aria-label="Problems by patients"] [data-mark]')`)
	click(`document.querySelector('[aria-label="Problems by patients"] [data-mark]')`)
	see("who has it, and where it stands", `/s3:.*page 1, box 0\./.test(document.querySelector('[aria-label="Top problems"] .behind')?.textContent)`)
	see("somebody's numbers", `document.querySelector('[aria-label="Lab trend"] header .chip')`)
	click(`document.querySelector('[aria-label="Lab trend"] header .chip')`)
	see("numbers of a patient", `document.querySelectorAll('[aria-label="Lab trend as a table"] tbody tr').length > 5`)
}
