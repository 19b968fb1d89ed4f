package objects

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"time"

	"chartlake/aws/sigv4"
	"chartlake/fault"
	"chartlake/intake"
)

// problem is an error as S3 writes it.
type problem struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId,omitempty"`
}

// spoken is a status with its word in S3 ("Error Responses", "List of error codes").
type spoken struct {
	status int
	code   string
}

// byCode are the codes that S3 has a word of its own for.
var byCode = map[string]spoken{
	sigv4.Missing:        {403, "AccessDenied"},
	sigv4.Mismatch:       {403, "SignatureDoesNotMatch"},
	sigv4.Unknown:        {403, "InvalidAccessKeyId"},
	sigv4.Skewed:         {403, "RequestTimeTooSkewed"},
	sigv4.Expired:        {403, "AccessDenied"},
	sigv4.Bad:            {400, "AuthorizationHeaderMalformed"},
	sigv4.BadDigest:      {400, "BadDigest"},
	sigv4.Incomplete:     {400, "IncompleteBody"},
	intake.Busy:          {503, "SlowDown"},
	"bad_bucket":         {400, "InvalidBucketName"},
	"key_too_long":       {400, "KeyTooLongError"},
	"method_not_allowed": {405, "MethodNotAllowed"},
	"not_implemented":    {501, "NotImplemented"},
	"no_such_version":    {404, "NoSuchVersion"},
	"no_such_upload":     {404, "NoSuchUpload"},
	"bad_xml":            {400, "MalformedXML"},
	"bad_part":           {400, "InvalidPart"},
	"bad_part_order":     {400, "InvalidPartOrder"},
	"part_too_small":     {400, "EntityTooSmall"},
	"bad_range":          {416, "InvalidRange"},
	"exists":             {412, "PreconditionFailed"},
}

// byKind are all others.
var byKind = map[fault.Kind]spoken{
	fault.NotFound:        {404, "NoSuchKey"},
	fault.Gone:            {404, "NoSuchKey"},
	fault.Conflict:        {409, "OperationAborted"},
	fault.Invalid:         {400, "InvalidArgument"},
	fault.Unauthenticated: {403, "AccessDenied"},
	fault.Forbidden:       {403, "AccessDenied"},
	fault.TooLarge:        {400, "EntityTooLarge"},
	fault.Unsupported:     {400, "InvalidRequest"},
	fault.Corrupt:         {400, "InvalidRequest"},
	fault.Unavailable:     {503, "ServiceUnavailable"},
	fault.Full:            {507, "InsufficientStorage"},
	fault.Precondition:    {412, "PreconditionFailed"},
}

// Refuse answers an error as S3 does. Our own code stands in the message.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	said, message := spoken{500, "InternalError"}, "something went wrong inside Chartlake; nothing was taken"
	f := fault.As(err)
	switch {
	case f == nil && intake.SenderGone(err):
		said, message = spoken{400, "IncompleteBody"}, "the body ended before its end; nothing was taken"
	case f != nil && f.Kind != fault.Internal:
		var ok bool
		if said, ok = byCode[f.Code]; !ok {
			said = byKind[f.Kind]
		}
		message = f.Message + " [" + f.Code + "]"
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		}
	}
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // its body was not read, and the next request must not begin in it
	}
	id := w.Header().Get("X-Request-Id")
	answerStatus(w, r, said.status, problem{Code: said.code, Message: message, RequestID: id})
	drain(w, r)
}

// What is read of a body that was refused, so that its sender comes to read the answer: a connection
// that is closed on what lies unread is reset, and the answer lost.
const (
	drainMax  = 64 << 20
	drainTime = 10 * time.Second
)

func drain(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || r.Body == nil {
		return
	}
	control := http.NewResponseController(w)
	if control.Flush() != nil || control.SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, drainMax)
}

// answer writes XML.
func answer(w http.ResponseWriter, r *http.Request, v any) error {
	answerStatus(w, r, http.StatusOK, v)
	return nil
}

func answerStatus(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := xml.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/xml")
	h.Set("X-Amz-Request-Id", h.Get("X-Request-Id"))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, xml.Header)
		_, _ = w.Write(body)
	}
}
