package awstest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// SQS is a local queue that takes messages.
type SQS struct {
	mu       sync.Mutex
	messages []Message
}

// Message is a message that was sent.
type Message struct {
	Body       string
	Attributes map[string]string
}

// Messages gives what was sent, in order.
func (q *SQS) Messages() []Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]Message(nil), q.messages...)
}

func (q *SQS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var in struct {
		QueueURL          string `json:"QueueUrl"`
		MessageBody       string
		MessageAttributes map[string]struct{ DataType, StringValue string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !strings.Contains(r.Header.Get("Authorization"), "/sqs/aws4_request") {
		Refuse(w, 400, "InvalidSignatureException")
		return
	}
	if r.Header.Get("X-Amz-Target") != "AmazonSQS.SendMessage" || in.QueueURL == "" || in.MessageBody == "" {
		Refuse(w, 400, "UnsupportedOperation")
		return
	}
	m := Message{Body: in.MessageBody, Attributes: map[string]string{}}
	for name, a := range in.MessageAttributes {
		m.Attributes[name] = a.StringValue
	}
	q.messages = append(q.messages, m)
	sum := md5.Sum([]byte(in.MessageBody))
	answer(w, map[string]string{"MessageId": strconv.Itoa(len(q.messages)), "MD5OfMessageBody": hex.EncodeToString(sum[:])})
}
