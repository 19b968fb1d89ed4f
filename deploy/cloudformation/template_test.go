// Package cloudformation has the template of the AWS deployment; there is no code beside its tests.
package cloudformation

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const file = "chartlake.yaml"

// template is a CloudFormation template as plain values: maps, lists, strings, numbers, booleans.
// An intrinsic is a map of one entry: Ref, Condition or Fn::NAME.
type template map[string]any

func parse(data []byte) (template, error) {
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		return nil, err
	}
	v, err := plain(n.Content[0])
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a template is a map")
	}
	return m, nil
}

func plain(n *yaml.Node) (any, error) {
	if tag := n.Tag; strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
		name := "Fn::" + tag[1:]
		if tag == "!Ref" || tag == "!Condition" {
			name = tag[1:]
		}
		inner := *n
		inner.Tag = ""
		if n.Kind == yaml.ScalarNode {
			inner.Tag = "!!str"
		}
		v, err := plain(&inner)
		if s, ok := v.(string); ok && tag == "!GetAtt" {
			name, attribute, _ := strings.Cut(s, ".")
			v = []any{name, attribute}
		}
		return map[string]any{name: v}, err
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if _, twice := out[key]; twice {
				return nil, fmt.Errorf("line %d: %s stands twice", n.Content[i].Line, key)
			}
			v, err := plain(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			out[key] = v
		}
		return out, nil
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, c := range n.Content {
			v, err := plain(c)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	var v any
	err := n.Decode(&v)
	return v, err
}

func read(t *testing.T) (string, template) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out, err := parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), out
}

