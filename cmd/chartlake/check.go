package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"chartlake/backup"
	"chartlake/blob/folder"
	"chartlake/inspect"
	"chartlake/store"
)

// checkCommand is `chartlake check`.
type checkCommand struct {
	Repair bool   `help:"Make good what can be made good; what nobody owns is set aside in lost+found."`
	From   string `help:"Backup to take missing and damaged originals from, with --repair." placeholder:"DIR"`
	Quick  bool   `help:"Do not read the originals."`
	dataFolder
}

func (checkCommand) Help() string { return "Example: chartlake check --repair --data /srv/chartlake" }

// checked is what check found, by code.
type checked struct {
	inspect.Summary
	Found    map[string]int `json:"found"`
	Repaired map[string]int `json:"repaired"`
}

// shownMax is how many findings of one code are told one by one.
const shownMax = 20

// Run holds the store and the originals against themselves and each other. The exit code is 0
// where nothing is wrong or everything was repaired, else 5.
func (c checkCommand) Run(e *env) error {
	if c.From != "" && !c.Repair {
		return usage("--from is for --repair")
	}
	s, err := c.openExisting(e.ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	blobs, err := e.originals(e.ctx, c.database, absolute(c.Data), s, folder.Options{Reserve: -1, Vault: s.Vault()})
	if err != nil {
		return err
	}
	config := inspect.Config{Store: s, Blobs: blobs, Repair: c.Repair, Quick: c.Quick}
	if c.From != "" {
		config.Original = func(ctx context.Context, hash string) error { return backup.Original(ctx, c.From, hash, blobs) }
	}
	out := checked{Found: map[string]int{}, Repaired: map[string]int{}}
	out.Summary, err = inspect.Run(e.ctx, config, func(d store.Damage) { e.damage(&out, d) })
	if err != nil {
		return err
	}
	return e.verdict(&out)
}

// damage tells one finding on stderr, unless there were many of its kind.
func (e *env) damage(out *checked, d store.Damage) {
	out.Found[d.Code]++
	if d.Repaired {
		out.Repaired[d.Code]++
	}
	if out.Found[d.Code] > shownMax {
		return
	}
	if e.cli.JSON {
		_ = json.NewEncoder(e.stderr).Encode(map[string]any{"event": "damage", "code": d.Code, "subject": d.Subject, "repaired": d.Repaired})
		return
	}
	state := ""
	if d.Repaired {
		state = "repaired: "
	}
	fmt.Fprintf(e.stderr, "chartlake: %s%s [%s]\n", state, d.Subject, d.Code)
}

// verdict tells the sums and gives the error of what stays damaged.
func (e *env) verdict(out *checked) error {
	left := 0
	for code, n := range out.Found {
		left += n - out.Repaired[code]
	}
	if e.cli.JSON {
		if err := e.writeJSON(out); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(e.stdout, "%d document(s), %d original(s) looked at\n", out.Documents, out.Originals)
		for _, code := range slices.Sorted(maps.Keys(out.Found)) {
			fmt.Fprintf(e.stdout, "%-18s %6d found, %d repaired\n", code, out.Found[code], out.Repaired[code])
		}
		if len(out.Found) == 0 {
			fmt.Fprintln(e.stdout, "no damage found")
		}
	}
	if left > 0 {
		fmt.Fprintf(e.stderr, "chartlake: %d thing(s) are damaged; see the operations guide for what each code means\n", left)
		return result(exitDamaged)
	}
	return nil
}
