package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"chartlake/fault"
	"chartlake/store/relational"
)

// pgFault makes a fault of an error of PostgreSQL. Its text holds the code of the error
// (SQLSTATE) and none of PostgreSQL's words, which may quote values. Codes:
// https://www.postgresql.org/docs/15/errcodes-appendix.html.
func pgFault(err error) error {
	var pg *pgconn.PgError
	var again *relational.Again
	switch {
	case err == nil:
		return nil
	case fault.As(err) != nil, errors.As(err, &again):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "canceled", "the request ended or took too long")
	case !errors.As(err, &pg):
		if connection(err) {
			return unreachable(err)
		}
		return &fault.Error{Kind: fault.Internal, Code: "store", Message: "store: the driver of the database fails", Err: err}
	}
	switch pg.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return &relational.Again{Err: later("store_busy", "the store is busy", err)}
	case "53100":
		return &fault.Error{Kind: fault.Full, Code: "disk_full", Message: "there is no space left to store this", Err: err}
	case "57014":
		return fault.New(fault.Unavailable, "canceled", "the request ended or took too long")
	case "22021", "22P05": // no valid UTF-8, or the character zero
		return &fault.Error{Kind: fault.Invalid, Code: "bad_text", Message: "a text holds bytes that are no characters, or the character U+0000", Err: err}
	case "54000": // an index row over its size
		return &fault.Error{Kind: fault.TooLarge, Code: "value_too_long", Message: "a value is too long to be found by", Err: err}
	case "28000", "28P01", "3D000", "42501":
		return &fault.Error{Kind: fault.Unavailable, Code: "store_login", Message: "the database refuses us (SQLSTATE " + pg.Code + "): look at the user, password, name and rights in the URL", Err: err}
	case "25006":
		return &fault.Error{Kind: fault.Unavailable, Code: "store_read_only", Message: "the database takes no writes: it is a standby", RetryAfter: time.Second, Err: err}
	case "XX001", "XX002":
		return &fault.Error{Kind: fault.Corrupt, Code: "store_damaged", Message: "the database is damaged", Err: err}
	}
	switch {
	case strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "55"):
		return later("store_busy", "the store is busy", err)
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "57P"), strings.HasPrefix(pg.Code, "58"), pg.Code == "25P03":
		return unreachable(err)
	}
	return &fault.Error{Kind: fault.Internal, Code: "store", Message: "store: SQLSTATE " + pg.Code, Err: err}
}

func later(code, text string, err error) *fault.Error {
	return &fault.Error{Kind: fault.Unavailable, Code: code, Message: text, RetryAfter: time.Second, Err: err}
}

// unreachable says that the connection is lost or cannot be made. What was not committed is
// not kept.
func unreachable(err error) error {
	return later("store_unreachable", "the database cannot be reached", err)
}

// connection reports whether an error is about the connection, not about what was sent.
func connection(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || pgconn.SafeToRetry(err)
}
