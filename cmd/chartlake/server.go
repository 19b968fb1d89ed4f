package main

import (
	"chartlake/analytics"
	"chartlake/aws/objects"

	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"chartlake/backup"
	"chartlake/blob"
	"chartlake/blob/folder"
	"chartlake/bulk"
	"chartlake/console"
	"chartlake/delivery"
	"chartlake/fault"
	"chartlake/fhir/validate"
	"chartlake/intake"
	"chartlake/internal/lab"
	"chartlake/pipeline"
	"chartlake/queue"
	"chartlake/reader"
	"chartlake/rest"
	"chartlake/review"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/sqlite"
	"chartlake/terminology/release"
)

// dataFolder is what every command on a data folder shares.
type dataFolder struct {
	Data string `help:"Data folder, made with mode 0700 (./chartlake-data)." default:"./chartlake-data" placeholder:"DIR"`
	database
}

// database is where the store and the originals are.
type database struct {
	Store            string `help:"PostgreSQL database for the store (postgres://user@host/name), or file:NAME; else SQLite in the data folder." env:"CHARTLAKE_STORE" placeholder:"URL"`
	Blobs            string `help:"Bucket of the originals (s3://BUCKET/PREFIX; region, endpoint and credentials: AWS_… in the environment); else the data folder." env:"CHARTLAKE_BLOBS" placeholder:"URL"`
	KMS              string `help:"Key of AWS KMS (ARN, id or alias/NAME) that seals the master keys in store.key." name:"kms" env:"CHARTLAKE_KMS" placeholder:"KEY"`
	AcceptClearIndex bool   `hidden:"" help:"Taken and of no effect: the index is not in clear any more." env:"CHARTLAKE_ACCEPT_CLEAR_INDEX"`
}

// open opens the store: in a PostgreSQL database, or in the data folder.
func (d database) open(ctx context.Context, data, base string) (store.Store, error) {
	if _, err := os.Stat(filepath.Join(data, backup.Unfinished)); err == nil {
		return nil, fault.New(fault.Conflict, "restore_unfinished", "a restore into this data folder was begun and not finished; delete the folder and restore again")
	}
	return d.unfinished(ctx, data, base)
}

// unfinished opens the store of a data folder that may be in the middle of a restore.
func (d database) unfinished(ctx context.Context, data, base string) (store.Store, error) {
	url, err := secret(d.Store)
	if err != nil {
		return nil, err
	}
	master, err := sealer(ctx, d.KMS)
	if err != nil {
		return nil, err
	}
	switch scheme, _, ok := strings.Cut(url, "://"); {
	case url == "":
		return sqlite.Open(ctx, sqlite.Config{Folder: data, Sealer: master, Base: base, Unsynced: lab.StoreUnsynced(), Unsealed: lab.StoreUnsealed(),
			Audit: store.Audit{Off: lab.StoreUnaudited()}})
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		return postgres.Open(ctx, postgres.Config{URL: url, Folder: data, Sealer: master, Base: base})
	}
	return nil, usage("--store is not postgres://USER@HOST/NAME")
}

// file is what the data folder has once there is a store: the database, or the key to one.
func (d database) file() string {
	if d.Store != "" {
		return "store.key"
	}
	return "chartlake.db"
}

// existing refuses a folder that is not there: only commands that take documents in make one.
func (d dataFolder) existing() error {
	if _, err := os.Stat(filepath.Join(d.Data, d.file())); err != nil {
		return fault.New(fault.NotFound, "no_data_folder", "there is no Chartlake data in this folder (no %s); give the --data that serve has", d.file())
	}
	return nil
}

// setting are the settings of a process that works on a data folder.
type setting struct {
	dataFolder
	limits
	us
	models
	Mode         string   `help:"What is filed without a person: commit, draft (nothing before approval), annotate (the document only)." enum:"commit,draft,annotate" default:"commit"`
	Package      []string `help:"FHIR package (.tgz) whose profiles $validate knows (repeatable)." placeholder:"FILE" type:"path"`
	ImportFrom   []string `help:"Where $import may read from besides public HTTP(S): a folder, or an http://, https:// or s3:// address and all below it (repeatable)." placeholder:"PLACE" sep:"none"`
	Deliver      []string `help:"Where results go on to (repeatable): fhir=URL, folder=DIR, or webhook=URL for notices." placeholder:"KIND=PLACE" sep:"none" env:"CHARTLAKE_DELIVER"`
	DeliverToken string   `help:"Bearer token of the FHIR servers delivered to, or file:NAME." placeholder:"TOKEN" env:"CHARTLAKE_DELIVER_TOKEN"`
	DeliverKey   string   `help:"Key that signs webhooks (whsec_ and base64), or file:NAME." placeholder:"KEY" env:"CHARTLAKE_DELIVER_KEY"`
	ReviewPolicy string   `help:"What is asked of values before they are accepted without a person: JSON (docs/guide/operations.md)." placeholder:"FILE" type:"path"`
	StrictLayers bool     `help:"Refuse to start unless OCR runs with every layer of confinement."`
}

