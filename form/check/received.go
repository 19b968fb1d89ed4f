package check

import (
	"fmt"
	"slices"
	"time"

	"chartlake/record"
	"chartlake/value"
)

// past are the fields and cells that tell what was before the document came: births, services,
// collections, signatures. Appointments, ends and days to answer by lie ahead by nature.
var past = []string{"dob", "3.dob", "9b", "11a.dob", "FL10", "collected", "received", "reported", "admitted", "discharged", "visit", "date", "signed.date",
	"12.date", "14.date", "31.date", "24A.from", "24A.to", "FL6.from", "FL6.through", "FL12", "FL45", "line.dos", "dos.from", "dos.to", "last", "last_seen"}

// Received raises date_future for what cannot lie after the day on which the document came. One day
// is allowed for: days begin elsewhere sooner.
func Received(seg *record.Segment, on value.Date) {
	if on.Day == 0 {
		return
	}
	c := &Case{Segment: seg}
	next := time.Date(on.Year, time.Month(on.Month), on.Day+1, 0, 0, 0, 0, time.UTC)
	limit := value.Date{Year: next.Year(), Month: int(next.Month()), Day: next.Day()}
	ahead := func(f *record.Field) bool {
		if f.Value == nil || f.State == record.Missing || !slices.Contains(past, f.Name) {
			return false
		}
		m, _, ok := value.ParseMoment(*f.Value, value.Hint{})
		order, sure := m.Date.Compare(limit)
		return ok && sure && order > 0
	}
	for i := range seg.Fields {
		if f := &seg.Fields[i]; ahead(f) {
			c.raise("date_future", record.SeverityError, fmt.Sprintf("%s %s lies after %s, when the document came", f.Name, f.Raw, on), f)
		}
	}
	for _, row := range seg.Lines {
		for _, name := range past {
			if f, ok := row[name]; ok && ahead(&f) {
				c.raise("date_future", record.SeverityError, fmt.Sprintf("%s %s lies after %s, when the document came", f.Name, f.Raw, on), &f)
				row[name] = f
			}
		}
	}
}
