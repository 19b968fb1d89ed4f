// Package aws reaches Amazon's engines and services for Chartlake, each in a folder of its own:
// textract reads pages, comprehendmedical finds mentions, healthlake takes FHIR, bucket (S3) keeps
// originals, kms seals master keys, event decodes what S3 tells, function is the Lambda function
// over them, deadletter what it sets aside. The other way round, sigv4, objects and engines let Amazon's
// clients speak to Chartlake. This folder has what the first share: how they are configured, tried again and what their errors become.
//
// Nothing here is used unless a setting asks for it, and only these folders import Amazon's SDK.
// Region, credentials and addresses come from where Amazon's own programs take them (environment,
// profile, role). A call is tried a bounded number of times, each for a bounded time, and its
// answer is bounded; errors have codes and never what was sent or answered.
//
// All of it is tested against local servers that speak the wire format, through a proxy that
// throttles, fails, stalls, breaks off and repeats. It has not been run against AWS.
package aws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"chartlake/fault"
)

// Config says how the services are called. The zero value works.
type Config struct {
	Endpoint    string                  // address of all services, for local ones; empty: Amazon's
	Region      string                  // empty: as Amazon's programs find it
	Credentials sdk.CredentialsProvider // nil: as Amazon's programs find them
	Tries       int                     // of one call; 5
	Time        time.Duration           // of one try; 60 s. What is sent has a second more for each MiB
	Pause       time.Duration           // longest between two tries; 20 s
}

// AnswerMax bounds an answer in bytes: a page of Textract has some hundred KB, and originals are
// fetched in pieces.
const AnswerMax = 64 << 20

// Load gives the configuration that the clients are made of.
func Load(ctx context.Context, c Config) (sdk.Config, error) {
	if c.Tries <= 0 {
		c.Tries = 5
	}
	if c.Time <= 0 {
		c.Time = time.Minute
	}
	if c.Pause <= 0 {
		c.Pause = retry.DefaultMaxBackoff
	}
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(awshttp.NewBuildableClient()),
		config.WithRetryer(func() sdk.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = c.Tries, c.Pause
				// A document is worth its tries, also where others used theirs up.
				o.RateLimiter = unlimited{}
			})
		}),
	}
	if c.Region != "" {
		options = append(options, config.WithRegion(c.Region))
	}
	if c.Credentials != nil {
		options = append(options, config.WithCredentialsProvider(c.Credentials))
	}
	out, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return out, fault.New(fault.Invalid, "aws_config", "Amazon's configuration (environment, profile) cannot be read")
	}
	out.Logger = logging.Nop{} // its lines may hold addresses, and so the names of files
	// Only now: AWS_CA_BUNDLE wants to change the client.
	out.HTTPClient = whole{out.HTTPClient, c.Time}
	if c.Endpoint != "" {
		out.BaseEndpoint = sdk.String(c.Endpoint)
	}
	if out.Region == "" {
		return out, fault.New(fault.Invalid, "aws_region", "no AWS region is set: set AWS_REGION")
	}
	return out, nil
}

// unlimited gives every retry its token: tries are bounded by their number.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }

// whole is a client whose answers are there to their end before anybody looks at them: one that
// breaks off is an error of the connection, which is tried again. So is one that takes too long.
type whole struct {
	client sdk.HTTPClient
	time   time.Duration // of one try, beside what sending takes
}

// sendRate is how many bytes a second a connection must send at least.
const sendRate = 1 << 20

