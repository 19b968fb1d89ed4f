// Command train makes the model of clinical/tagger from the development sets with gold labels
// (make train), or measures its recipe by cross-validation (-folds). The same sets give the
// same model, byte for byte.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"chartlake/eval/clinical"
)

func main() {
	data := flag.String("data", "../shared/data/clinical", "folder of the sets")
	out := flag.String("out", "clinical/tagger/model.zst", "file of the model")
	folds := flag.Bool("folds", false, "measure the recipe instead, on parts that it was not trained on")
	flag.Parse()
	if err := run(*data, *out, *folds); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(data, out string, folds bool) error {
	sets, err := clinical.Load(data)
	if err != nil {
		return err
	}
	if folds {
		report, err := clinical.CrossValidate(sets, func(int) { fmt.Fprint(os.Stderr, ".") })
		if err != nil {
			return err
		}
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	model, err := clinical.Learn(sets, func(epoch int, loss float64) { fmt.Fprintf(os.Stderr, "epoch %d: loss %.3f\n", epoch, loss) })
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := model.Save(&b); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d features, %d bytes\n", model.Features(), b.Len())
	return os.WriteFile(out, b.Bytes(), 0o644)
}
