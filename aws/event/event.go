// Package event reads what S3 tells of new objects, however it comes: straight from S3, through
// EventBridge, SQS, SNS, or SNS within SQS. It takes every version 2 of the record and what other
// S3 servers make of it (keys that are not encoded, names with "s3:" before them, empty times),
// ignores fields that it does not know and events of other kinds, and refuses what is none.
//
// Events come late, twice and out of order. One Event names an object once; between events the
// caller must be idempotent, which documents under their hash are.
//
// Source: Amazon S3 User Guide, "Event message structure", "Amazon EventBridge events"; AWS Lambda
// Developer Guide, "Using Lambda with Amazon SQS", "... SNS".
package event

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"chartlake/fault"
)

// Bounds of one event.
const (
	bytesMax  = 8 << 20 // Lambda sends 6 MB at most
	itemsMax  = 10_000  // SQS gives 10,000 messages at most
	nestedMax = 3       // S3 in SNS in SQS
	keyMax    = 1024    // bytes of a key
)

// Object is an object that was made. Key is the most likely reading; Raw is the key as it stands in
// the event where it may not have been encoded ("a+b.pdf"), else empty: try it where there is no Key.
type Object struct {
	Bucket, Key, Raw string
	Version          string
	Size             int64
	Sequencer        string // orders events of one key; see Newer
}

// Item is a part of an event that succeeds or fails by itself: a message of SQS, or the whole
// event. Err is why it cannot be read.
type Item struct {
	Message string // SQS message id; empty: the event is one item
	Body    string // of that message, as it came
	Objects []Object
	Err     error
}

// Decode reads an event. A message of SQS that cannot be read is an item with its error and does
// not spoil the others; an event that is none is Invalid with code not_an_event.
func Decode(data []byte) ([]Item, error) {
	if len(data) > bytesMax {
		return nil, fault.New(fault.TooLarge, "event_too_large", "the event has more than %d bytes", bytesMax)
	}
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, none()
	}
	if !e.sqs() {
		objects, err := e.objects(0)
		if err != nil {
			return nil, err
		}
		return []Item{{Objects: once(objects)}}, nil
	}
	if len(e.Records) > itemsMax {
		return nil, fault.New(fault.TooLarge, "event_too_large", "the event has more than %d messages", itemsMax)
	}
	items := make([]Item, len(e.Records))
	for i, r := range e.Records {
		items[i].Message, items[i].Body = r.MessageID, r.Body
		objects, err := inner(r.Body, 1)
		items[i].Objects, items[i].Err = once(objects), err
	}
	return items, nil
}

func none() error {
	return fault.New(fault.Invalid, "not_an_event", "this is not an event of S3, EventBridge, SQS or SNS")
}

// envelope is every form at once. Field names are matched without regard to case.
type envelope struct {
	Records []entry `json:"Records"`

	// SNS within SQS
	Type    string `json:"Type"`
	Message string `json:"Message"`

	// EventBridge
	Source     string `json:"source"`
	DetailType string `json:"detail-type"`
	Detail     struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"`
			Size      int64  `json:"size"`
			VersionID string `json:"version-id"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"detail"`

	// A test of S3's, when notifications are set up.
	Event string `json:"Event"`
}

// entry is a record of S3, SQS or SNS.
type entry struct {
	EventSource string `json:"eventSource"`
	EventName   string `json:"eventName"`
	S3          *struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"`
			Size      int64  `json:"size"`
			VersionID string `json:"versionId"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"s3"`
	MessageID string `json:"messageId"`
	Body      string `json:"body"`
	SNS       *struct {
		Message string `json:"Message"`
	} `json:"Sns"`
}

// sqs reports an event of SQS, whose records fail one by one.
func (e *envelope) sqs() bool {
	return len(e.Records) > 0 && e.Records[0].EventSource == "aws:sqs"
}

func inner(text string, depth int) ([]Object, error) {
	var e envelope
	if len(text) > bytesMax || json.Unmarshal([]byte(text), &e) != nil {
		return nil, none()
	}
	return e.objects(depth)
}

// objects are the objects that an event says were made.
func (e *envelope) objects(depth int) (out []Object, err error) {
	switch {
	case depth > nestedMax:
		return nil, none()
	case e.Event == "s3:TestEvent":
		return nil, nil
	case e.Source == "aws.s3":
		if e.DetailType != "Object Created" {
			return nil, nil
		}
		o := e.Detail.Object
		return add(nil, Object{Bucket: e.Detail.Bucket.Name, Key: o.Key, Version: o.VersionID, Size: o.Size, Sequencer: o.Sequencer})
	case e.Type == "Notification" && e.Message != "":
		return inner(e.Message, depth+1)
	case len(e.Records) == 0 || len(e.Records) > itemsMax:
		return nil, none()
	}
	for _, r := range e.Records {
		switch {
		case r.SNS != nil:
			more, err := inner(r.SNS.Message, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		case r.S3 != nil:
			if !strings.HasPrefix(strings.TrimPrefix(r.EventName, "s3:"), "ObjectCreated:") {
				continue
			}
			o := r.S3.Object
			key, raw := decoded(o.Key)
			out, err = add(out, Object{Bucket: r.S3.Bucket.Name, Key: key, Raw: raw, Version: o.VersionID, Size: o.Size, Sequencer: o.Sequencer})
			if err != nil {
				return nil, err
			}
		default:
			return nil, none()
		}
	}
	return out, nil
}

// add checks an object. A folder's own object (a key with a slash at its end, and nothing in it)
// is no document.
func add(out []Object, o Object) ([]Object, error) {
	if o.Bucket == "" || len(o.Bucket) > 255 || strings.ContainsAny(o.Bucket, "/\\ \x00") ||
		o.Key == "" || len(o.Key) > keyMax || !utf8.ValidString(o.Key) || strings.ContainsRune(o.Key, 0) || len(o.Version) > keyMax || o.Size < 0 {
		return nil, none()
	}
	if strings.HasSuffix(o.Key, "/") && o.Size == 0 {
		return out, nil
	}
	return append(out, o), nil
}

// decoded reads a key of S3, which encodes it as a form does; other servers leave it as it is.
func decoded(key string) (likely, raw string) {
	plain, err := url.QueryUnescape(key)
	if err != nil || plain == key || !utf8.ValidString(plain) {
		return key, ""
	}
	for _, r := range key { // signs that an encoder would not have left
		if r <= ' ' || r > '~' || strings.ContainsRune(`"#<>?[]^{|}\`+"`", r) {
			return key, ""
		}
	}
	return plain, key
}

// once names every object once, by its newest event.
func once(objects []Object) []Object {
	type name struct{ bucket, key, version string }
	at := map[name]int{}
	var out []Object
	for _, o := range objects {
		n := name{o.Bucket, o.Key, o.Version}
		if i, again := at[n]; again {
			if Newer(o.Sequencer, out[i].Sequencer) {
				out[i] = o
			}
			continue
		}
		at[n] = len(out)
		out = append(out, o)
	}
	return out
}

// Newer compares the sequencers of two events of one key: hexadecimal numbers, the shorter one
// filled with zeros on the right. One that is missing is older.
func Newer(a, b string) bool {
	for len(a) < len(b) {
		a += "0"
	}
	for len(b) < len(a) {
		b += "0"
	}
	return strings.ToLower(a) > strings.ToLower(b)
}
