package eval

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"chartlake/fault"
)

// answerWithin bounds one answer of a server under measurement.
const answerWithin = 5 * time.Minute

// line is a connection of its own to a server, for one request at a time. The client of net/http
// has two goroutines behind each connection; on a machine that the server shares, what they take
// is taken from it.
type line struct {
	conn net.Conn
	r    *bufio.Reader
	used bool
}

// asker sends GETs over lines that stay open, as many as ask at once.
type asker struct {
	host, path string // of the FHIR base URL
	idle       chan *line
}

// newAsker gives nil for a base that is not plain HTTP.
func newAsker(base string, clients int) *asker {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" {
		return nil
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "80")
	}
	return &asker{host: host, path: u.EscapedPath(), idle: make(chan *line, clients)}
}

// get asks for a path below the base, which is written as a URL wants it, and reads the answer to
// its end.
func (a *asker) get(ctx context.Context, path string) (status int, data []byte, err error) {
	for {
		l, err := a.line(ctx)
		if err != nil {
			return 0, nil, err
		}
		again := l.used
		stop := context.AfterFunc(ctx, func() { l.conn.Close() })
		status, data, keep, err := l.ask(a.host, a.path+path)
		stop()
		if err == nil {
			if l.used = true; keep {
				select {
				case a.idle <- l:
					return status, data, nil
				default:
				}
			}
			l.conn.Close()
			return status, data, nil
		}
		l.conn.Close()
		if ctx.Err() != nil || !again { // a server may close what is idle
			return 0, nil, fault.New(fault.Unavailable, "bench_server", "the server does not answer: %w", err)
		}
	}
}

func (a *asker) line(ctx context.Context) (*line, error) {
	select {
	case l := <-a.idle:
		return l, nil
	default:
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", a.host)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "bench_server", "the server does not answer: %w", err)
	}
	return &line{conn: conn, r: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// ask sends one request (RFC 9112); keep reports whether the line can be asked again.
func (l *line) ask(host, target string) (status int, data []byte, keep bool, err error) {
	if err := l.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, nil, false, err
	}
	if _, err := io.WriteString(l.conn, "GET "+target+" HTTP/1.1\r\nHost: "+host+"\r\nAccept: application/fhir+json\r\n\r\n"); err != nil {
		return 0, nil, false, err
	}
	resp, err := http.ReadResponse(l.r, nil)
	if err != nil {
		return 0, nil, false, err
	}
	defer resp.Body.Close()
	if n := resp.ContentLength; n >= 0 && n <= bundleBytes {
		data = make([]byte, n)
		_, err = io.ReadFull(resp.Body, data)
	} else {
		data, err = io.ReadAll(io.LimitReader(resp.Body, bundleBytes))
	}
	return resp.StatusCode, data, !resp.Close && err == nil, err
}

// close lets the idle lines go.
func (a *asker) close() {
	for a != nil {
		select {
		case l := <-a.idle:
			l.conn.Close()
		default:
			return
		}
	}
}
