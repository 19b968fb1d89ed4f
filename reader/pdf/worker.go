package pdf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// worker is the child's side: it does what it is asked, one thing after the other.
type worker struct {
	library *library
	in      *bufio.Reader
	out     io.Writer
	file    *handle // nil: none is open
}

// work answers requests until the other side goes away (io.EOF) or breaks the form.
func (w *worker) work() error {
	if err := send(w.out, fromReady, nil); err != nil {
		return err
	}
	for {
		kind, body, err := receive(w.in, messageMost)
		if err != nil {
			return err
		}
		d := &decoder{b: body}
		err = w.do(kind, d)
		var refused refusal
		if errors.As(err, &refused) {
			err = send(w.out, fromRefusal, []byte(refused))
		}
		if err != nil {
			return err
		}
	}
}

// do answers one request. A refusal is not sent yet; any other error ends the child.
func (w *worker) do(kind byte, d *decoder) error {
	if kind == toOpen {
		return w.open(d)
	}
	if w.file == nil {
		return errWire
	}
	switch kind {
	case toRead:
		return w.page(d)
	case toFields:
		return w.fields(d)
	case toDraw:
		v := drawing{page: d.int(), dpi: d.float(), width: d.int(), pixels: int64(d.int())}
		flags := d.flags()
		v.viaColour, v.colour, v.form = flags[0], flags[1], flags[2]
		if d.bad {
			return errWire
		}
		return w.file.draw(v, w.show)
	case toEmbedded:
		page, object := d.int(), d.int()
		if d.bad {
			return errWire
		}
		return w.file.embedded(page, object, w.show)
	case toClose:
		w.file.release()
		w.file = nil
		return send(w.out, fromClosed, nil)
	}
	return errWire
}

func (w *worker) open(d *decoder) error {
	size, password := d.int(), d.text()
	if d.bad || size < 0 {
		return errWire
	}
	if w.file != nil {
		w.file.release()
	}
	w.file = &handle{library: w.library, file: &remote{w, int64(size)}, size: int64(size), password: password}
	if err := w.file.open(); err != nil {
		return err
	}
	e := &encoder{}
	e.int(w.file.pages)
	e.int(int(w.file.form))
	return send(w.out, fromOpened, e.b)
}

func (w *worker) page(d *decoder) error {
	number := d.int()
	if d.bad {
		return errWire
	}
	p, annotated, err := w.file.read(number)
	if err != nil {
		return err
	}
	e := &encoder{b: make([]byte, 0, 100*len(p.Words)+4096)}
	e.flags(annotated)
	e.page(p)
	return send(w.out, fromPage, e.b)
}

func (w *worker) fields(d *decoder) error {
	number := d.int()
	if d.bad {
		return errWire
	}
	p, printed, err := w.file.fields(number)
	if err != nil {
		return err
	}
	e := &encoder{}
	e.int(printed)
	e.page(p)
	if len(e.b) > messageMost {
		return refusedPage // form values of that size are an attack
	}
	return send(w.out, fromFields, e.b)
}

// show sends a picture straight out of the instance, a few rows at a time.
func (w *worker) show(m raw) error {
	e := &encoder{}
	e.int(m.width)
	e.int(m.height)
	e.int(m.channels)
	e.float(m.dpi)
	e.flags(m.capped, m.tinted)
	row := m.width * m.channels
	head := make([]byte, 5, 5+len(e.b))
	binary.LittleEndian.PutUint32(head, uint32(len(e.b)+row*m.height))
	head[4] = fromPicture
	out := bufio.NewWriterSize(w.out, max(pipeSize, row))
	out.Write(append(head, e.b...))
	for y := range m.height {
		if out.Available() < row {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		b := out.AvailableBuffer()[:row]
		m.row(b, y)
		out.Write(b)
	}
	return out.Flush()
}

// pipeSize is what a pipe is asked to hold: the most that Linux gives to everybody.
const pipeSize = 1 << 20

// remote reads the file by asking the other side for it.
type remote struct {
	worker *worker
	size   int64
}

var errRemote = errors.New("the file cannot be read")

func (r *remote) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= r.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), r.size-offset))
	e := &encoder{}
	e.int(int(offset))
	e.int(n)
	if err := send(r.worker.out, fromNeed, e.b); err != nil {
		return 0, err
	}
	kind, body, err := receive(r.worker.in, n)
	if err != nil || kind != toBlock || len(body) != n {
		return 0, errRemote
	}
	copy(p, body)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
