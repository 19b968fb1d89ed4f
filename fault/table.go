package fault

type row struct {
	status int    // HTTP (numbers, because the stages that use faults may not import net/http)
	exit   int    // command line, spec of the exit codes in docs/guide/commands.md
	issue  string // http://hl7.org/fhir/issue-type
}

// table is the only place where a kind becomes something else.
var table = map[Kind]row{
	Internal:        {500, 1, "exception"},
	NotFound:        {404, 3, "not-found"},
	Conflict:        {409, 5, "conflict"},
	Gone:            {410, 3, "deleted"},
	Invalid:         {400, 5, "invalid"},
	Unauthenticated: {401, 9, "login"},
	Forbidden:       {403, 9, "forbidden"},
	TooLarge:        {413, 4, "too-costly"},
	Unsupported:     {415, 4, "not-supported"},
	Unavailable:     {503, 8, "transient"},
	Corrupt:         {422, 4, "structure"},
	Full:            {507, 8, "no-store"},
	Precondition:    {412, 5, "multiple-matches"},
}

// Status is the HTTP status of an error.
func Status(err error) int { return table[KindOf(err)].status }

// Exit is the command's exit code for an error; 0 for nil.
func Exit(err error) int {
	if err == nil {
		return 0
	}
	return table[KindOf(err)].exit
}

// IssueType is the code for OperationOutcome.issue.code.
func IssueType(err error) string { return table[KindOf(err)].issue }
