package pipeline

import "sync"

// Progress is how far a running document is.
type Progress struct {
	Stage string `json:"stage"` // read, understand, identify, file
	Page  int    `json:"page"`  // pages read
	Of    int    `json:"of"`    // pages of the file; 0: not known yet
}

// progress holds the documents that run in this process.
type progress struct {
	mu      sync.Mutex
	running map[string]Progress
	changed chan struct{}
}

func (p *progress) set(id string, at Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		p.running = map[string]Progress{}
	}
	p.running[id] = at
	p.tell()
}

func (p *progress) done(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, id)
	p.tell()
}

func (p *progress) tell() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// Progress tells how far a document is that runs in this process.
func (p *Pipeline) Progress(id string) (Progress, bool) {
	p.progress.mu.Lock()
	defer p.progress.mu.Unlock()
	at, ok := p.progress.running[id]
	return at, ok
}

// Moved is closed when the progress of any document changes.
func (p *Pipeline) Moved() <-chan struct{} {
	p.progress.mu.Lock()
	defer p.progress.mu.Unlock()
	if p.progress.changed == nil {
		p.progress.changed = make(chan struct{})
	}
	return p.progress.changed
}
