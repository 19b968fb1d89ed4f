package clinical

import (
	_ "embed"
	"strings"

	"chartlake/terminology"
)

//go:embed data/organs.txt
var organsData string

// organ is how the titles of ICD-10-CM name an organ, and what a change of it is coded as that is not
// named closer.
type organ struct {
	nouns    []string // none: a region of the body, which has lumps only
	disorder string
	group    string // of neoplasms of unspecified behavior; "" where its title is too long for the tables
}

// organs are the organs by their words in Normal form, of up to two words.
type organs map[string]*organ

func parseOrgans() organs {
	out := organs{}
	for _, row := range rows(organsData) {
		f := append(strings.Split(row, "\t"), "", "", "")
		o := &organ{disorder: f[2], group: f[3]}
		if f[1] != "" {
			o.nouns = strings.Split(f[1], "/")
		}
		for _, w := range strings.Split(f[0], ",") {
			out[terminology.Normal(w)] = o
		}
	}
	return out
}

// in gives the organ that words in Normal form name: the one that stands first, a region of the body
// only where no organ does.
func (o organs) in(words []string) (region *organ) {
	for i := range words {
		found := o[words[i]]
		if i+1 < len(words) && o[words[i]+" "+words[i+1]] != nil {
			found = o[words[i]+" "+words[i+1]]
		}
		switch {
		case found == nil:
		case found.nouns != nil:
			return found
		case region == nil:
			region = found
		}
	}
	return region
}

// growth is what kind of change a word names: the titles have their own word for each.
type growth byte

const (
	lesion growth = iota + 1
	lump          // which has a code by the region of the body, too
	tumor
	malignant
	secondary
	benign
)

// growths are the last words of the names of changes, in Normal form.
var growths = map[string]growth{"lesion": lesion, "mass": lump, "nodule": lump, "lump": lump, "swelling": lump, "abnormality": lesion, "alteration": lesion,
	"formation": lesion, "pathology": lesion, "involvement": lesion, "thickening": lesion, "nodulation": lesion, "disorder": lesion, "disease": lesion,
	"dysfunction": lesion, "impairment": lesion, "dilation": lesion, "dilatation": lesion, "calcification": lesion, "damage": lesion, "ulceration": lesion, "infiltrate": lesion, "opacity": lesion,
	"consolidation": lesion, "perforation": lesion, "compression": lesion, "fibrosis": lesion, "hypertrophy": lesion, "defect": lesion, "cyst": lesion,
	"stenosis": lesion, "stricture": lesion, "insufficiency": lesion, "atrophy": lesion, "degeneration": lesion, "inflammation": lesion,
	"tumor": tumor, "tumour": tumor, "neoplasm": tumor, "neoplasia": tumor, "tumoration": tumor,
	"cancer": malignant, "carcinoma": malignant, "adenocarcinoma": malignant, "malignancy": malignant, "sarcoma": malignant,
	"metastasis": secondary, "metastase": secondary, "metastatic": secondary, "metastases": secondary,
	"adenoma": benign}

// placelessNames are the names in the tables of changes whose place is not said.
var placelessNames = []string{"localized swelling mass and lump", "neoplasm of unspecified behavior of", "secondary malignant neoplasm of",
	"malignant neoplasm", "malignant primary neoplasm", "benign neoplasm"}

// changed gives the names of a change of an organ as titles say it, the finest first.
func changed(g growth, o *organ, side string) []string {
	var out []string
	if o.nouns == nil && g != lump {
		return nil
	}
	of := func(kind string) {
		for _, n := range o.nouns {
			if side != "" {
				out = append(out, kind+" of "+side+" "+n)
			}
			out = append(out, kind+" of "+n, kind+" of unspecified "+n)
		}
	}
	switch g {
	case malignant:
		of("malignant neoplasm")
		for _, n := range o.nouns {
			out = append(out, n+" cancer")
		}
	case secondary:
		of("secondary malignant neoplasm")
		of("secondary and unspecified malignant neoplasm")
	case benign:
		of("benign neoplasm")
	case tumor:
		if o.group != "" {
			out = append(out, "neoplasm of unspecified behavior of "+o.group)
		}
	}
	if g == lesion || g == lump {
		out = append(out, o.disorder)
	}
	return out
}
