package intake

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"chartlake/pipeline"
	"chartlake/store"
)

// kept is the password that stands with a document, "" where none does.
func (b *bench) kept(id string) (password string) {
	b.t.Helper()
	err := b.Store.View(b.t.Context(), pipeline.Actor, func(v store.View) error {
		body, ok, err := v.Stage(pipeline.PasswordKey(id))
		if err == nil && ok {
			err = json.Unmarshal(body, &password)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return password
}

func TestPassword(t *testing.T) {
	t.Parallel()
	form := func(password string) *http.Request {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		w.WriteField("password", password)
		p, err := w.CreateFormFile("file", "a.pdf")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(p, "%PDF locked form")
		w.Close()
		r := httptest.NewRequest("POST", "/documents", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		return r
	}
	for _, tt := range []struct {
		name   string
		r      *http.Request
		status int
		code   string
		kept   string
	}{
		{"none", post("%PDF locked"), 422, "encrypted", ""},
		{"wrong", post("%PDF locked", "X-Password", "guess"), 422, "encrypted", ""},
		{"right", post("%PDF locked", "X-Password", url.PathEscape(key)), 202, "", key},
		{"as it is", post("%PDF locked", "X-Password", key), 202, "", key},
		{"in a form", form(key), 202, "", key},
		{"wrong in a form", form("guess"), 422, "encrypted", ""},
		{"not needed", post("%PDF open", "X-Password", key), 202, "", ""},
		{"too long", post("%PDF locked", "X-Password", strings.Repeat("x", passwordMax+1)), 400, "bad_password", ""},
	} {
		b := newBench(t, nil)
		status, _, a := b.send(tt.r)
		if status != tt.status || a.Code != tt.code {
			t.Errorf("%s: %d %+v", tt.name, status, a)
		}
		if status != http.StatusAccepted {
			b.empty()
		} else if got := b.kept(a.ID); got != tt.kept {
			t.Errorf("%s: the password kept is %q", tt.name, got)
		}
	}
}
