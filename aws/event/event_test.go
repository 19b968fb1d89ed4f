package event

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/fault"
)

func native(key, name string) string {
	k, _ := json.Marshal(key)
	return `{"Records":[{"eventVersion":"2.6","eventSource":"aws:s3","awsRegion":"us-east-1","eventTime":"2026-11-25T00:00:00.000Z","eventName":"` + name + `",
	"userIdentity":{"principalId":"x"},"s3":{"s3SchemaVersion":"1.0","bucket":{"name":"intake","arn":"arn:aws:s3:::intake"},
	"object":{"key":` + string(k) + `,"size":1024,"eTag":"abc","versionId":"v1","sequencer":"0A1B"}},"later":{"field":[1]}}]}`
}

// versity is an event as versitygw sends it: raw key, quoted tag, empty time.
const versity = `{"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","eventTime":"","eventName":"s3:ObjectCreated:Put","userIdentity":{"PrincipalId":"u"},
"s3":{"bucket":{"name":"intake","arn":"arn:aws:s3:::/intake/in/a b.pdf"},"object":{"key":"in/a b.pdf","size":7,"eTag":"\"abc\"","versionId":null,"sequencer":"1"}},
"glacierEventData":{"restoreEventData":{"lifecycleRestorationExpiryTime":""}}}]}`

