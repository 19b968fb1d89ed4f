package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"chartlake/fault"
	"chartlake/review"
	"chartlake/store"
)

const (
	streamsMax  = 256                    // live streams at once; each is a goroutine and a small buffer
	streamDepth = 64                     // events that wait for a slow client before it is let go
	liveWindow  = 100                    // newest documents that the hub compares after a commit
	livePause   = 200 * time.Millisecond // a burst of commits is one comparison
	liveForeign = 5 * time.Second        // looks for commits of other processes on a shared database
	heartbeat   = 20 * time.Second       // keeps proxies from closing a quiet stream
)

// system is who reads for the hub. What it reads goes only to those who may read it.
var system = store.Actor{ID: "system:console", Name: "live pages"}

// live tells every open page what changed. However many pages are open, a burst of commits
// costs one read of the database: the hub compares the newest documents, and those that a
// page has open, with what it told before. It runs while somebody listens.
type live struct {
	server *server
	mu     sync.Mutex
	open   map[*stream]struct{}
	stop   context.CancelFunc
}

// stream is one open page. Document is the one it is about, "" for all.
type stream struct {
	document string
	events   chan event
}

type event struct {
	document string
	data     []byte
}

func newLive(s *server) *live { return &live{server: s, open: map[*stream]struct{}{}} }

// join opens a stream; the first one starts the hub.
func (l *live) join(document string) (*stream, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= streamsMax {
		f := fault.New(fault.Unavailable, "too_many_streams", "%d live pages are open already", streamsMax)
		f.RetryAfter = 30 * time.Second
		return nil, f
	}
	st := &stream{document: document, events: make(chan event, streamDepth)}
	l.open[st] = struct{}{}
	if len(l.open) == 1 {
		ctx, stop := context.WithCancel(context.Background())
		l.stop = stop
		told := map[string]string{}
		changed := l.server.Store.Changed()
		l.compare(ctx, told, false)
		go l.run(ctx, told, changed)
	}
	return st, nil
}

// leave closes a stream; the last one stops the hub.
func (l *live) leave(st *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, st)
	if len(l.open) == 0 && l.stop != nil {
		l.stop()
		l.stop = nil
	}
}

func (l *live) run(ctx context.Context, told map[string]string, changed <-chan struct{}) {
	foreign := time.NewTicker(liveForeign)
	defer foreign.Stop()
	moved := l.server.Moved()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-moved:
		case <-foreign.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(livePause):
		}
		// Both before the read, so that nothing is missed.
		changed, moved = l.server.Store.Changed(), l.server.Moved()
		l.compare(ctx, told, true)
	}
}

// compare reads once and tells what differs from told. A read that fails is tried again
// after the next commit: told is only changed for what was read.
func (l *live) compare(ctx context.Context, told map[string]string, tell bool) {
	watched := map[string]bool{}
	if tell { // join holds the lock on the first comparison, when nobody listens yet
		l.mu.Lock()
		for st := range l.open {
			if st.document != "" {
				watched[st.document] = true
			}
		}
		l.mu.Unlock()
	}
	var events []event
	_ = l.server.Store.View(ctx, system, func(v store.View) error {
		docs, _, err := v.Documents(store.DocumentQuery{Limit: liveWindow})
		if err != nil {
			return err
		}
		for _, d := range docs {
			delete(watched, d.ID)
		}
		for id := range watched {
			if d, err := v.Document(id); err == nil {
				docs = append(docs, *d)
			}
		}
		claims, err := review.Claims(v, time.Now())
		if err != nil {
			return err
		}
		for _, d := range docs {
			it, err := l.server.item(v, d)
			if err != nil {
				return err
			}
			if c, ok := claims[d.ID]; ok {
				it.Claim = &c
			}
			print := fmt.Sprint(d.State, d.Code, d.Pages, len(d.Arrivals), it.Record, it.Progress, claims[d.ID].Who)
			if told[d.ID] == print {
				continue
			}
			told[d.ID] = print
			it.History, it.Segments = nil, notNil(it.Segments)
			if data, err := json.Marshal(it); err == nil {
				events = append(events, event{d.ID, data})
			}
		}
		return nil
	})
	if tell {
		l.tell(events)
	}
}

// tell gives the events to every stream they are for; one that is full is let go: its page
// connects again and loads anew.
func (l *live) tell(events []event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for st := range l.open {
		for _, e := range events {
			if st.document != "" && st.document != e.document {
				continue
			}
			select {
			case st.events <- e:
			default:
				close(st.events)
				delete(l.open, st)
			}
			if _, ok := l.open[st]; !ok {
				break
			}
		}
	}
}

// events answers GET /events: server-sent events "document" with an item of the list each.
func (s *server) events(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	return s.stream(w, r, actor, "")
}

// documentEvents answers GET /documents/{id}/events: the same for one document.
func (s *server) documentEvents(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if _, err := s.row(r, actor); err != nil {
		return err
	}
	return s.stream(w, r, actor, r.PathValue("id"))
}

func (s *server) stream(w http.ResponseWriter, r *http.Request, actor store.Actor, document string) error {
	st, err := s.live.join(document)
	if err != nil {
		return err
	}
	defer s.live.leave(st)
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	text := []byte("retry: 2000\nevent: hello\ndata: {}\n\n")
	for {
		out.SetWriteDeadline(time.Now().Add(2 * heartbeat)) // a server's own deadline is for short answers
		if _, err := w.Write(text); err != nil {
			return nil
		}
		if out.Flush() != nil {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-beat.C:
			text = []byte(": still here\n\n")
		case e, ok := <-st.events:
			if !ok {
				return nil
			}
			if text = nil; s.visible(r.Context(), actor, e.document) {
				text = fmt.Appendf(nil, "event: document\ndata: %s\n\n", e.data)
			}
		}
	}
}

// visible asks the store whether an actor who is confined to some patients may see a document.
func (s *server) visible(ctx context.Context, actor store.Actor, id string) bool {
	if actor.Patients == nil {
		return true
	}
	return s.Store.View(ctx, actor, func(v store.View) error {
		_, err := v.Document(id)
		return err
	}) == nil
}
