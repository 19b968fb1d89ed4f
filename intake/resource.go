package intake

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// follower is who takes files out of FHIR resources, in audit and history.
var follower = store.Actor{ID: "system:intake", Name: "Chartlake intake"}

const (
	followTask  = "intake-resources" // the task that keeps how far the resources are read
	followPause = 500 * time.Millisecond
	followAgain = time.Minute // after a failure, and for what other processes wrote
	followPage  = 10          // resources of a type read at once: each may hold a file
	followSkip  = 1000        // changes without a file after which how far it is is written down
)

// files are the media types that a resource's attachment is taken in with.
// Source: reader/sniff.
var files = []string{"application/pdf", "image/tiff", "image/jpeg", "image/png"}

// Follow takes in the files of DocumentReferences and Binaries that clients store or import, until
// ctx ends: an attachment or a Binary with data of a type that is read enters as if it were uploaded.
// How far it has come is in the store, so nothing is taken twice and nothing is left out, whoever
// stored it and when. What the door refuses is logged by its code and passed over.
func (d *Desk) Follow(ctx context.Context, log *slog.Logger) {
	for {
		changed := d.Store.Changed()
		pause := followAgain
		if more, err := d.FollowOnce(ctx, log); err != nil && ctx.Err() == nil {
			log.Warn("resources could not be followed", "code", codeOf(err))
		} else if more {
			changed = nil
			pause = 0
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-changed:
			timer.Reset(followPause)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		case <-timer.C:
		}
		timer.Stop()
	}
}

func codeOf(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return "internal"
}

// attached is a file within a resource.
type attached struct {
	data    []byte
	key     string
	patient string // as the resource says
}

// followed is how far the resources are read, as the task says.
type followed struct {
	After int64 `json:"after"`
}

// FollowOnce takes in what the next resources hold and reports whether there are more.
func (d *Desk) FollowOnce(ctx context.Context, log *slog.Logger) (more bool, err error) {
	var at followed
	known := false
	var found []attached
	last := int64(0)
	err = d.Store.View(ctx, follower, func(v store.View) error {
		task, err := v.Task(followTask)
		switch {
		case err == nil:
			known = true
			if err := json.Unmarshal(task.Progress, &at); err != nil {
				return err
			}
		case !fault.Is(err, fault.NotFound):
			return err
		}
		from := max(at.After, d.passed.Load())
		top, err := v.Seq()
		if err != nil || top == from {
			last = top
			return err
		}
		last, more, err = next(v, from, top, func(version store.Version) error {
			files, err := filesOf(v, version)
			for _, file := range files {
				if !slices.ContainsFunc(found, func(f attached) bool { return bytes.Equal(f.data, file.data) }) {
					found = append(found, file) // a Binary that a DocumentReference beside it points at is one file
				}
			}
			return err
		})
		return err
	})
	if err != nil {
		return false, err
	}
	for _, file := range found {
		_, err := d.Accept(ctx, follower, bytes.NewReader(file.data), Offer{Source: "fhir", Key: file.key, Patient: file.patient})
		switch f := fault.As(err); {
		case err == nil:
		case f != nil && !slices.Contains([]fault.Kind{fault.Unavailable, fault.Full, fault.Internal}, f.Kind):
			log.Warn("a file of a resource was refused", "code", f.Code)
		default:
			return false, err
		}
	}
	d.passed.Store(last)
	if len(found) == 0 && last-at.After < followSkip {
		return more, nil
	}
	at.After = last
	progress, err := json.Marshal(at)
	if err != nil {
		return false, err
	}
	var step store.Command = store.PutTask{Task: store.Task{ID: followTask, Kind: "intake", Owner: follower, State: store.TaskRunning, Progress: progress}}
	if known {
		step = store.ChangeTask{ID: followTask, Modify: func(t *store.Task, _ store.Moment) error {
			t.Progress = progress
			return nil
		}}
	}
	_, err = d.Store.Transact(ctx, follower, []store.Command{step})
	return more, err
}

// next gives the DocumentReferences and Binaries written after a change, in the order in which
// they were written, and the change up to which all are given.
func next(v store.View, after, top int64, each func(store.Version) error) (last int64, more bool, err error) {
	var all []store.Version
	last = top
	for _, typ := range []string{"DocumentReference", "Binary"} {
		page, err := v.Export(store.ExportQuery{Type: typ, Top: top, After: after, Limit: followPage})
		if err != nil {
			return 0, false, err
		}
		if page.More {
			last, more = min(last, page.Last), true
		}
		all = append(all, page.Versions...)
	}
	for _, version := range all {
		if version.Seq > last {
			continue // comes again in the next round, behind what the other type has left
		}
		if err := each(version); err != nil {
			return 0, false, err
		}
	}
	return last, more, nil
}

// filesOf gives the files that a resource holds: of a DocumentReference those that stand in it, and
// those in Binaries of this store. Of what Chartlake files itself none has data of these types.
func filesOf(v store.View, version store.Version) (out []attached, err error) {
	key := fmt.Sprintf("fhir:%s/%s/%d", version.Key.Type, version.Key.ID, version.Version)
	if version.Key.Type == "Binary" {
		return appendFile(nil, version.Resource, key, ""), nil
	}
	patient := version.Resource.Get("subject").Str("reference")
	for i, content := range version.Resource.Get("content").Items() {
		at := content.Get("attachment")
		out = appendFile(out, at, fmt.Sprintf("%s/%d", key, i), patient)
		id, ok := strings.CutPrefix(at.Str("url"), "Binary/")
		if !ok {
			continue
		}
		binary, err := v.Read(store.Key{Type: "Binary", ID: id})
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = appendFile(out, binary.Resource, fmt.Sprintf("%s/%d", key, i), patient)
	}
	return out, nil
}

// appendFile adds the data of an Attachment or a Binary where it is a file that is read.
func appendFile(out []attached, n *fhir.Node, key, patient string) []attached {
	media, _, _ := strings.Cut(strings.ToLower(n.Str("contentType")), ";")
	if !slices.Contains(files, strings.TrimSpace(media)) {
		return out
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Str("data")), ""))
	if err != nil || len(data) == 0 {
		return out
	}
	if !printable(patient, statedMax) {
		patient = ""
	}
	return append(out, attached{data, key, patient})
}
