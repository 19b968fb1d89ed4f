package intake

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"chartlake/fault"
)

// Metrics counts what comes in and what is refused. Labels are sources and codes, never
// anything that a sender wrote.
type Metrics struct {
	arrivals *prometheus.CounterVec
	refusals *prometheus.CounterVec
	bytes    prometheus.Counter
	seconds  prometheus.Histogram
}

// NewMetrics makes the door's metrics and registers them where a registry is given.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		arrivals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chartlake_arrivals_total",
			Help: "Files acknowledged, by source and whether the bytes were new."}, []string{"source", "new"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chartlake_refusals_total",
			Help: "Files refused at the door, by code."}, []string{"code"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "chartlake_arrival_bytes_total",
			Help: "Bytes of the files acknowledged."}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "chartlake_arrival_seconds",
			Help:    "Time from the first byte to the durable acknowledgement.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60}}),
	}
	if r != nil {
		r.MustRegister(m.arrivals, m.refusals, m.bytes, m.seconds)
	}
	return m
}

// sources are the label values of arrivals: a source that is none of them is "other".
var sources = map[string]bool{"http": true, "watch": true, "ingest": true, "s3": true, "demo": true, "fhir": true}

func (m *Metrics) observe(source string, r Receipt, size int64, took time.Duration, err error) {
	if err != nil {
		code := "internal"
		if f := fault.As(err); f != nil && f.Code != "" {
			code = f.Code
		} else if f == nil {
			code = "sender_gone"
		}
		m.refusals.WithLabelValues(code).Inc()
		return
	}
	if !sources[source] {
		source = "other"
	}
	fresh := "yes"
	if r.DuplicateOf != nil {
		fresh = "no"
	}
	m.arrivals.WithLabelValues(source, fresh).Inc()
	m.bytes.Add(float64(size))
	m.seconds.Observe(took.Seconds())
}
