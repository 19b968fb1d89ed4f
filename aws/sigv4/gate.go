package sigv4

import (
	"bytes"
	"io"
	"net/http"

	"chartlake/fault"
	"chartlake/smart"
)

// Gate stands before the handler of a service for Amazon's clients. A client signs with the server's
// token as secret access key; the access key id is the name that it gives itself. Without a token the
// gate serves the local machine only, as package smart does, and looks at no signature.
//
// The handler gets a body that is decoded (Body): it must be read up to io.EOF to be believed.
type Gate struct {
	Token   string
	Service string
	// BodyMax is the largest body in bytes of a service whose clients sign the body without saying its
	// hash (all but S3), which is read before it is verified; 0: S3.
	BodyMax int64
	// Refuse answers a fault in the form of the service.
	Refuse func(http.ResponseWriter, *http.Request, error)
}

// Wrap puts the gate before a handler.
func (g Gate) Wrap(next http.Handler) http.Handler {
	if g.Token == "" {
		return smart.Gate{}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, size, err := Plain(r)
			g.on(w, r, next, body, size, err)
		}))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := Options{Service: g.Service, Secret: func(string) (string, bool) { return g.Token, true }}
		if g.BodyMax > 0 {
			whole, err := g.read(r)
			if err != nil {
				g.Refuse(w, r, err)
				return
			}
			o.Payload = hexSum(whole)
			r.Body = io.NopCloser(bytes.NewReader(whole))
		}
		signed, err := Verify(r, o)
		if err != nil {
			g.Refuse(w, r, err)
			return
		}
		body, size, err := signed.Body(r)
		g.on(w, r.WithContext(smart.With(r.Context(), smart.Owner(signed.Key))), next, body, size, err)
	})
}

func (g Gate) on(w http.ResponseWriter, r *http.Request, next http.Handler, body io.Reader, size int64, err error) {
	if err != nil {
		g.Refuse(w, r, err)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(body), size
	next.ServeHTTP(w, r)
}

// read reads a whole body.
func (g Gate) read(r *http.Request) ([]byte, error) {
	whole, err := io.ReadAll(io.LimitReader(r.Body, g.BodyMax+1))
	switch {
	case err != nil:
		return nil, fault.New(fault.Corrupt, Incomplete, "the body ended before its end")
	case int64(len(whole)) > g.BodyMax:
		return nil, fault.New(fault.TooLarge, "request_too_large", "the request has more than %d bytes", g.BodyMax)
	}
	return whole, nil
}