const bridge = `{"version":"0","id":"1","detail-type":"Object Created","source":"aws.s3","account":"1","time":"2026-11-25T00:00:00Z","region":"us-east-1","resources":["arn:aws:s3:::intake"],
"detail":{"version":"0","bucket":{"name":"intake"},"object":{"key":"in/a+b é.pdf","size":5,"etag":"x","version-id":"v2","sequencer":"00617F08299329D189"},"request-id":"R","requester":"1","reason":"PutObject"}}`

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func sqs(bodies ...string) string {
	var records []string
	for i, b := range bodies {
		records = append(records, `{"messageId":"m`+string(rune('1'+i))+`","receiptHandle":"r","body":`+quoted(b)+`,"attributes":{"ApproximateReceiveCount":"1"},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:1:q"}`)
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

func sns(message string) string {
	return `{"Records":[{"EventVersion":"1.0","EventSource":"aws:sns","Sns":{"Type":"Notification","MessageId":"x","Message":` + quoted(message) + `}}]}`
}

func notification(message string) string {
	return `{"Type":"Notification","MessageId":"x","TopicArn":"arn","Message":` + quoted(message) + `,"Timestamp":""}`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	plain := Object{Bucket: "intake", Key: "in/a b.pdf", Raw: "in/a+b.pdf", Version: "v1", Size: 1024, Sequencer: "0A1B"}
	one := func(o Object) []Item { return []Item{{Objects: []Object{o}}} }
	put := native("in/a+b.pdf", "ObjectCreated:Put")
	for name, c := range map[string]struct {
		event string
		want  []Item
	}{
		"S3":             {put, one(plain)},
		"S3, multipart":  {native("in/a+b.pdf", "ObjectCreated:CompleteMultipartUpload"), one(plain)},
		"S3, copied":     {native("in/a+b.pdf", "ObjectCreated:Copy"), one(plain)},
		"S3, removed":    {native("in/a+b.pdf", "ObjectRemoved:Delete"), []Item{{}}},
		"S3, restored":   {native("in/a+b.pdf", "ObjectRestore:Completed"), []Item{{}}},
		"S3, a folder":   {strings.Replace(native("in/", "ObjectCreated:Put"), "1024", "0", 1), []Item{{}}},
		"S3, encoded":    {native("in/%C3%A9t%C3%A9+%2B.pdf", "ObjectCreated:Put"), one(Object{Bucket: "intake", Key: "in/été +.pdf", Raw: "in/%C3%A9t%C3%A9+%2B.pdf", Version: "v1", Size: 1024, Sequencer: "0A1B"})},
		"S3, not valid":  {native("in/100%.pdf", "ObjectCreated:Put"), one(Object{Bucket: "intake", Key: "in/100%.pdf", Version: "v1", Size: 1024, Sequencer: "0A1B"})},
		"versitygw":      {versity, one(Object{Bucket: "intake", Key: "in/a b.pdf", Size: 7, Sequencer: "1"})},
		"a test":         {`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"x","Bucket":"intake","RequestId":"x","HostId":"x"}`, []Item{{}}},
		"EventBridge":    {bridge, one(Object{Bucket: "intake", Key: "in/a+b é.pdf", Version: "v2", Size: 5, Sequencer: "00617F08299329D189"})},
		"EventBridge, x": {strings.Replace(bridge, "Object Created", "Object Deleted", 1), []Item{{}}},
		"SNS":            {sns(put), one(plain)},
		"SQS":            {sqs(put, versity), []Item{{Message: "m1", Objects: []Object{plain}}, {Message: "m2", Objects: []Object{{Bucket: "intake", Key: "in/a b.pdf", Size: 7, Sequencer: "1"}}}}},
		"SNS in SQS":     {sqs(notification(put)), []Item{{Message: "m1", Objects: []Object{plain}}}},
		"bridge in SQS":  {sqs(bridge), []Item{{Message: "m1", Objects: []Object{{Bucket: "intake", Key: "in/a+b é.pdf", Version: "v2", Size: 5, Sequencer: "00617F08299329D189"}}}}},
		"a test in SQS":  {sqs(`{"Event":"s3:TestEvent"}`), []Item{{Message: "m1"}}},
		"twice in one":   {strings.Replace(put, `"Records":[`, `"Records":[`+strings.TrimSuffix(strings.TrimPrefix(strings.Replace(put, "0A1B", "0A", 1), `{"Records":[`), "]}")+",", 1), one(plain)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode([]byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if (got[i].Body == "") != (got[i].Message == "") || !strings.Contains(c.event, quoted(got[i].Body)) && got[i].Message != "" {
					t.Errorf("body %q is not as it came", got[i].Body)
				}
				got[i].Body = ""
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	deep := native("a.pdf", "ObjectCreated:Put")
	for range 8 {
		deep = notification(deep)
	}
	for name, e := range map[string]string{
		"nothing": "", "no JSON": "patient-canary", "a list": "[]", "another service": `{"Records":[{"eventSource":"aws:kinesis"}]}`, "no records": `{"Records":[]}`,
		"no bucket": strings.Replace(native("a.pdf", "ObjectCreated:Put"), `"name":"intake"`, `"name":""`, 1), "no key": native("", "ObjectCreated:Put"),
		"a bucket that is a path": strings.Replace(native("a.pdf", "ObjectCreated:Put"), `"name":"intake"`, `"name":"../x"`, 1),
		"a NUL":                   native("a\x00b", "ObjectCreated:Put"), "a long key": native(strings.Repeat("a", 2000), "ObjectCreated:Put"), "deep": deep, "too large": strings.Repeat(" ", bytesMax+1),
	} {
		items, err := Decode([]byte(e))
		if f := fault.As(err); f == nil || f.Code != "not_an_event" && f.Code != "event_too_large" || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %+v, %v", name, items, err)
		}
	}
	// In SQS one message that is none does not spoil the others.
	items, err := Decode([]byte(sqs("patient-canary", native("a.pdf", "ObjectCreated:Put"), deep)))
	if err != nil || len(items) != 3 || items[0].Err == nil || items[1].Err != nil || len(items[1].Objects) != 1 || items[2].Err == nil || items[2].Message != "m3" {
		t.Errorf("%+v, %v", items, err)
	}
}

func TestNewer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{{"0B", "0A", true}, {"0A", "0B", false}, {"0A", "0A", false}, {"0A1", "0A", true}, {"0A", "0A0", false}, {"1", "0055AED6DCD90281E5", true}, {"", "1", false}, {"1", "", true}, {"0b", "0A", true}} {
		if got := Newer(c.a, c.b); got != c.want {
			t.Errorf("%s after %s: %v", c.a, c.b, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{native("in/a+b.pdf", "ObjectCreated:Put"), versity, bridge, sns(bridge), sqs(notification(versity), "x"), `{"Event":"s3:TestEvent"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		items, err := Decode(data)
		if err != nil && fault.As(err) == nil {
			t.Fatalf("%v is no fault", err)
		}
		for _, i := range items {
			for _, o := range i.Objects {
				if o.Bucket == "" || o.Key == "" || len(o.Key) > keyMax || strings.ContainsRune(o.Key, 0) {
					t.Fatalf("%+v", o)
				}
			}
		}
	})
}
