package cloudformation

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// named finds what a template names: in Ref, Fn::GetAtt, Fn::Sub, Fn::If, Condition and DependsOn.
func named(v any, seen func(kind, name, attribute string)) {
	if fn, argument, ok := intrinsic(v); ok {
		switch list, _ := argument.([]any); fn {
		case "Ref":
			seen("ref", fmt.Sprint(argument), "")
		case "Condition":
			seen("condition", fmt.Sprint(argument), "")
		case "Fn::GetAtt":
			seen("attribute", fmt.Sprint(list[0]), fmt.Sprint(list[1]))
		case "Fn::If":
			seen("condition", fmt.Sprint(list[0]), "")
		case "Fn::Sub":
			for _, m := range withinRE.FindAllStringSubmatch(fmt.Sprint(argument), -1) {
				if name, attribute, dotted := strings.Cut(m[1], "."); dotted {
					seen("attribute", name, attribute)
				} else {
					seen("ref", m[1], "")
				}
			}
		}
		named(argument, seen)
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			named(inner, seen)
		}
	case []any:
		for _, inner := range v {
			named(inner, seen)
		}
	}
}

var withinRE = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// dangling are names that lead nowhere, and parameters and conditions that nothing names.
func dangling(t template, published schema) (out []string) {
	parameters, _ := t["Parameters"].(map[string]any)
	conditions, _ := t["Conditions"].(map[string]any)
	used := map[string]bool{}
	see := func(kind, name, attribute string) {
		used[name] = true
		resource := t.resources()[name]
		switch {
		case kind == "condition" && conditions[name] == nil:
			out = append(out, name+" is no condition")
		case kind == "condition", strings.HasPrefix(name, "AWS::"):
		case kind == "ref" && parameters[name] == nil && resource == nil:
			out = append(out, name+" is no parameter and no resource")
		case kind == "attribute" && resource == nil:
			out = append(out, name+" is no resource")
		case kind == "attribute":
			typ, _ := at(resource, "Type").(string)
			if !slices.Contains(published[typ+" @"], attribute) {
				out = append(out, fmt.Sprintf("%s (%s) has no attribute %s", name, typ, attribute))
			}
		}
	}
	for _, part := range []string{"Resources", "Outputs", "Conditions"} {
		named(t[part], see)
	}
	for name, r := range t.resources() {
		if c, ok := at(r, "Condition").(string); ok {
			see("condition", c, "")
		}
		if on, ok := at(r, "DependsOn").(string); ok && t.resources()[on] == nil {
			out = append(out, name+" waits for "+on+", which is no resource")
		}
	}
	for name := range parameters {
		if !used[name] {
			out = append(out, "parameter "+name+" is not used")
		}
	}
	for name := range conditions {
		if !used[name] {
			out = append(out, "condition "+name+" is not used")
		}
	}
	slices.Sort(out)
	return out
}

// unsafe are breaches of what must hold for a place that keeps records of patients.
func unsafe(t template) (out []string) {
	wrong := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	statements(t, func(s statement) { allowed(s, wrong) })
	byTLS := map[string]bool{} // buckets and queues that refuse everything else
	statements(t, func(s statement) {
		if s.effect == "Deny" && at(s.condition, "Bool", "aws:SecureTransport") == "false" && s.anybody() && slices.ContainsFunc(s.actions, func(a string) bool { return strings.HasSuffix(a, ":*") }) {
			byTLS[s.of] = true
		}
	})
	retained := func(name string, r any) {
		if at(r, "DeletionPolicy") != "Retain" || at(r, "UpdateReplacePolicy") != "Retain" {
			wrong("%s is lost with the stack", name)
		}
	}
	for name, r := range t.resources() {
		p := at(r, "Properties")
		switch at(r, "Type") {
		case "AWS::S3::Bucket":
			rules, _ := at(p, "BucketEncryption", "ServerSideEncryptionConfiguration").([]any)
			if len(rules) != 1 || at(rules[0], "ServerSideEncryptionByDefault", "SSEAlgorithm") != "aws:kms" || at(rules[0], "ServerSideEncryptionByDefault", "KMSMasterKeyID") == nil {
				wrong("%s is not sealed by the key", name)
			}
			for _, b := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
				if at(p, "PublicAccessBlockConfiguration", b) != true {
					wrong("%s may become public: %s", name, b)
				}
			}
			if at(p, "VersioningConfiguration", "Status") != "Enabled" {
				wrong("%s keeps no versions", name)
			}
			if !byTLS[name] {
				wrong("%s can be reached without TLS", name)
			}
			retained(name, r)
		case "AWS::SQS::Queue":
			if at(p, "KmsMasterKeyId") == nil {
				wrong("%s is not sealed by the key", name)
			}
			if !byTLS[name] {
				wrong("%s can be reached without TLS", name)
			}
		case "AWS::KMS::Key":
			if at(p, "EnableKeyRotation") != true {
				wrong("%s does not rotate", name)
			}
			retained(name, r)
		case "AWS::HealthLake::FHIRDatastore":
			if at(p, "SseConfiguration", "KmsEncryptionConfig", "CmkType") != "CUSTOMER_MANAGED_KMS_KEY" {
				wrong("%s is not sealed by the key", name)
			}
			retained(name, r)
		case "AWS::Logs::LogGroup":
			if at(p, "RetentionInDays") == nil || at(p, "KmsKeyId") == nil {
				wrong("%s has no end, or is not sealed", name)
			}
		case "AWS::CloudTrail::Trail":
			if at(p, "IsLogging") != true || at(p, "EnableLogFileValidation") != true || at(p, "KMSKeyId") == nil {
				wrong("%s does not run, or its files can be changed", name)
			}
		case "AWS::CloudWatch::Alarm":
			if list, _ := at(p, "AlarmActions").([]any); len(list) == 0 {
				wrong("%s tells nobody", name)
			}
		case "AWS::CloudWatch::Dashboard":
			if _, text, _ := intrinsic(at(p, "DashboardBody")); !json.Valid([]byte(fmt.Sprint(text))) {
				wrong("%s is no JSON", name)
			}
		case "AWS::Lambda::EventSourceMapping":
			source(t, name, p, wrong)
		case "AWS::Lambda::Function":
			environment(name, p, wrong)
		}
	}
	slices.Sort(out)
	return out
}

