package engines

import (
	"encoding/json"
	"net/http"
	"strings"

	"chartlake/aws/sigv4"
	"chartlake/fault"
)

// word is an error's name in Textract and in Comprehend Medical, with its status.
type word struct {
	textract, comprehend string
	status               int
}

// byCode are the errors that have a name of their own ("Common Errors" and the operations of both API
// references).
var byCode = map[string]word{
	sigv4.Missing:       {"MissingAuthenticationTokenException", "MissingAuthenticationTokenException", 403},
	sigv4.Mismatch:      {"InvalidSignatureException", "InvalidSignatureException", 403},
	sigv4.Skewed:        {"InvalidSignatureException", "InvalidSignatureException", 403},
	sigv4.Expired:       {"InvalidSignatureException", "InvalidSignatureException", 403},
	sigv4.Bad:           {"IncompleteSignatureException", "IncompleteSignatureException", 403},
	sigv4.Unknown:       {"UnrecognizedClientException", "UnrecognizedClientException", 403},
	"unknown_operation": {"UnknownOperationException", "UnknownOperationException", 400},
	"not_json":          {"SerializationException", "SerializationException", 400},
	"busy":              {"ProvisionedThroughputExceededException", "TooManyRequestsException", 400},
	"no_such_key":       {"InvalidS3ObjectException", "InvalidRequestException", 400},
	"no_such_job":       {"InvalidJobIdException", "ResourceNotFoundException", 400},
	"text_too_long":     {"DocumentTooLargeException", "TextSizeLimitExceededException", 400},
	"several_pages":     {"UnsupportedDocumentException", "InvalidRequestException", 400},
}

// byKind are all others.
var byKind = map[fault.Kind]word{
	fault.NotFound:        {"InvalidS3ObjectException", "ResourceNotFoundException", 400},
	fault.Gone:            {"InvalidS3ObjectException", "ResourceNotFoundException", 400},
	fault.Invalid:         {"InvalidParameterException", "InvalidRequestException", 400},
	fault.Unauthenticated: {"UnrecognizedClientException", "UnrecognizedClientException", 403},
	fault.Forbidden:       {"AccessDeniedException", "AccessDeniedException", 403},
	fault.TooLarge:        {"DocumentTooLargeException", "TextSizeLimitExceededException", 400},
	fault.Unsupported:     {"UnsupportedDocumentException", "InvalidRequestException", 400},
	fault.Corrupt:         {"BadDocumentException", "InvalidRequestException", 400},
	fault.Unavailable:     {"ThrottlingException", "ServiceUnavailableException", 503},
}

// Refuse answers an error as the service that was asked does. Our own code stands in the message.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	said, message := word{"InternalServerError", "InternalServerException", 500}, "something went wrong inside Chartlake"
	if f := fault.As(err); f != nil && f.Kind != fault.Internal {
		var ok bool
		if said, ok = byCode[f.Code]; !ok {
			if said, ok = byKind[f.Kind]; !ok {
				said = byKind[fault.Invalid]
			}
		}
		message = f.Message + " [" + f.Code + "]"
	}
	name := said.textract
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), comprehendTarget) {
		name = said.comprehend
	}
	head(w)
	w.Header().Set("X-Amzn-Errortype", name)
	w.WriteHeader(said.status)
	// Textract's models name the member Message, the others message: clients take either.
	body, _ := json.Marshal(map[string]string{"__type": name, "message": message, "Message": message})
	_, _ = w.Write(body)
}
