package main

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chartlake/analytics/live"
)

// tablesEvery is how often the store is asked for changes: one is in the tables within seconds.
const tablesEvery = time.Second

// keepTables keeps the tables of the store in a folder until the context ends.
func (s *server) keepTables(ctx context.Context, dir string, group *sync.WaitGroup) error {
	folder, err := live.OpenFolder(dir)
	if err != nil {
		return err
	}
	behind := prometheus.NewGauge(prometheus.GaugeOpts{Name: "chartlake_tables_behind_changes", Help: "Changes of the store that the tables in files do not tell of yet."})
	leftOut := prometheus.NewCounter(prometheus.CounterOpts{Name: "chartlake_tables_left_out_total", Help: "Resources and documents that some table could not be made of."})
	s.registry.MustRegister(behind, leftOut)
	failed := ""
	group.Go(func() {
		defer folder.Close()
		live.Follow(s.store, folder).Run(ctx, tablesEvery, func(r live.Report, err error) {
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
