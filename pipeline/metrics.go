package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chartlake/document"
	"chartlake/store"
)

// Metrics counts pages and documents. Labels are stages, states and codes.
type Metrics struct {
	settled *prometheus.CounterVec
	pages   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	errors  *prometheus.CounterVec
	running prometheus.Gauge
	offered prometheus.Counter
	orphans prometheus.Counter
}

// NewMetrics makes the pipeline's metrics and registers them where a registry is given.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		settled: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chartlake_documents_settled_total",
			Help: "Documents that came to rest, by state and code."}, []string{"state", "code"}),
		pages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chartlake_pages_total",
			Help: "Pages read, by where their words came from; failed pages have the source failed."}, []string{"source"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "chartlake_stage_seconds",
			Help: "Time of a stage.", Buckets: []float64{.001, .005, .025, .1, .5, 1, 5, 30, 120, 600}}, []string{"stage"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chartlake_run_errors_total",
			Help: "Runs that ended with an error and are tried again, by code."}, []string{"code"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "chartlake_documents_running",
			Help: "Documents that run in this process."}),
		offered: prometheus.NewCounter(prometheus.CounterOpts{Name: "chartlake_sweeper_offers_total",
			Help: "Jobs that the sweeper offered for documents that were not settled."}),
		orphans: prometheus.NewCounter(prometheus.CounterOpts{Name: "chartlake_orphans_deleted_total",
			Help: "Blobs without a document that were deleted after a day."}),
	}
	if r != nil {
		r.MustRegister(m.settled, m.pages, m.seconds, m.errors, m.running, m.offered, m.orphans)
	}
	return m
}

func (m *Metrics) page(p *document.Page) {
	source := string(p.Source)
	if p.Failed != nil {
		source = "failed"
	} else if source == "" {
		source = "none"
	}
	m.pages.WithLabelValues(source).Inc()
}

func (m *Metrics) settle(s store.State, code string) {
	m.settled.WithLabelValues(string(s), code).Inc()
}

func (m *Metrics) stage(name string, started time.Time) {
	m.seconds.WithLabelValues(name).Observe(time.Since(started).Seconds())
}