// source holds what feeds a function against the function and its queue.
func source(t template, name string, p any, wrong func(string, ...any)) {
	types, _ := at(p, "FunctionResponseTypes").([]any)
	if !slices.Contains(types, any("ReportBatchItemFailures")) {
		wrong("%s: messages do not fail one by one", name)
	}
	from, _ := at(p, "EventSourceArn", "Fn::GetAtt").([]any)
	function, _ := at(p, "FunctionName", "Ref").(string)
	if len(from) == 0 {
		return
	}
	queue := at(t.resources()[fmt.Sprint(from[0])], "Properties")
	hidden, _ := at(queue, "VisibilityTimeout").(int)
	if time, _ := at(t.resources()[function], "Properties", "Timeout").(int); hidden < 6*time || time == 0 {
		wrong("%s: a message must be hidden for six times the time of the function", name)
	}
	if at(queue, "RedrivePolicy", "deadLetterTargetArn") == nil {
		wrong("%s: a message that fails comes for ever", name)
	}
}

// environment holds the variables of a function against those that it reads.
func environment(name string, p any, wrong func(string, ...any)) {
	source, err := os.ReadFile(filepath.Join("..", "..", "cmd", "chartlake-lambda", "main.go"))
	if err != nil {
		wrong("%s: its program is not there: %v", name, err)
	}
	variables, _ := at(p, "Environment", "Variables").(map[string]any)
	for v := range variables {
		if !strings.Contains(string(source), `"`+v+`"`) {
			wrong("%s: %s is not read by the function", name, v)
		}
	}
}

// statement is a statement of a policy.
type statement struct {
	of        string // the resource that the policy is about, or the role that has it
	sid       string
	effect    string
	actions   []string
	resources []any
	principal any
	condition any
}

func (s *statement) anybody() bool { return s.principal == "*" || at(s.principal, "AWS") == "*" }

// statements visits every statement of every policy in the template.
func statements(t template, visit func(statement)) {
	list := func(v any) []any {
		if l, ok := v.([]any); ok {
			return l
		}
		return []any{v}
	}
	for name, r := range t.resources() {
		p := at(r, "Properties")
		of := name
		var documents []any
		switch at(r, "Type") {
		case "AWS::KMS::Key":
			documents = []any{at(p, "KeyPolicy")}
		case "AWS::S3::BucketPolicy":
			of, _ = at(p, "Bucket", "Ref").(string)
			documents = []any{at(p, "PolicyDocument")}
		case "AWS::SQS::QueuePolicy":
			of, _ = at(list(at(p, "Queues"))[0], "Ref").(string)
			documents = []any{at(p, "PolicyDocument")}
		case "AWS::IAM::ManagedPolicy":
			documents = []any{at(p, "PolicyDocument")}
		case "AWS::IAM::Role":
			for _, policy := range list(at(p, "Policies")) {
				if fn, branches, ok := intrinsic(policy); ok && fn == "Fn::If" {
					policy = list(branches)[1]
				}
				documents = append(documents, at(policy, "PolicyDocument"))
			}
		}
		for _, d := range documents {
			for _, v := range list(at(d, "Statement")) {
				s := statement{of: of, principal: at(v, "Principal"), condition: at(v, "Condition"), resources: list(at(v, "Resource"))}
				s.sid, _ = at(v, "Sid").(string)
				s.effect, _ = at(v, "Effect").(string)
				for _, a := range list(at(v, "Action")) {
					s.actions = append(s.actions, fmt.Sprint(a))
				}
				visit(s)
			}
		}
	}
}

// anyResource are actions that cannot name a resource (Service Authorization Reference, "Actions,
// resources, and condition keys for Amazon Textract", "... Comprehend Medical").
var anyResource = regexp.MustCompile(`^(textract|comprehendmedical):[A-Za-z0-9]+$`)

// allowed looks at a statement by itself.
func allowed(s statement, wrong func(string, ...any)) {
	if s.sid == "" {
		wrong("%s: a statement has no Sid, which says what it is for", s.of)
	}
	if s.effect == "Deny" {
		return
	}
	account := s.sid == "AccountAdministersItsKey" && strings.HasSuffix(fmt.Sprint(at(s.principal, "AWS", "Fn::Sub")), ":iam::${AWS::AccountId}:root")
	for _, a := range s.actions {
		if strings.Contains(a, "*") && !account {
			wrong("%s: %s allows %s", s.of, s.sid, a)
		}
		for _, r := range s.resources {
			if r == "*" && s.principal == nil && !anyResource.MatchString(a) {
				wrong("%s: %s allows %s on any resource", s.of, s.sid, a)
			}
		}
	}
	if s.anybody() {
		wrong("%s: %s allows something to anybody", s.of, s.sid)
	}
	if service := fmt.Sprint(at(s.principal, "Service")); at(s.principal, "Service") != nil && !strings.Contains(service, "logs.") {
		equals := at(s.condition, "StringEquals")
		if at(equals, "aws:SourceAccount") == nil && at(equals, "aws:SourceArn") == nil {
			wrong("%s: %s serves the resources of any account", s.of, s.sid)
		}
	}
}
