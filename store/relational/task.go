package relational

import (
	"encoding/json"
	"time"

	"chartlake/audit"
	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/ident"
)

// taskKept is what of a task stands sealed beside its request.
type taskKept struct {
	Progress []byte   `json:"p,omitempty"`
	Name     string   `json:"n,omitempty"`
	Request  string   `json:"r,omitempty"`
	Patients []string `json:"c,omitempty"`
	Confined bool     `json:"o,omitempty"`
}

func noTask() error { return fault.New(fault.NotFound, "task_not_found", "there is no such task") }

func aboutTask(id, column string) []byte { return []byte("k\x00" + id + "\x00" + column) }

// sealTask seals a column of a task under the key of what belongs to no patient.
func (w *Writer) sealTask(id, column string, plain []byte) (key int64, sealed []byte, err error) {
	if w.s.Keys.Unsealed {
		return 0, plain, nil
	}
	sealed, err = w.s.Keys.Vault.Seal(make([]byte, 0, len(plain)+envelope.Overhead), envelope.Common, plain, aboutTask(id, column))
	return envelope.Common, sealed, err
}

func (t *turn) putTask(c store.PutTask) error {
	task := c.Task
	if !ident.Valid(task.ID) || task.Kind == "" {
		return fault.New(fault.Invalid, "bad_task", "a task needs an id and a kind")
	}
	t.tale.step(audit.Operate, task.Kind)
	key, request, err := t.sealTask(task.ID, "request", task.Request)
	if err != nil {
		return err
	}
	_, progress, err := t.sealTask(task.ID, "progress", keptOf(&task))
	if err != nil {
		return err
	}
	return t.c.Exec(`INSERT INTO task VALUES (?,?,?,?,?,?,?,?,?,?)`, task.ID, task.Kind, task.Owner.ID, string(task.State), task.Code, t.now.UnixMilli(),
		milli(task.Ends), key, request, progress)
}

func milli(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

func keptOf(task *store.Task) []byte {
	b, err := json.Marshal(taskKept{Progress: task.Progress, Name: task.Owner.Name, Request: task.Owner.RequestID,
		Patients: task.Owner.Patients, Confined: task.Owner.Patients != nil})
	if err != nil {
		panic(err) // texts can always be written
	}
	return b
}

func (t *turn) changeTask(i int, c store.ChangeTask) error {
	task, err := (&view{s: t.s, c: t.c}).Task(c.ID)
	if err != nil {
		return err
	}
	now := store.Moment{Seq: t.n.Seq, At: t.now, Done: t.results[:i]}
	if err := c.Modify(task, now); err != nil {
		return err
	}
	if c.Fence { // what comes later in this group has a later time, too
		t.now = t.now.Add(time.Millisecond)
	}
	_, progress, err := t.sealTask(task.ID, "progress", keptOf(task))
	if err != nil {
		return err
	}
	return t.c.Exec(`UPDATE task SET state=?, code=?, ends=?, progress=? WHERE id=?`, string(task.State), task.Code, milli(task.Ends), progress, task.ID)
}

const taskColumns = `id, kind, owner, state, code, at, ends`

func scanTask(r db.Row) store.Task {
	t := store.Task{ID: r.Text(0), Kind: r.Text(1), Owner: store.Actor{ID: r.Text(2)}, State: store.TaskState(r.Text(3)), Code: r.Text(4),
		Began: time.UnixMilli(r.Int(5)).UTC()}
	if ends := r.Int(6); ends != 0 {
		t.Ends = time.UnixMilli(ends).UTC()
	}
	return t
}

// Task gives one task.
func (v *view) Task(id string) (*store.Task, error) {
	var task *store.Task
	var key int64
	var request, progress []byte
	err := v.c.Query(`SELECT `+taskColumns+`, key_id, request, progress FROM task WHERE id=?`, []any{id}, func(r db.Row) bool {
		t := scanTask(r)
		task, key, request, progress = &t, r.Int(7), r.Bytes(8), r.Bytes(9)
		return false
	})
	if err == nil && task == nil {
		err = noTask()
	}
	if err != nil {
		return nil, err
	}
	if key != 0 {
		if request, err = v.s.Keys.Vault.Open(nil, key, request, aboutTask(id, "request")); err != nil {
			return nil, v.s.unopened(err)
		}
		if progress, err = v.s.Keys.Vault.Open(nil, key, progress, aboutTask(id, "progress")); err != nil {
			return nil, v.s.unopened(err)
		}
	}
	var kept taskKept
	if err := json.Unmarshal(progress, &kept); err != nil {
		return nil, fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	}
	task.Request, task.Progress = request, kept.Progress
	task.Owner.Name, task.Owner.RequestID, task.Owner.Patients = kept.Name, kept.Request, kept.Patients
	if kept.Confined && kept.Patients == nil {
		task.Owner.Patients = []string{}
	}
	return task, nil
}

// Tasks lists the tasks.
func (v *view) Tasks() (list []store.Task, err error) {
	err = v.c.Query(`SELECT `+taskColumns+` FROM task ORDER BY at, id`, nil, func(r db.Row) bool {
		list = append(list, scanTask(r))
		return true
	})
	return list, err
}

// Seq is the number of the last change.
func (v *view) Seq() (int64, error) {
	n, _, err := db.One(v.c, newestChange)
	return n, err
}
