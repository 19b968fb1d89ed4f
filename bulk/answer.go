package bulk

import (
	"context"
	"encoding/json"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// AnswerAsk is a request whose answer is fetched later. What only the API understands of it is
// in Call, which is given back to Answer in the task's request.
type AnswerAsk struct {
	URL   string
	Token bool
	Call  json.RawMessage
}

type answerRequest struct {
	AnswerAsk
	Key []byte
}

// answerProgress is an answer that was made.
type answerProgress struct {
	Type string
	File file
}

// Later takes a request in that is answered later and gives the id of its task.
func (d *Desk) Later(ctx context.Context, actor store.Actor, ask AnswerAsk) (string, error) {
	return d.begin(ctx, d.newID(), KindAnswer, actor, answerRequest{AnswerAsk: ask, Key: newKey()})
}

// Asked gives back what was asked for by Later.
func Asked(task *store.Task) (AnswerAsk, error) {
	var r answerRequest
	if err := json.Unmarshal(task.Request, &r); err != nil {
		return AnswerAsk{}, fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	}
	return r.AnswerAsk, nil
}

// answered makes the answer. What the request is refused for is its answer.
func (d *Desk) answered(ctx context.Context, task *store.Task) error {
	var r answerRequest
	if err := json.Unmarshal(task.Request, &r); err != nil {
		return fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	}
	d.mu.Lock()
	answer := d.answer
	d.mu.Unlock()
	var n *fhir.Node
	n, err := answer(ctx, task)
	if err != nil {
		return err
	}
	out, err := d.write(ctx, task.ID, fileName(0), r.Key, file{})
	if err != nil {
		return err
	}
	if _, err := out.Write(append(n.AppendJSON(nil), '\n')); err != nil {
		return err
	}
	made, err := out.sync()
	if err != nil {
		return err
	}
	progress, err := json.Marshal(answerProgress{Type: n.Type(), File: made})
	if err != nil {
		return err
	}
	_, err = d.Store.Transact(ctx, operator, []store.Command{store.ChangeTask{ID: task.ID, Modify: func(t *store.Task, now store.Moment) error {
		if t.State.Over() {
			return errOver
		}
		t.State, t.Progress, t.Ends = store.TaskComplete, progress, now.At.Add(d.Keep)
		return nil
	}}})
	return err
}
