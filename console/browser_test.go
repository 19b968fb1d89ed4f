package console

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const patience = time.Minute // for one wish of a test, on a busy machine

// tab is a page of a real browser. Every wait is for something on the page, never for time.
type tab struct {
	t        *testing.T
	ctx      context.Context
	mu       sync.Mutex
	problems []string // console errors, broken policies, exceptions
}

// browser is one browser for all tests: each gets a context of its own within it, with its own storage.
type browser struct {
	ctx  context.Context
	stop func()
	err  error
}

var begin sync.Once
var chrome *browser

// TestMain ends the browser that tests have begun.
func TestMain(m *testing.M) {
	m.Run()
	if chrome != nil {
		chrome.stop()
	}
}

func startBrowser() {
	binary := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			binary = path
			break
		}
	}
	if binary == "" {
		return
	}
	folder, err := os.MkdirTemp("", "console-browser-")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary), chromedp.UserDataDir(folder),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-sandbox", os.Geteuid() == 0), chromedp.DisableGPU)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(ctx)
	if err == nil {
		err = chromedp.Do(ctx)
	}
	chrome = &browser{ctx: ctx, err: err, stop: func() {
		chromedp.Cancel(ctx)
		cancel()
		stop()
		os.RemoveAll(folder)
	}}
}

func newTab(t *testing.T, width, height int64) *tab {
	t.Helper()
	begin.Do(startBrowser)
	if chrome == nil {
		t.Skip("no chromium on this machine: browser tests are skipped (apt install chromium)")
	}
	if chrome.err != nil {
		t.Fatalf("start the browser: %v", chrome.err)
	}
	b := &tab{t: t}
	ctx, cancel := chromedp.NewContext(chrome.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.listen))
	b.ctx = ctx
	t.Cleanup(func() {
		chromedp.Cancel(ctx)
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, p := range b.problems {
			t.Errorf("the browser complains: %s", p)
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	view := []chromedp.EmulateViewportOption{}
	if width < 500 {
		view = append(view, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.do("size", chromedp.EmulateViewport(width, height, view...))
	return b
}

// listen keeps what no page of ours may cause. Failed requests are not among it: tests make
// some on purpose and look at what the page says.
func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			b.problems = append(b.problems, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, fmt.Sprint(e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			b.problems = append(b.problems, fmt.Sprintf("console.error %v", e.Args[0]))
		}
	}
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.shot("failed-" + b.t.Name())
		b.t.Fatalf("%s: %v", what, err)
	}
}

// see waits until an expression of the page holds. It asks by a timer: a page that draws nothing has no frames to ask in.
func (b *tab) see(what, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(patience)))
		if err == nil {
			return
		}
		if ctx.Err() == nil && strings.Contains(err.Error(), "context") { // the page went on to another while we looked
			continue
		}
		b.shot("failed-" + b.t.Name())
		b.t.Fatalf("see %s: %v\n%s", what, err, b.text(`location.pathname + "; " + document.visibilityState + "; in focus " + document.activeElement?.outerHTML.slice(0, 200) + "; " + [...document.querySelectorAll("[role=alert], .foot .left")].map(x => x.textContent).join("; ")`))
	}
}

// run evaluates an expression for what it does.
func (b *tab) run(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any]("void ("+expression+")")); err != nil {
		b.t.Fatalf("run: %v", err)
	}
}

// text evaluates an expression that is a text.
func (b *tab) text(expression string) string {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("evaluate: %v", err)
	}
	return out
}

// answer evaluates a promise of a text.
func (b *tab) answer(expression string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluate: %v", err)
	}
	return out
}

func (b *tab) open(url string) {
	b.t.Helper()
	b.do("open", chromedp.Navigate(url))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// press presses keys as people's browsers report them: the text of a key belongs to its press, so that
// it goes nowhere where the page has taken the key.
func (b *tab) press(keys string, with ...chromedp.Modifier) {
	b.t.Helper()
	modifiers := int64(0)
	for _, m := range with {
		modifiers |= int64(m)
	}
	b.do("press keys", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, r := range keys {
			events := kb.Encode(r)
			down, up := events[0], events[len(events)-1]
			if text := events[1].Text; modifiers&^int64(chromedp.ModifierShift) == 0 {
				down.Text, down.UnmodifiedText = text, events[1].UnmodifiedText
			}
			for _, event := range []*input.DispatchKeyEventParams{down, up} {
				event.Modifiers |= modifiers
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *event); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// shot writes a picture of the page to the folder named by CHARTLAKE_SHOTS, for people.
func (b *tab) shot(name string) {
	folder := os.Getenv("CHARTLAKE_SHOTS")
	if folder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err == nil {
		os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600)
	}
}
