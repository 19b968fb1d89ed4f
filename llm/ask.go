package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"chartlake/fault"
)

// triesMax is how often one question is sent.
const triesMax = 3

// Pauses before the second and third try, where the server names none.
const pause = 250 * time.Millisecond

// message is one turn of a chat.
type message struct {
	Role    string `json:"role"`
	Content any    `json:"content"` // text, or parts
}

// part is a piece of a message that has a picture.
type part struct {
	Type     string   `json:"type"`
	Text     string   `json:"text,omitempty"`
	ImageURL *picture `json:"image_url,omitempty"`
}

type picture struct {
	URL string `json:"url"`
}

// request asks for the most likely answer, the same each time where the server can.
type request struct {
	Model       string    `json:"model"`
	Messages    []message `json:"messages"`
	MaxTokens   int       `json:"max_tokens"`
	Temperature float64   `json:"temperature"`
	Seed        int       `json:"seed"`
	Stream      bool      `json:"stream"`
	Format      struct {
		Type string `json:"type"`
	} `json:"response_format"`
}

// response is what is looked at of an answer.
type response struct {
	Choices []struct {
		Message struct {
			Content string `json:"content"`
		} `json:"message"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage struct {
		Completion int `json:"completion_tokens"`
	} `json:"usage"`
}

// ask puts a question and gives the text of the answer. The fault is Unavailable and says
// nothing of either; the context's own error is given as it is.
func (e *Endpoint) ask(ctx context.Context, messages []message, p *purse) (string, error) {
	if p.empty() {
		return "", unavailable("llm_tokens", "the document's tokens are used up")
	}
	if e.resting() {
		return "", unavailable("llm_resting", "the model failed and is left alone for a while")
	}
	body := request{Model: e.model, Messages: messages, MaxTokens: e.limits.Tokens}
	body.Format.Type = "json_object"
	data, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(ctx, e.limits.Time)
	defer cancel()
	text, err := e.try(limited, data, cost(messages), p)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	e.noted(err != nil)
	if err != nil {
		e.log.Warn("the model gave no answer", "code", fault.As(err).Code)
	}
	return text, err
}

// try sends a question until it is answered, up to triesMax times within the time of ctx.
func (e *Endpoint) try(ctx context.Context, body []byte, tokens int, p *purse) (text string, err error) {
	for n := range triesMax {
		var wait time.Duration
		var again bool
		p.spend(tokens)
		text, wait, again, err = e.send(ctx, body, p)
		if err == nil || !again || n == triesMax-1 {
			return text, err
		}
		if wait == 0 {
			wait = pause << n
		}
		if until, ok := ctx.Deadline(); ok && time.Until(until) < wait {
			return "", err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return "", err
		}
	}
	return "", err
}

// Bytes that count as a token: English text has about four, and a picture that is sent as 300 KB
// of base64 is taken for some thousand tokens.
const (
	textBytes    = 4
	pictureBytes = 100
)

// cost is about how many tokens a question has. The server's own count is not relied on: it may
// give none.
func cost(messages []message) (tokens int) {
	for _, m := range messages {
		switch c := m.Content.(type) {
		case string:
			tokens += len(c) / textBytes
		case []part:
			for _, p := range c {
				tokens += len(p.Text) / textBytes
				if p.ImageURL != nil {
					tokens += len(p.ImageURL.URL) / pictureBytes
				}
			}
		}
	}
	return tokens
}

// send sends a question once. again says that another try may help, and wait when.
func (e *Endpoint) send(ctx context.Context, body []byte, p *purse) (text string, wait time.Duration, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return "", 0, false, unavailable("llm_url", "the address of the model cannot be asked")
	}
	req.Header.Set("Content-Type", "application/json")
	if e.key != "" {
		req.Header.Set("Authorization", "Bearer "+e.key)
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return "", 0, true, lost(ctx)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		switch resp.StatusCode {
		case 429, 500, 502, 503, 504:
			again = true
		}
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
			wait = time.Duration(min(s, 3600)) * time.Second
		}
		return "", wait, again, unavailable("llm_status_"+strconv.Itoa(resp.StatusCode), "the model answers with status %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, e.limits.Bytes+1))
	switch {
	case int64(len(data)) > e.limits.Bytes:
		return "", 0, false, unavailable("llm_answer_too_large", "the answer has more than %d bytes", e.limits.Bytes)
	case err != nil:
		return "", 0, true, lost(ctx)
	}
	text, err = e.content(data, p)
	return text, 0, false, err
}

// content is the text of an answer.
func (e *Endpoint) content(data []byte, p *purse) (string, error) {
	var r response
	if err := json.Unmarshal(data, &r); err != nil || len(r.Choices) == 0 {
		return "", invalid()
	}
	c := r.Choices[0]
	p.spend(max(r.Usage.Completion, len(c.Message.Content)/textBytes))
	if c.FinishReason == "length" || r.Usage.Completion > e.limits.Tokens {
		return "", unavailable("llm_answer_cut", "the answer has more than %d tokens", e.limits.Tokens)
	}
	return c.Message.Content, nil
}

// lost is the fault of an answer that did not come, or not whole.
func lost(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return unavailable("llm_timeout", "the model did not answer in time")
	}
	return unavailable("llm_unreachable", "the model cannot be reached, or broke off")
}

func invalid() error {
	return unavailable("llm_answer_invalid", "the answer is not what was asked for")
}

func unavailable(code, format string, args ...any) error {
	return fault.New(fault.Unavailable, code, format, args...)
}

// objectTries bounds the places where an object is looked for.
const objectTries = 8

// object finds the JSON object in an answer: models put it between fences, or behind words of
// their own. It must be the last thing but for fences.
func object(text string, into any) error {
	data := []byte(text)
	at := bytes.IndexByte(data, '{')
	for n := 0; at >= 0 && n < objectTries; n++ {
		var whole json.RawMessage
		d := json.NewDecoder(bytes.NewReader(data[at:]))
		if d.Decode(&whole) == nil && len(bytes.Trim(data[at+int(d.InputOffset()):], "` \r\n\t")) == 0 {
			if json.Unmarshal(whole, into) != nil {
				return invalid()
			}
			return nil
		}
		next := bytes.Index(data[at:], []byte("\n{"))
		if next < 0 {
			break
		}
		at += next + 1
	}
	return invalid()
}