// at walks into a value by names; nil where it leads nowhere.
func at(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

func (t template) resources() map[string]any {
	m, _ := t["Resources"].(map[string]any)
	return m
}

// of are the names of the resources of a type, in order.
func (t template) of(typ string) (names []string) {
	for name, r := range t.resources() {
		if at(r, "Type") == typ {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// intrinsic tells an intrinsic by its one name.
func intrinsic(v any) (name string, argument any, ok bool) {
	m, isMap := v.(map[string]any)
	if !isMap || len(m) != 1 {
		return "", nil, false
	}
	for name, argument = range m {
		ok = name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::")
	}
	return name, argument, ok
}

// mistakes are the checks that need nothing but the template.
func mistakes(t template, published schema) []string {
	out := append(published.check(t), dangling(t, published)...)
	return append(out, unsafe(t)...)
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	_, tmpl := read(t)
	for _, m := range mistakes(tmpl, readSchema(t)) {
		t.Error(m)
	}
}

// TestPlantedMistakes: each mistake is found, by the check that is there for it.
func TestPlantedMistakes(t *testing.T) {
	t.Parallel()
	text, _ := read(t)
	published := readSchema(t)
	for name, c := range map[string]struct{ old, new, want string }{
		"a property that there is not":    {"EnableKeyRotation:", "EnableKeyRotations:", "has no property EnableKeyRotations"},
		"a property deep inside":          {"SSEAlgorithm:", "SSEAlgorith:", "has no property SSEAlgorith"},
		"a type that there is not":        {"Type: AWS::HealthLake::FHIRDatastore", "Type: AWS::HealthLake::Datastore", "is of no known type"},
		"what a resource must have":       {"      DatastoreTypeVersion: R4\n", "", "needs DatastoreTypeVersion"},
		"a value that there is not":       {"DatastoreTypeVersion: R4", "DatastoreTypeVersion: R5", "is none of R4"},
		"a parameter that there is not":   {"!Ref AlarmEmail}", "!Ref AlarmMail2}", "AlarmMail2"},
		"a resource that there is not":    {"FunctionName: !Ref Function\n", "FunctionName: !Ref Func\n", "Func is no"},
		"an attribute that there is not":  {"!GetAtt Queue.Arn\n      FunctionName", "!GetAtt Queue.ARN\n      FunctionName", "has no attribute ARN"},
		"a name within a text":            {"s3://${Tables}/answers/", "s3://${Table}/answers/", "Table is no"},
		"a condition that there is not":   {"Condition: MakesStore", "Condition: MakeStore", "MakeStore"},
		"a parameter that nobody uses":    {"  UsFax:\n", "  UsFaxes:\n    Type: String\n  UsFax:\n", "UsFaxes is not used"},
		"any action":                      {"Action: sqs:SendMessage\n                Resource: !GetAtt DeadLetters.Arn", "Action: \"sqs:*\"\n                Resource: !GetAtt DeadLetters.Arn", "SetAside allows sqs:*"},
		"any resource":                    {"Action: [s3:GetObject, s3:GetObjectVersion]\n                Resource: !Sub \"${Documents.Arn}/*\"", "Action: [s3:GetObject, s3:GetObjectVersion]\n                Resource: \"*\"", "on any resource"},
		"anybody":                         {"Principal: {Service: s3.amazonaws.com}\n            Action: sqs:SendMessage", "Principal: \"*\"\n            Action: sqs:SendMessage", "to anybody"},
		"any account's bucket":            {"            Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}\n          - Sid: OnlyByTLS", "          - Sid: OnlyByTLS", "of any account"},
		"a bucket in clear":               {"      BucketEncryption:\n        ServerSideEncryptionConfiguration:\n          - BucketKeyEnabled: true\n            ServerSideEncryptionByDefault: {SSEAlgorithm: \"aws:kms\", KMSMasterKeyID: !GetAtt Key.Arn}\n      VersioningConfiguration: {Status: Enabled}\n      PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}\n      OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}\n      LifecycleConfiguration:\n        Rules:\n          - Id: answers", "      LifecycleConfiguration:\n        Rules:\n          - Id: answers", "Tables is not sealed"},
		"a public bucket":                 {"RestrictPublicBuckets: true", "RestrictPublicBuckets: false", "may become public"},
		"a bucket without versions":       {"VersioningConfiguration: {Status: Enabled}", "VersioningConfiguration: {Status: Suspended}", "keeps no versions"},
		"a bucket without TLS":            {"Bucket: !Ref Documents\n", "Bucket: !Ref Tables\n", "Documents can be reached without TLS"},
		"a bucket that ends":              {"  Documents:\n    Type: AWS::S3::Bucket\n    DependsOn: QueuePolicy\n    DeletionPolicy: Retain", "  Documents:\n    Type: AWS::S3::Bucket\n    DependsOn: QueuePolicy\n    DeletionPolicy: Delete", "Documents is lost with the stack"},
		"a queue in clear":                {"  DeadLetters:\n    Type: AWS::SQS::Queue\n    Properties:\n      KmsMasterKeyId: !Ref Key\n", "  DeadLetters:\n    Type: AWS::SQS::Queue\n    Properties:\n", "DeadLetters is not sealed"},
		"messages that come too early":    {"VisibilityTimeout: 5400", "VisibilityTimeout: 900", "six times"},
		"a batch that fails as one":       {"      FunctionResponseTypes: [ReportBatchItemFailures]\n", "", "fail one by one"},
		"no dead letters":                 {"      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 5}\n", "", "for ever"},
		"a key that does not rotate":      {"EnableKeyRotation: true", "EnableKeyRotation: false", "does not rotate"},
		"a log without end":               {"      RetentionInDays: !Ref LogDays\n", "", "has no end"},
		"a trail that stands":             {"IsLogging: true", "IsLogging: false", "Trail does not run"},
		"an alarm that nobody hears":      {"      Threshold: 840000\n      ComparisonOperator: GreaterThanThreshold\n      TreatMissingData: notBreaching\n      AlarmActions: [!Ref Alarms]\n", "      Threshold: 840000\n      ComparisonOperator: GreaterThanThreshold\n      TreatMissingData: notBreaching\n", "SlowAlarm tells nobody"},
		"a dashboard that is none":        {"{\"widgets\": [", "{\"widgets\": [[", "is no JSON"},
		"an environment that is not read": {"CHARTLAKE_DEAD_LETTERS:", "CHARTLAKE_DEADLETTERS:", "CHARTLAKE_DEADLETTERS is not read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(text, c.old) {
				t.Fatalf("nothing to plant the mistake in: %q", c.old)
			}
			planted, err := parse([]byte(strings.Replace(text, c.old, c.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if found := mistakes(planted, published); !strings.Contains(strings.Join(found, "\n"), c.want) {
				t.Errorf("want %q in %q", c.want, found)
			}
		})
	}
	if _, err := parse([]byte("Resources: {A: 1, A: 2}")); err == nil {
		t.Error("a name that stands twice is not found")
	}
}
