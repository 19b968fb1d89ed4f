// Package phi has the type for text that may say something about a patient. It prints as
// its length everywhere: in fmt, in slog, in JSON of logs. Reveal is the one way out, so
// that every place where such text leaves can be found with grep.
package phi

import (
	"fmt"
	"log/slog"
)

// Text is text from a document, a resource, a query or a file name.
type Text string

// Reveal gives the text itself.
func (t Text) Reveal() string { return string(t) }

func (t Text) String() string                { return fmt.Sprintf("[%d characters]", len(t)) }
func (t Text) GoString() string              { return t.String() }
func (t Text) LogValue() slog.Value          { return slog.StringValue(t.String()) }
func (t Text) Format(f fmt.State, verb rune) { fmt.Fprint(f, t.String()) }
func (t Text) MarshalText() ([]byte, error)  { return []byte(t.String()), nil }
