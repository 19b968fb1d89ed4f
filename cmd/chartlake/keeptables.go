package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chartlake/analytics/live"
	"chartlake/aws"
	"chartlake/aws/bucket"
)

// How often the store is asked for changes: one is in the tables within seconds. Requests to a bucket cost.
const (
	tablesEvery       = time.Second
	tablesBucketEvery = 5 * time.Second
)

// bucketTables are tables in a bucket as live.Place has them.
type bucketTables struct{ *bucket.Tables }

func (b bucketTables) Open(ctx context.Context, name string) (live.Opened, error) {
	return b.Tables.Open(ctx, name)
}

func (b bucketTables) Create(ctx context.Context, name string) (live.Made, error) {
	return &bucketFile{keep: func(data []byte) error { return b.Keep(ctx, name, data) }}, nil
}

// bucketFile is a file that is written: in memory, some tens of MB at most, until it is closed.
type bucketFile struct {
	bytes.Buffer
	keep func(data []byte) error
}

func (m *bucketFile) Close() error { return m.keep(m.Bytes()) }
func (m *bucketFile) Abort()       { m.Reset() }

// tablesPlace opens the place of the tables: a folder, or s3://BUCKET/PREFIX, and says how often it is kept up.
// done gives it back.
func (s *server) tablesPlace(ctx context.Context, address string) (place live.Place, every time.Duration, done func(), err error) {
	if !strings.HasPrefix(address, "s3://") {
		folder, err := live.OpenFolder(address)
		if err != nil {
			return nil, 0, nil, err
		}
		return folder, tablesEvery, func() { folder.Close() }, nil
	}
	name, prefix, err := bucket.Parse(address)
	if err != nil {
		return nil, 0, nil, usage("--tables is neither a folder nor s3://BUCKET/PREFIX")
	}
	c, err := aws.Load(ctx, aws.Config{})
	if err != nil {
		return nil, 0, nil, err
	}
	kept := func(err error) { s.log.Warn(err.Error(), "code", faultCode(err)) }
	return bucketTables{bucket.NewTables(bucket.Config{AWS: c, Bucket: name, Prefix: prefix, Kept: kept}, live.Ours)}, tablesBucketEvery, func() {}, nil
}

// keepTables keeps the tables of the store in a folder or a bucket until the context ends.
func (s *server) keepTables(ctx context.Context, address string, group *sync.WaitGroup) error {
	place, every, done, err := s.tablesPlace(ctx, address)
	if err != nil {
		return err
	}
	behind := prometheus.NewGauge(prometheus.GaugeOpts{Name: "chartlake_tables_behind_changes", Help: "Changes of the store that the tables in files do not tell of yet."})
	leftOut := prometheus.NewCounter(prometheus.CounterOpts{Name: "chartlake_tables_left_out_total", Help: "Resources and documents that some table could not be made of."})
	s.registry.MustRegister(behind, leftOut)
	failed := ""
	group.Go(func() {
		defer done()
		live.Follow(s.store, place).Run(ctx, every, func(r live.Report, err error) {
			behind.Set(float64(r.Newest - r.Change))
			leftOut.Add(float64(r.LeftOut))
			code := ""
			if err != nil {
				code = faultCode(err)
			}
			if code != failed && err != nil {
				s.log.Error("the tables in files are not kept in step; it is tried again", "code", code)
			}
			failed = code
		})
	})
	return nil
}
