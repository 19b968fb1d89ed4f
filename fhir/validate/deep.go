package validate

import (
	"slices"
	"strconv"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// Limits of one deep validation. The largest Synthea bundle (1,244 entries, 3.5 MB) takes
// 70,000 steps and 1,700,000 of FHIRPath; profiles that refer to each other in circles end
// at the depth.
const (
	maxSteps        = 5_000_000
	maxProfileDepth = 30
	maxEvaluation   = 50_000_000 // steps of all FHIRPath expressions together
)

// deep is one full validation. The structure has been checked before; whatever it holds that
// does not fit the definitions is passed over here.
type deep struct {
	Validator
	library *Library
	root    *fhir.Node
	issues  *issues
	steps   *int
	budget  *int // FHIRPath steps that are left
	depth   int  // of profiles within profiles
	memo    map[conformed]bool
	silent  bool // asked only whether there is an error
}

// conformed remembers whether a node satisfies a profile.
type conformed struct {
	node    *fhir.Node
	profile string
}

// issues is a list without duplicates.
type issues struct {
	list   []fault.Issue
	seen   map[fault.Issue]bool
	errors int
}

func (l *issues) add(i fault.Issue) {
	if i.Severity == "error" {
		l.errors++
	}
	if l.seen[i] {
		return
	}
	if len(l.seen) < 100*MaxIssues {
		l.seen[i] = true
	}
	if len(l.list) < MaxIssues {
		l.list = append(l.list, i)
		return
	}
	// An error takes the place of a finding that is none.
	if at := slices.IndexFunc(l.list, func(x fault.Issue) bool { return x.Severity != "error" }); at >= 0 && i.Severity == "error" {
		l.list = append(slices.Delete(l.list, at, at+1), i)
	}
}

// frame is the surroundings of an element: the resource that it belongs to and what that
// one stands in.
type frame struct {
	up        *frame
	resource  *fhir.Node
	contained bool       // the resource is contained in up.resource
	bundle    *fhir.Node // the nearest Bundle around it
	fullURL   string     // of the bundle's entry that it is in
}

// item is one element of an instance.
type item struct {
	node, extras *fhir.Node
	element      *definition.Element // nil for a whole resource
	typ          *definition.Type
	at           path
	frame        *frame
	names        []string // what the element may be called as the context of an extension
	host         []string // the names of what it stands in, for extensions
}

func (v Validator) full(n *fhir.Node, found []fault.Issue) []fault.Issue {
	t := definition.R4().ResourceType(n.Type())
	if t == nil {
		return found
	}
	d := &deep{Validator: v, library: v.Library, root: n, issues: &issues{seen: map[fault.Issue]bool{}}, steps: new(int), budget: new(int), memo: map[conformed]bool{}}
	if *d.budget = maxEvaluation; d.library == nil {
		d.library = Core()
	}
	for _, i := range found {
		d.issues.add(i)
	}
	it := item{node: n, typ: t, at: path(t.Name), frame: &frame{resource: n}}
	d.walk(it)
	for _, url := range v.Profiles {
		d.asked(it, url)
	}
	return d.issues.list
}

func (d *deep) report(severity, code string, at path, message string) {
	d.issues.add(fault.Issue{Severity: severity, Code: code, Message: message, Path: at.String()})
}

func (d *deep) error(code string, at path, message string) { d.report("error", code, at, message) }

// spend counts work; false when there is enough of it, which is an issue itself.
func (d *deep) spend() bool {
	*d.steps++
	if *d.steps == maxSteps {
		d.report("error", "too-costly", path(d.root.Type()), "the validation takes too many steps and was ended")
	}
	return *d.steps < maxSteps
}

// value is the element as FHIRPath sees it.
func (it item) value() (fhirpath.Value, bool) {
	if it.element == nil || it.typ != nil && it.typ.Kind == definition.Resource {
		return fhirpath.ResourceValue(it.node)
	}
	return fhirpath.ElementValue(it.element, it.typ, it.node, it.extras)
}

// shape describes the children.
func (it item) shape() *definition.Element {
	if it.element == nil || it.typ != nil && it.typ.Kind == definition.Resource {
		return it.typ.Root
	}
	return it.element.Shape(it.typ)
}

// content is the object that holds the children.
func (it item) content() *fhir.Node {
	if it.primitive() {
		return it.extras
	}
	return it.node
}

func (it item) primitive() bool { return it.typ != nil && it.typ.Kind == definition.Primitive }

// all gives every child of an item in the order of the members.
func (it item) all() []item {
	var out []item
	content, shape := it.content(), it.shape()
	if shape == nil {
		return nil
	}
	for _, m := range content.Members() {
		name := m.Name
		if strings.HasPrefix(name, "_") {
			if name = name[1:]; content.Get(name) != nil {
				continue
			}
		}
		if e, t := shape.Property(name); e != nil {
			out = it.append(out, e, t, content.Get(name), content.Get("_"+name))
		}
	}
	return out
}

// of gives the children of one element.
func (it item) of(e *definition.Element) []item {
	content, shape := it.content(), it.shape()
	if content.Kind() != fhir.Object || shape == nil {
		return nil
	}
	if !e.Choice {
		var t *definition.Type
		if len(e.Types) > 0 {
			t = e.Types[0].Type
		}
		return it.append(nil, e, t, content.Get(e.Name), content.Get("_"+e.Name))
	}
	var out []item
	for _, m := range content.Members() {
		name := strings.TrimPrefix(m.Name, "_")
		if !strings.HasPrefix(name, e.Name) || name != m.Name && content.Get(name) != nil {
			continue
		}
		if x, t := shape.Property(name); x == e {
			out = it.append(out, e, t, content.Get(name), content.Get("_"+name))
		}
	}
	return out
}

func (it item) append(out []item, e *definition.Element, t *definition.Type, n, extras *fhir.Node) []item {
	at := it.at.choice(e, t)
	if n.Kind() != fhir.Array && extras.Kind() != fhir.Array {
		return it.one(out, e, t, n, extras, at)
	}
	for i := range max(len(n.Items()), len(extras.Items())) {
		out = it.one(out, e, t, n.Item(i), extras.Item(i), at.item(i))
	}
	return out
}

func (it item) one(out []item, e *definition.Element, t *definition.Type, n, extras *fhir.Node, at path) []item {
	if n.Kind() == fhir.Null {
		n = nil
	}
	if extras.Kind() != fhir.Object || t == nil || t.Kind != definition.Primitive {
		extras = nil
	}
	if n == nil && extras == nil {
		return out
	}
	c := item{node: n, extras: extras, element: e, typ: t, at: at, frame: it.frame}
	switch {
	case t != nil && t.Kind == definition.Resource:
		if c.typ = definition.R4().ResourceType(n.Type()); c.typ == nil {
			return out
		}
		c.frame = it.frame.within(e, it.node, n)
	case c.primitive():
		if n.Kind() == fhir.Object || n.Kind() == fhir.Array {
			return out
		}
	case n.Kind() != fhir.Object:
		return out
	}
	return append(out, c)
}

// within is the frame of a resource that stands in an element of another one.
func (f *frame) within(e *definition.Element, parent, n *fhir.Node) *frame {
	in := &frame{up: f, resource: n, bundle: f.bundle, fullURL: f.fullURL}
	switch {
	case e.Name == "contained":
		in.contained = true
	case f.resource.Type() == "Bundle":
		in.bundle, in.fullURL = f.resource, parent.Str("fullUrl")
	}
	return in
}

// container is the resource that holds the contained resources which # names.
func (f *frame) container() *fhir.Node {
	for f.contained && f.up != nil {
		f = f.up
	}
	return f.resource
}

// resolve finds what a reference names within the root, or by Validator.Resolve.
func (d *deep) resolve(ref string, f *frame) (*fhir.Node, *frame) {
	if id, ok := strings.CutPrefix(ref, "#"); ok {
		holder := f
		for holder.contained && holder.up != nil {
			holder = holder.up
		}
		if id == "" {
			return holder.resource, holder
		}
		for _, c := range holder.resource.Get("contained").Items() {
			if c.ID() == id {
				return c, &frame{up: holder, resource: c, contained: true, bundle: holder.bundle, fullURL: holder.fullURL}
			}
		}
		return nil, nil
	}
	for up := f; up != nil; up = up.up {
		if n := parameterResource(up.resource, ref); n != nil {
			return n, &frame{up: up, resource: n}
		}
		if up.resource.Type() != "Bundle" {
			continue
		}
		if e := entryOf(up.resource, ref, f.fullURL); e != nil {
			return e.Get("resource"), &frame{up: up, resource: e.Get("resource"), bundle: up.resource, fullURL: e.Str("fullUrl")}
		}
	}
	if d.Resolve != nil {
		if n := d.Resolve(ref); n != nil {
			return n, &frame{resource: n}
		}
	}
	return nil, nil
}

// parameterResource finds a resource among those that Parameters hold.
func parameterResource(parameters *fhir.Node, ref string) *fhir.Node {
	if parameters.Type() != "Parameters" {
		return nil
	}
	typ, id, ok := fhirpath.SplitReference(ref)
	for _, p := range parameters.Get("parameter").Items() {
		if r := p.Get("resource"); ok && r.Type() == typ && r.ID() == id {
			return r
		}
	}
	return nil
}

// entryOf finds the entry of a Bundle that a reference names
// (http://hl7.org/fhir/R4/bundle.html#references); from is the fullUrl of where it stands.
func entryOf(bundle *fhir.Node, ref, from string) *fhir.Node {
	bare, version, versioned := strings.Cut(ref, "/_history/")
	full := bare
	if !hasScheme(bare) {
		if t, id, ok := fhirpath.SplitReference(from); ok && strings.HasSuffix(from, t+"/"+id) {
			full = strings.TrimSuffix(from, t+"/"+id) + bare
		}
	}
	typ, id, _ := fhirpath.SplitReference(bare)
	var loose *fhir.Node
	for _, e := range bundle.Get("entry").Items() {
		r := e.Get("resource")
		if r == nil || versioned && r.Str("meta", "versionId") != version {
			continue
		}
		if e.Str("fullUrl") == full {
			return e
		}
		if loose == nil && !hasScheme(bare) && full == bare && id != "" && r.Type() == typ && r.ID() == id {
			loose = e
		}
	}
	return loose
}

// walk checks an element and everything below it against R4 itself.
func (d *deep) walk(it item) {
	if !d.spend() {
		return
	}
	d.invariants(it)
	if it.element == nil || it.typ != nil && it.typ.Kind == definition.Resource {
		d.resource(it)
	} else {
		d.weakBinding(it)
	}
	d.element(it)
	for _, c := range it.all() {
		if x := c.content(); x.Get("extension") != nil || x.Get("modifierExtension") != nil {
			c.names = it.calls(c)
		}
		if c.typ != nil && c.typ.Name == "Extension" {
			c.host = hostNames(it)
		}
		d.walk(c)
	}
}

// calls gives the names by which extension contexts call a child: Patient.name, HumanName,
// Element.
func (it item) calls(c item) []string {
	if c.element == nil || c.typ != nil && c.typ.Kind == definition.Resource {
		return nil
	}
	names := []string{strings.TrimSuffix(c.element.Path, "[x]"), c.element.Path, c.element.Content().Path}
	if it.typ != nil && (it.element == nil || len(it.element.Children) == 0) {
		names = append(names, it.typ.Name+"."+c.element.Name)
	}
	for t := c.typ; t != nil; t = t.Base {
		names = append(names, t.Name)
	}
	if c.typ == nil {
		names = append(names, "BackboneElement", "Element")
	}
	return names
}

// element checks what belongs to one data type.
func (d *deep) element(it item) {
	if it.typ == nil {
		return
	}
	switch it.typ.Name {
	case "Extension":
		d.extension(it)
	case "Coding":
		d.coding(it)
	case "Attachment":
		d.attachment(it)
	case "Reference":
		d.referenced(it)
	case "canonical":
		if text := it.node.Text(); text != "" && !strings.HasPrefix(text, "#") && !hasScheme(text) {
			d.error("invalid", it.at, "a canonical URL is absolute or a fragment")
		}
	}
	if it.typ.Is("uri") {
		d.uri(it)
	}
	if it.typ.Is("string") {
		d.html(it)
	}
}

// uri checks the forms that a uri announces by its scheme.
func (d *deep) uri(it item) {
	text := it.node.Text()
	if strings.HasPrefix(text, "urn:uuid:") && !isUUID(text) {
		d.error("invalid", it.at, "a UUID is written in lower case and in its full length")
	}
	if strings.HasPrefix(text, "urn:oid:") && !isOID(text) {
		d.error("invalid", it.at, "an OID has another form")
	}
}

// attachment compares the stated size with the data.
func (d *deep) attachment(it item) {
	data, size := it.node.Get("data"), it.node.Get("size")
	if data == nil || size.Kind() != fhir.Number || !base64(data.Text()) {
		return
	}
	if n, err := strconv.Atoi(size.Text()); err == nil && n != decodedLen(data.Text()) {
		d.error("structure", it.at, "the stated size is not that of the data")
	}
}

func decodedLen(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; !space(c) && c != '=' {
			n++
		}
	}
	return n * 3 / 4
}

// html warns of text that a careless reader might show as markup.
func (d *deep) html(it item) {
	if it.typ.Name == "xhtml" || it.typ.Name == "markdown" {
		return
	}
	if text := it.node.Text(); markup(text) {
		d.report("warning", "invalid", it.at, "the text looks like HTML")
	}
}

// markup reports whether a text has something like a tag: < and a letter or / and, later, >.
func markup(s string) bool {
	for i := strings.IndexByte(s, '<'); i >= 0 && i+1 < len(s); {
		c := s[i+1] | 0x20
		if ('a' <= c && c <= 'z' || s[i+1] == '/' || s[i+1] == '!') && strings.IndexByte(s[i:], '>') > 0 {
			return true
		}
		next := strings.IndexByte(s[i+1:], '<')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}