// server is one process: engines, store, door, pipeline and, where asked, the pages.
type server struct {
	log      *slog.Logger
	engines  *engines
	blobs    blob.Originals
	store    store.Store
	door     *intake.Desk
	pipeline *pipeline.Pipeline
	bulk     *bulk.Desk
	delivery *delivery.Desk
	review   *review.Desk
	objects  *objects.Service
	registry *prometheus.Registry
	halt     func(error) // called when a write may not have reached the disk
	halted   chan error
	library  *validate.Library
	releases []*release.Release // imported code systems
	bearer   smart.Caller       // who has the token; the zero Caller: whoever was given it
}

// newServer opens a data folder. workers is how many pages are worked on at once; 0: one per core.
func (e *env) newServer(ctx context.Context, c setting, workers int, base string) (*server, error) {
	c.Data = absolute(c.Data)
	s := &server{log: e.log, registry: prometheus.NewRegistry(), halted: make(chan error, 1)}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.halt = func(err error) {
		select {
		case s.halted <- err:
		default:
		}
	}
	var err error
	if s.library, err = library(c.Package); err != nil {
		return nil, err
	}
	database := later(func() (store.Store, error) { return c.database.open(ctx, c.Data, base) })
	s.engines, err = e.open(c.limits, c.us, c.models, workers, c.StrictLayers)
	opened, failed := database()
	if failed == nil {
		s.store = opened
	}
	if err = errors.Join(err, failed); err != nil {
		s.close()
		return nil, err
	}
	if err = s.useReleases(c.Data); err != nil {
		s.close()
		return nil, err
	}
	vault := s.store.Vault()
	if lab.StoreUnsealed() {
		vault = nil
	}
	if s.blobs, err = e.originals(ctx, c.database, c.Data, s.store, folder.Options{Broken: s.halt, Vault: vault}); err != nil {
		s.close()
		return nil, err
	}
	s.openBulk(c.Data, c.ImportFrom)
	if err := s.store.Erasures(ctx, s.blobs.Erase); err != nil {
		e.log.Warn("an erasure waits for the next start", "code", faultCode(err))
	}
	s.engines.stages.Mode = pipeline.Mode(c.Mode)
	s.pipeline = pipeline.New(pipeline.Config{Stages: s.engines.stages, Store: s.store, Blobs: s.blobs, Log: e.log,
		Metrics: pipeline.NewMetrics(s.registry), Halt: s.halt})
	if s.delivery, err = s.deliveries(c); err != nil {
		s.close()
		return nil, err
	}
	policy, err := readPolicy(c.ReviewPolicy)
	if err != nil {
		s.close()
		return nil, err
	}
	s.review = &review.Desk{Pipeline: s.pipeline, Policy: policy, DrugsLike: s.engines.drugs}
	s.pipeline.Adjust = s.review.Adjust
	s.door = intake.New(intake.Config{Store: s.store, Blobs: s.blobs, BytesMax: c.MaxBytes, Halt: s.halt,
		Metrics: intake.NewMetrics(s.registry),
		Sniff:   s.engines.reader.Sniff})
	s.objects = objects.New(objects.Config{Door: s.door, Folder: c.Data, Actor: documentActor})
	return s, nil
}

// readPolicy reads the policy of review; none asks for nothing.
func readPolicy(name string) (review.Policy, error) {
	if name == "" {
		return review.Policy{}, nil
	}
	body, err := os.ReadFile(name)
	if err != nil {
		return review.Policy{}, fault.New(fault.NotFound, "policy_not_found", "the file of the review policy does not exist or may not be read")
	}
	return review.ParsePolicy(body)
}

// deliveries opens the places that results go on to.
func (s *server) deliveries(c setting) (*delivery.Desk, error) {
	token, err := secret(c.DeliverToken)
	if err != nil {
		return nil, err
	}
	key, err := secret(c.DeliverKey)
	if err != nil {
		return nil, err
	}
	d := &delivery.Desk{Store: s.store, Blobs: s.blobs, Log: s.log, Self: rand.Text()}
	for _, name := range c.Deliver {
		sink, err := delivery.Open(name, delivery.Secrets{Token: token, Signature: key})
		if err != nil {
			return nil, err
		}
		d.Sinks = append(d.Sinks, sink)
	}
	return d, nil
}

func (s *server) close() {
	if s.engines != nil {
		s.engines.close()
	}
	if s.store != nil {
		_ = s.store.Close()
	}
	for _, r := range s.releases {
		r.Close()
	}
}

// work runs workers and the sweeper until ctx ends. workers 0: one per core is up to the caller.
func (s *server) work(ctx context.Context, workers int, group *sync.WaitGroup) {
	s.tend(ctx, group)
	if workers <= 0 {
		return
	}
	group.Go(func() {
		handlers := s.bulk.Handlers()
		handlers[queue.Document], handlers[store.ReindexJob] = s.pipeline, store.Reindexer{Store: s.store}
		err := s.store.Jobs().Run(ctx, workers, handlers)
		if err != nil && ctx.Err() == nil {
			s.log.Error("the workers stopped", "code", faultCode(err))
			s.halt(err)
		}
	})
	group.Go(func() { _ = s.pipeline.Sweep(ctx) })
	group.Go(func() { s.door.Follow(ctx, s.log) })
	group.Go(func() { s.delivery.Run(ctx) })
	group.Go(func() { _ = s.bulk.Sweep(ctx) })
}