func (w whole) Do(req *http.Request) (*http.Response, error) {
	sending := time.Duration(max(0, req.ContentLength)/sendRate) * time.Second
	ctx, cancel := context.WithTimeout(req.Context(), w.time+sending)
	defer cancel()
	resp, err := w.client.Do(req.WithContext(ctx))
	if err != nil {
		return resp, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, AnswerMax+1))
	_ = resp.Body.Close()
	switch {
	case err != nil:
		return nil, &brokenOff{err}
	case len(body) > AnswerMax:
		return nil, fault.New(fault.Unavailable, "aws_answer_too_large", "the answer has more than %d bytes", AnswerMax)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// brokenOff is an answer that did not come whole.
type brokenOff struct{ err error }

func (b *brokenOff) Error() string         { return "the answer broke off" }
func (b *brokenOff) Unwrap() error         { return b.err }
func (b *brokenOff) ConnectionError() bool { return true }

// kinds are the errors of the services that mean something else than "try again later".
var kinds = map[string]struct {
	kind fault.Kind
	code string
}{
	"AccessDenied":                {fault.Forbidden, "aws_denied"},
	"AccessDeniedException":       {fault.Forbidden, "aws_denied"},
	"UnrecognizedClientException": {fault.Forbidden, "aws_denied"},
	"InvalidSignatureException":   {fault.Forbidden, "aws_denied"},
	"SignatureDoesNotMatch":       {fault.Forbidden, "aws_denied"},
	"InvalidAccessKeyId":          {fault.Forbidden, "aws_denied"},
	"ExpiredToken":                {fault.Forbidden, "aws_denied"},
	"ExpiredTokenException":       {fault.Forbidden, "aws_denied"},
	"InvalidKMSKeyException":      {fault.Forbidden, "aws_denied"},
	"DisabledException":           {fault.Forbidden, "aws_denied"},
	"KMSInvalidStateException":    {fault.Forbidden, "aws_denied"},

	"NoSuchKey":                 {fault.NotFound, "aws_not_found"},
	"NotFound":                  {fault.NotFound, "aws_not_found"},
	"NotFoundException":         {fault.NotFound, "aws_not_found"},
	"NoSuchBucket":              {fault.NotFound, "aws_not_found"},
	"ResourceNotFoundException": {fault.NotFound, "aws_not_found"},
	"InvalidJobIdException":     {fault.NotFound, "aws_not_found"},

	"BadDocumentException":           {fault.Corrupt, "aws_bad_document"},
	"UnsupportedDocumentException":   {fault.Unsupported, "aws_bad_document"},
	"DocumentTooLargeException":      {fault.TooLarge, "aws_too_large"},
	"TextSizeLimitExceededException": {fault.TooLarge, "aws_too_large"},
	"EntityTooLarge":                 {fault.TooLarge, "aws_too_large"},

	"InvalidEncodingException":  {fault.Invalid, "aws_refused"},
	"InvalidRequestException":   {fault.Invalid, "aws_refused"},
	"ValidationException":       {fault.Invalid, "aws_refused"},
	"InvalidParameterException": {fault.Invalid, "aws_refused"},
	"InvalidS3ObjectException":  {fault.Invalid, "aws_refused"},

	"InvalidCiphertextException": {fault.Corrupt, "aws_ciphertext"},
	"IncorrectKeyException":      {fault.Corrupt, "aws_ciphertext"},
}

// throttled are the codes that ask for patience.
var throttled = retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}

// plainCode is what an error code of a service may be to be told.
var plainCode = regexp.MustCompile(`^[A-Za-z]{1,60}$`)

// Fault makes a service's error one of ours. service names it in the message. The context's own
// error is given as it is; an error without a code of its own is Unavailable.
func Fault(ctx context.Context, service string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if f := fault.As(err); f != nil {
		return f
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fault.New(fault.Unavailable, "aws_unreachable", "%s cannot be reached, or broke off", service)
	}
	name := api.ErrorCode()
	if !plainCode.MatchString(name) {
		name = "an error"
	}
	if k, ok := kinds[name]; ok {
		return fault.New(k.kind, k.code, "%s answers %s", service, name)
	}
	code := "aws_unavailable"
	if throttled.IsErrorThrottle(err) == sdk.TrueTernary || name == "SlowDown" {
		code = "aws_throttled"
	}
	return fault.New(fault.Unavailable, code, "%s answers %s", service, name)
}
