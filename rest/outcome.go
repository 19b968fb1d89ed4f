package rest

import (
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
)

// issueCodes are the exceptions from fault's table: codes of faults with a better IssueType.
var issueCodes = map[string]string{
	"unknown_parameter": "not-supported", "unknown_modifier": "not-supported", "modifier_unsupported": "not-supported",
	"unknown_operation": "not-supported", "unknown_type": "not-supported", "method_not_allowed": "not-supported", "audit_read_only": "not-supported",
	"version_conflict": "conflict", "bad_value": "value", "json_syntax": "structure", "json_duplicate_member": "structure",
	"json_depth": "too-costly", "json_trailing": "structure", "conditional_reference": "not-found", "no_criteria": "required",
}

// outcome shows an error. What is no fault says only that something failed.
func outcome(err error) *fhir.Node {
	f := fault.As(err)
	if f == nil || f.Kind == fault.Internal {
		return outcomeOf(issue("fatal", "exception", "the server failed", "", "internal"))
	}
	if len(f.Issues) > 0 {
		var list []*fhir.Node
		for _, i := range f.Issues {
			list = append(list, issue(i.Severity, i.Code, i.Message, i.Path, f.Code))
		}
		return outcomeOf(list...)
	}
	code := issueCodes[f.Code]
	if code == "" {
		code = fault.IssueType(err)
	}
	return outcomeOf(issue("error", code, f.Message, f.Path, f.Code))
}

func outcomeOf(issues ...*fhir.Node) *fhir.Node {
	return fhir.NewObject("resourceType", "OperationOutcome", "issue", issues)
}

// issue makes an issue; code is ours, stable, and stands in details.
func issue(severity, kind, text, path, code string) *fhir.Node {
	var where *fhir.Node
	if path != "" {
		where = fhir.NewArray(fhir.NewString(path))
	}
	details := fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", "https://chartlake.dev/fhir/CodeSystem/fault", "code", code)})
	if code == "" {
		details = nil
	}
	return fhir.NewObject("severity", severity, "code", kind, "details", details, "diagnostics", text, "expression", where)
}

func success() *fhir.Node {
	return outcomeOf(issue("information", "informational", "done", "", ""))
}

// single takes the path of the store's one command off a fault: Bundle.entry[0].x is x.
func single(err error) error {
	f := fault.As(err)
	if f == nil || !strings.HasPrefix(f.Path, "Bundle.entry[0]") {
		return err
	}
	return f.At(strings.TrimPrefix(strings.TrimPrefix(f.Path, "Bundle.entry[0]"), "."))
}