func faultCode(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return "internal"
}

// actor asks the one place whether the caller may, and says who they are to the store.
func actor(r *http.Request, action smart.Action, kind string) (store.Actor, error) {
	if err := smart.May(r.Context(), action, kind); err != nil {
		return store.Actor{}, err
	}
	c, _ := smart.From(r.Context())
	return store.Actor{ID: actorID(c), Name: c.Name, RequestID: requestID(r.Context()), Patients: c.Patients}, nil
}

// documentActor asks about documents as a whole.
func documentActor(r *http.Request, do smart.Action) (store.Actor, error) {
	return actor(r, do, "documents")
}

// actorID names a caller in the store and in the audit trail.
func actorID(c smart.Caller) string { return "user:" + c.ID }

// handler is everything that the process answers, behind the gate.
func (s *server) handler(token, base string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /documents", s.door.Handler(func(r *http.Request) (store.Actor, error) { return actor(r, smart.Upload, "documents") }))
	api := s.fhir(base)
	mux.Handle("/fhir", api)
	mux.Handle("/fhir/", api)
	tables := analytics.Handler(analytics.Config{Store: s.store, Actor: actor})
	mux.Handle("GET /tables", tables)
	mux.Handle("GET /tables/", tables)
	mux.Handle("POST /sql", tables)
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	metrics := promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if err := smart.May(r.Context(), smart.Manage, "metrics"); err != nil {
			http.Error(w, "forbidden", fault.Status(err))
			return
		}
		metrics.ServeHTTP(w, r)
	})
	amazon := s.amazon()
	mux.Handle("POST /{$}", amazon)
	mux.Handle("/", console.New(console.Config{
		Store:    s.store,
		Review:   s.review,
		Rerun:    s.pipeline.Rerun,
		Jobs:     s.store.Jobs().Depth,
		Delivery: s.delivery,
		Reading:  s.pipeline.Reading,
		Picture:  s.picture,
		Actor:    documentActor,
		Progress: s.pipeline.Progress,
		Moved:    s.pipeline.Moved,
		Banner:   s.engines.banner(),
	}))
	gate := smart.Gate{Token: token, Open: []string{"/healthz", "/readyz"}, Bearer: s.bearer}
	return logged(s.log, s.registry, accounted(s.store.Trail, signedOr(token, known(amazon), gate.Wrap(known(mux)))))
}

// fhir is the FHIR API; Binary takes its bytes from the blobs.
func (s *server) fhir(base string) http.Handler {
	return rest.New(rest.Config{
		Store: s.store, Base: base, Version: version, Library: s.library, Bulk: s.bulk,
		Actor: func(r *http.Request, action smart.Action, resourceType string) (store.Actor, error) {
			return actor(r, action, resourceType)
		},
		Original: func(ctx context.Context, id string) (rest.Bytes, error) {
			if !blob.ValidHash(id) {
				return nil, fault.New(fault.NotFound, "not_found", "no original has this id")
			}
			return s.blobs.Open(ctx, id)
		},
	})
}

// picture draws a page of a document upright, as its reading says.
func (s *server) picture(ctx context.Context, doc *store.Document, page, width int) ([]byte, error) {
	rotation := 0
	if read, err := s.pipeline.Page(ctx, pipeline.Actor, doc, page); err == nil {
		rotation = read.Rotation
	}
	file, err := s.blobs.Open(ctx, doc.SHA256)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	password, err := s.pipeline.Password(ctx, doc.ID)
	if err != nil {
		return nil, err
	}
	return picture(ctx, s.engines.reader, file, file.Size(), reader.Sight{Password: password, Page: page, Rotation: rotation, Width: width})
}

// health is whether the process should live: red once a write may not have reached the disk.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	if err := s.door.Healthy(); err != nil {
		http.Error(w, "unhealthy: "+faultCode(err), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// ready is whether the store answers.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	err := s.door.Healthy()
	if err == nil {
		// A snapshot is enough: it reads one row, and looks at nobody's data.
		err = s.store.View(r.Context(), pipeline.Actor, func(store.View) error { return nil })
	}
	if err != nil {
		http.Error(w, "not ready: "+faultCode(err), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

// stopTime is how long requests may go on after the process was asked to stop.
const stopTime = 15 * time.Second

// listen serves a handler until ctx ends or the store asks to halt, then lets requests finish.
func (s *server) listen(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }}
	streams, stopStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer stopStreams()
	srv.BaseContext = func(net.Listener) context.Context { return streams }
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	var halt error
	select {
	case err := <-failed:
		return err
	case halt = <-s.halted:
		s.log.Error("stopping: a write may not have reached the disk", "code", faultCode(halt))
	case <-ctx.Done():
	}
	srv.RegisterOnShutdown(stopStreams) // live pages never end by themselves
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if halt != nil {
		return fault.New(fault.Internal, "store_unhealthy", "a write may not have reached the disk; start again to recover: %w", halt)
	}
	return nil
}
