package intake

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fault/problem"
	"chartlake/internal/phi"
	"chartlake/store"
)

const (
	idleMax      = 60 * time.Second // a sender that is silent for so long is cut off
	formFieldMax = 4 << 10          // bytes of a multipart field that is no file
	formPartsMax = 32               // parts of a multipart body
)

// Handler answers POST /documents: one file as the body (X-Filename, X-Password) or as multipart,
// with an optional Idempotency-Key and the parameters type and patient (query or multipart fields
// before the file; a password is never in the query). actor says who asks, or why they may not. The answer is 202 with a
// Receipt, once the file is durable.
func (d *Desk) Handler(actor func(*http.Request) (store.Actor, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := actor(r)
		if err != nil {
			audit.Of(r.Context()).Fails(err)
			answerFault(w, err)
			return
		}
		receipt, err := d.upload(w, r, who)
		if err != nil {
			audit.Of(r.Context()).Fails(err)
			answerFault(w, err)
			return
		}
		body, err := json.Marshal(receipt)
		if err != nil {
			answerFault(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Location", "/documents/"+receipt.ID)
		w.WriteHeader(http.StatusAccepted)
		w.Write(append(body, '\n'))
	})
}

func (d *Desk) upload(w http.ResponseWriter, r *http.Request, who store.Actor) (Receipt, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Receipt{}, fault.New(fault.Invalid, "bad_query", "the query string is not well formed")
	}
	for name, values := range q {
		if name != "type" && name != "patient" || len(values) > 1 {
			return Receipt{}, fault.New(fault.Invalid, "unknown_parameter", "the parameters of an upload are type and patient, each once")
		}
	}
	offer := Offer{Source: "http", Key: r.Header.Get("Idempotency-Key"), Type: q.Get("type"), Patient: q.Get("patient")}
	if r.ContentLength > d.BytesMax+formPartsMax*formFieldMax {
		return Receipt{}, fault.New(fault.TooLarge, "too_large", "the file has more than %d bytes", d.BytesMax)
	}
	offer.Password = unescaped(r.Header.Get("X-Password"))
	body := &slowBody{r: r.Body, control: http.NewResponseController(w)}
	mediaType, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType == "multipart/form-data" {
		return d.uploadForm(r, who, offer, multipart.NewReader(body, params["boundary"]))
	}
	offer.Name = unescaped(r.Header.Get("X-Filename"))
	return d.Accept(r.Context(), who, body, offer)
}

// unescaped is the value of a header in which other than printable ASCII is percent-encoded.
func unescaped(value string) phi.Text {
	if plain, err := url.PathUnescape(value); err == nil {
		value = plain
	}
	return phi.Text(value)
}

// uploadForm takes the one file of a form.
func (d *Desk) uploadForm(r *http.Request, who store.Actor, offer Offer, form *multipart.Reader) (Receipt, error) {
	for range formPartsMax {
		part, err := form.NextPart()
		if err == io.EOF {
			return Receipt{}, fault.New(fault.Invalid, "no_file", "the form holds no file")
		}
		if err != nil {
			return Receipt{}, fault.New(fault.Invalid, "bad_form", "the multipart body is not well formed")
		}
		if part.FileName() != "" {
			offer.Name = phi.Text(part.FileName())
			return d.Accept(r.Context(), who, &onlyFile{part: part, form: form}, offer)
		}
		value, err := io.ReadAll(io.LimitReader(part, formFieldMax+1))
		if err != nil || len(value) > formFieldMax {
			return Receipt{}, fault.New(fault.TooLarge, "form_field_too_large", "a form field may have %d bytes", formFieldMax)
		}
		switch part.FormName() {
		case "type":
			offer.Type = string(value)
		case "patient":
			offer.Patient = string(value)
		case "password":
			offer.Password = phi.Text(value)
		}
	}
	return Receipt{}, fault.New(fault.TooLarge, "too_many_parts", "a form may have %d parts", formPartsMax)
}

// onlyFile reads a file part and, at its end, refuses a form that holds another one: one
// request is one document, and an answer about half of a request would be a lie.
type onlyFile struct {
	part *multipart.Part
	form *multipart.Reader
	done bool
}

func (o *onlyFile) Read(p []byte) (int, error) {
	n, err := o.part.Read(p)
	if err != io.EOF || o.done {
		return n, err
	}
	for range formPartsMax {
		next, e := o.form.NextPart()
		if e == io.EOF {
			o.done = true
			return n, io.EOF
		}
		if e != nil {
			return n, io.ErrUnexpectedEOF // the closing boundary never came: the upload was cut
		}
		if next.FileName() != "" {
			return n, fault.New(fault.Invalid, "several_files", "send one file per request")
		}
	}
	return n, fault.New(fault.TooLarge, "too_many_parts", "a form may have %d parts", formPartsMax)
}

// slowBody waits for each piece of a slow upload, but not for ever.
type slowBody struct {
	r       io.Reader
	control *http.ResponseController
	next    time.Time
}

func (p *slowBody) Read(b []byte) (int, error) {
	if now := time.Now(); now.After(p.next) {
		// A recorder in a test has no deadlines; then there is nothing to wait for either.
		_ = p.control.SetReadDeadline(now.Add(idleMax))
		p.next = now.Add(idleMax / 10)
	}
	return p.r.Read(b)
}

// answerFault writes {code, message}. Overload and shut doors say when to come back.
func answerFault(w http.ResponseWriter, err error) {
	status := fault.Status(err)
	switch f := fault.As(err); {
	case f != nil && f.Code == Busy:
		status = http.StatusTooManyRequests
	case SenderGone(err):
		err = fault.New(fault.Invalid, "upload_cut", "the upload ended before its end; nothing was taken")
		status = fault.Status(err)
	}
	problem.AnswerAs(w, status, err, "something went wrong inside Chartlake; the file was not taken")
}
