package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"chartlake/fault"
	"chartlake/intake"
	"chartlake/smart"
)

// serveCommand is `chartlake serve`.
type serveCommand struct {
	setting
	Addr    string   `help:"Address to listen on (127.0.0.1:8080). Anything but loopback needs a token." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	S3Addr  string   `help:"Address to speak S3 on: what is put there is taken in (docs/guide/from-aws.md)." name:"s3-addr" placeholder:"HOST:PORT"`
	Token   string   `help:"Token that every request must bear, or file:NAME." env:"CHARTLAKE_TOKEN" placeholder:"TOKEN"`
	Watch   []string `help:"Folder whose files are taken in (repeatable)." placeholder:"DIR" type:"path"`
	Tables  string   `help:"Keep the tables in this folder, or below s3://BUCKET/PREFIX, as Parquet files, in clear, in step with the store." placeholder:"DIR"`
	Workers int      `help:"Workers, one page each at a time; 0: this process only serves; -1: one per core." default:"-1" placeholder:"N"`
}

func (serveCommand) Help() string {
	return "Example: chartlake serve --data /srv/chartlake --watch /srv/scans"
}

func (c serveCommand) Run(e *env) error {
	return e.serve(c, func(address string, _ *server) {
		fmt.Fprintf(e.stderr, "chartlake %s serves %s (data in %s)\n", version, address, absolute(c.Data))
	})
}

// serve runs the process until it is asked to stop. ready is told the address once it is answered.
func (e *env) serve(c serveCommand, ready func(address string, s *server)) error {
	token, err := secret(c.Token)
	if err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return usage("--addr is not HOST:PORT")
	}
	if token == "" && !smart.Loopback(c.Addr) {
		return usage("listening on an address that is not loopback needs a token: set CHARTLAKE_TOKEN, or give --token file:NAME [token_needed]")
	}
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fault.New(fault.Unavailable, "address", "cannot listen on %s: the address is in use or not ours; give another --addr", c.Addr)
	}
	defer l.Close()
	buckets, err := c.listenS3(token)
	if err != nil {
		return err
	}
	if buckets != nil {
		defer buckets.Close()
	}
	base := "http://" + l.Addr().String()
	workers := c.Workers
	if workers < 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	s, err := e.newServer(e.ctx, c.setting, workers, base+"/fhir")
	if err != nil {
		return err
	}
	defer s.close()
	if b := s.engines.banner(); b != "" {
		fmt.Fprintln(e.stderr, "chartlake:", b)
	}
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	var group sync.WaitGroup
	handler := s.handler(token, base+"/fhir")
	s.work(ctx, workers, &group)
	for _, dir := range c.Watch {
		group.Go(func() {
			if err := s.door.Watch(ctx, dir, intake.WatchOptions{Log: e.log}); err != nil && ctx.Err() == nil {
				e.log.Error("a watched folder cannot be read", "code", faultCode(err))
				s.halt(err)
			}
		})
	}
	if c.Tables != "" {
		if err := s.keepTables(ctx, c.Tables, &group); err != nil {
			return err
		}
	}
	if buckets != nil {
		s.serveS3(ctx, buckets, token, &group)
		fmt.Fprintf(e.stderr, "chartlake: S3 at http://%s\n", buckets.Addr())
	}
	ready(base, s)
	go debug.FreeOSMemory() // what unpacking definitions and words took, an idle server does without
	err = s.listen(ctx, l, handler)
	cancel()
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	patience := stopTime
	if err != nil { // a store that failed keeps the queue trying; what counts is on disk already
		patience = haltTime
	}
	select {
	case <-done:
	case <-time.After(patience):
		e.log.Warn("workers did not stop in time; their documents are offered again at the next start")
	}
	return err
}

// haltTime is how long workers are waited for when the process must end because a write may
// not have reached the disk.
const haltTime = 2 * time.Second

func absolute(dir string) string {
	if a, err := filepath.Abs(dir); err == nil {
		return a
	}
	return dir
}

// workCommand is `chartlake work`.
type workCommand struct {
	setting
	Workers int `help:"Workers; -1: one per core." default:"-1" placeholder:"N"`
}

func (workCommand) Help() string { return "Example: chartlake work --data /srv/chartlake" }

func (c workCommand) Run(e *env) error {
	workers := c.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if err := c.existing(); err != nil {
		return err
	}
	s, err := e.newServer(e.ctx, c.setting, workers, "")
	if err != nil {
		return err
	}
	defer s.close()
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	var group sync.WaitGroup
	s.work(ctx, workers, &group)
	if b := s.engines.banner(); b != "" {
		fmt.Fprintln(e.stderr, "chartlake:", b)
	}
	fmt.Fprintf(e.stderr, "chartlake %s: %d worker(s) on %s\n", version, workers, absolute(c.Data))
	select {
	case <-ctx.Done():
	case err = <-s.halted:
	}
	cancel()
	group.Wait()
	return err
}
