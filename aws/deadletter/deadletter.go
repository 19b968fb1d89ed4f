// Package deadletter sets aside messages that can never be handled: in a queue of SQS, as they came,
// with the code of why in the message attribute "code" and the document's hash, where it is known, in
// "document". Who mended the cause can move them back to their queue unchanged.
//
// A message may be set aside twice, where its event came twice or the answer of SQS was lost: a queue
// of dead letters says what to look at, not how often.
//
// Source: Amazon SQS API Reference, "SendMessage"; Developer Guide, "Message metadata". It has not
// been run against AWS.
package deadletter

import (
	"context"
	"regexp"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"chartlake/aws"
	"chartlake/fault"
)

// bodyMax is what a message may have in bytes, with its attributes (SQS, "Message quotas").
const bodyMax = 256<<10 - 1<<10

// plainRE is what a code or a hash is made of; nothing else leaves in an attribute.
var plainRE = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// Queue is a queue of dead letters. It is safe for many goroutines.
type Queue struct {
	client *service.Client
	url    string
}

// New makes a queue by its URL; nothing is called yet.
func New(c sdk.Config, url string) *Queue { return &Queue{service.NewFromConfig(c), url} }

// Put sets a message aside and returns once SQS has it. Faults: TooLarge; else those of aws.Fault.
func (q *Queue) Put(ctx context.Context, body, code, document string) error {
	if len(body) == 0 || len(body) > bodyMax {
		return fault.New(fault.TooLarge, "message_too_large", "the message cannot be set aside: it is empty or has more than %d bytes", bodyMax)
	}
	if !plainRE.MatchString(code) {
		code = "internal"
	}
	attributes := map[string]types.MessageAttributeValue{"code": text(code)}
	if plainRE.MatchString(document) {
		attributes["document"] = text(document)
	}
	_, err := q.client.SendMessage(ctx, &service.SendMessageInput{QueueUrl: &q.url, MessageBody: &body, MessageAttributes: attributes})
	return aws.Fault(ctx, "SQS", err)
}

func text(s string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: sdk.String("String"), StringValue: &s}
}
