package smart

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, token, host string
		method            string
		header            map[string]string
		want              int
	}{
		{"loopback", "", "127.0.0.1:8080", "GET", nil, 200},
		{"localhost through a tunnel", "", "localhost:9999", "POST", nil, 200},
		{"IPv6 loopback", "", "[::1]:8080", "GET", nil, 200},
		{"rebound name", "", "evil.example:8080", "GET", nil, 403},
		{"name that only begins like loopback", "", "127.0.0.1.evil.example", "GET", nil, 403},
		{"foreign origin", "", "127.0.0.1:8080", "POST", map[string]string{"Origin": "https://evil.example"}, 403},
		{"origin of another port", "", "127.0.0.1:8080", "POST", map[string]string{"Origin": "http://127.0.0.1:3000"}, 403},
		{"null origin", "", "127.0.0.1:8080", "POST", map[string]string{"Origin": "null"}, 403},
		{"own origin", "", "127.0.0.1:8080", "POST", map[string]string{"Origin": "http://127.0.0.1:8080"}, 200},
		{"cross-site fetch without origin", "", "127.0.0.1:8080", "GET", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		{"a link followed", "", "127.0.0.1:8080", "GET", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		{"no token sent", "s3cret", "10.0.0.5:8080", "GET", nil, 401},
		{"wrong token", "s3cret", "10.0.0.5:8080", "GET", map[string]string{"Authorization": "Bearer s3cre"}, 401},
		{"token", "s3cret", "10.0.0.5:8080", "GET", map[string]string{"Authorization": "Bearer s3cret"}, 200},
		{"token as basic password", "s3cret", "10.0.0.5:8080", "GET", map[string]string{"Authorization": "Basic YW5uYTpzM2NyZXQ="}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := Gate{Token: tt.token, Open: []string{"/healthz"}}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := May(r.Context(), Read, "Patient"); err != nil {
					t.Errorf("let in without a caller: %v", err)
				}
			}))
			r := httptest.NewRequest(tt.method, "/documents", nil)
			r.Host = tt.host
			for k, v := range tt.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("got %d, want %d: %s", w.Code, tt.want, w.Body)
			}
		})
	}
}

func TestMayRefusesWithoutACaller(t *testing.T) {
	t.Parallel()
	if May(t.Context(), Read, "Patient") == nil {
		t.Error("nobody may read")
	}
	ctx := With(t.Context(), Caller{ID: "reader", Actions: map[Action]bool{Read: true}})
	if May(ctx, Write, "Patient") == nil {
		t.Error("a reader may write")
	}
}
