package store

// Damage is one thing that Inspect found wrong.
type Damage struct {
	Code     string // one of the codes below; stable
	Subject  string // Type/id of a resource, or what the code says; never text from inside of one
	Repaired bool
}

// Codes of damage that a store finds in itself. docs/guide/operations.md says of each what it
// means and what repairing it does.
const (
	DatabasePages   = "database_pages"   // the database's own check; subject: how many faults
	CounterBehind   = "counter_behind"   // a counter is behind what it counts; subject: its name
	ResourceMissing = "resource_missing" // versions of a resource that has no row; subject: its number
	ResourceBehind  = "resource_behind"  // a resource is not at its newest version
	VersionGap      = "version_gap"      // versions are not dense from 1
	BodyDamaged     = "body_damaged"     // a version cannot be read; subject: Type/id/_history/n
	BodyOther       = "body_other"       // a version is of another resource
	IndexMissing    = "index_missing"    // a resource is not found by all that it says
	IndexExtra      = "index_extra"      // a resource is found by what it does not say
	ParamSingle     = "param_single"     // a parameter has several values and is not noted so; subject: its number
)
