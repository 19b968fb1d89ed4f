package awstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Signed lets through what is signed with the credentials of Config for a service, and refuses all
// else with 403. It reads the body first, and puts it back.
func Signed(service string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !signed(r, body, service) {
			Refuse(w, http.StatusForbidden, "InvalidSignatureException")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// signed signs the request once more and compares.
func signed(r *http.Request, body []byte, service string) bool {
	given := r.Header.Get("Authorization")
	_, list, ok := strings.Cut(given, "SignedHeaders=")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if !ok || err != nil || time.Since(at).Abs() > 5*time.Minute {
		return false
	}
	list, _, _ = strings.Cut(list, ",")
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return false
	}
	for _, name := range strings.Split(list, ";") {
		if name != "host" && name != "content-length" {
			again.Header.Set(name, r.Header.Get(name))
		}
	}
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(r.Context(), sdk.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret-canary"}, again,
		hex.EncodeToString(sum[:]), service, "us-east-1", at)
	return err == nil && again.Header.Get("Authorization") == given
}
