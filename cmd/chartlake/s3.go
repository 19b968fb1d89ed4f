package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"chartlake/aws/objects"
	"chartlake/aws/sigv4"
	"chartlake/fault"
	"chartlake/smart"
)

// listenS3 opens the address of S3; nil where there is none.
func (c serveCommand) listenS3(token string) (net.Listener, error) {
	if c.S3Addr == "" {
		return nil, nil
	}
	if _, _, err := net.SplitHostPort(c.S3Addr); err != nil {
		return nil, usage("--s3-addr is not HOST:PORT")
	}
	if token == "" && !smart.Loopback(c.S3Addr) {
		return nil, usage("listening on an address that is not loopback needs a token: set CHARTLAKE_TOKEN, or give --token file:NAME [token_needed]")
	}
	l, err := net.Listen("tcp", c.S3Addr)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "address", "cannot listen on %s: the address is in use or not ours; give another --s3-addr", c.S3Addr)
	}
	return l, nil
}

// serveS3 speaks S3 until ctx ends. Who signs with the server's token as secret access key is let in.
func (s *server) serveS3(ctx context.Context, l net.Listener, token string, group *sync.WaitGroup) {
	gate := sigv4.Gate{Token: token, Service: "s3", Refuse: objects.Refuse}
	srv := &http.Server{Handler: logged(s.log, s.registry, accounted(s.store.Trail, gate.Wrap(known(s.objects)))), ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }}
	group.Go(func() { _ = srv.Serve(l) })
	group.Go(func() {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		_ = srv.Shutdown(stop)
	})
}
