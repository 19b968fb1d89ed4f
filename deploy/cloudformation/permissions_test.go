package cloudformation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// call is a call of a service that our code makes: "textract:AnalyzeDocument".
type call string

// needs are the actions that a call needs beside the one of its own name. Source: Service
// Authorization Reference; Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
var needs = map[call][]string{
	"s3:HeadObject": {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"}, // 404 instead of 403 takes ListBucket
	"s3:GetObject":  {"s3:GetObject", "s3:GetObjectVersion"},
	// The file is read by Textract with the permissions of the caller.
	"textract:StartDocumentAnalysis": {"textract:StartDocumentAnalysis", "s3:GetObject", "s3:GetObjectVersion"},
	// HealthLake's FHIR API is REST: the calls are those of package aws/healthlake.
	"healthlake:read":        {"healthlake:ReadResource"},
	"healthlake:search":      {"healthlake:SearchWithPost"},
	"healthlake:transaction": {"healthlake:ProcessBundle", "healthlake:CreateResource", "healthlake:UpdateResource"},
}

// byAmazon are actions that no call of ours stands for: a service does them in the function's name.
var byAmazon = map[string]string{
	"logs:CreateLogStream":   "Lambda writes the function's standard error to its log",
	"logs:PutLogEvents":      "the same",
	"sqs:ReceiveMessage":     "Lambda's event source mapping takes messages from the queue",
	"sqs:DeleteMessage":      "the same, once they were handled",
	"sqs:GetQueueAttributes": "the same, to know how many wait",
	"kms:Decrypt":            "objects, messages and the function's environment are sealed by the key",
	"kms:GenerateDataKey":    "a message that is set aside is sealed by the key",
}

// actions are what a call needs.
func (c call) actions() []string {
	if a := needs[c]; a != nil {
		return a
	}
	return []string{string(c)}
}

// TestPermissionsOfTheFunction: what its role allows is what its code calls, and back.
func TestPermissionsOfTheFunction(t *testing.T) {
	t.Parallel()
	_, tmpl := read(t)
	calls := reached(t)
	for _, must := range []call{"s3:GetObject", "textract:AnalyzeDocument", "comprehendmedical:DetectEntitiesV2", "sqs:SendMessage", "healthlake:transaction"} {
		if _, ok := calls[must]; !ok {
			t.Errorf("the code is not seen to call %s: this test is blind", must)
		}
	}
	needed := map[string]string{}
	for c, where := range calls {
		for _, a := range c.actions() {
			needed[a] = where
		}
	}
	for a, why := range byAmazon {
		needed[a] = why
	}
	compare(t, tmpl, "FunctionRole", needed)
}

// compare holds the statements that somebody has against what they need.
func compare(t *testing.T, tmpl template, of string, needed map[string]string) {
	t.Helper()
	have := map[string]bool{}
	statements(tmpl, func(s statement) {
		if s.of != of || s.effect != "Allow" {
			return
		}
		for _, a := range s.actions {
			have[a] = true
			if needed[a] == "" {
				t.Errorf("%s: statement %s allows %s, which nothing needs", of, s.sid, a)
			}
		}
	})
	for a, where := range needed {
		if !have[a] {
			t.Errorf("%s: no statement allows %s, which is needed by %s", of, a, where)
		}
	}
	if len(have) == 0 {
		t.Errorf("%s has no statements", of)
	}
}

// reached are the calls in what can be reached from cmd/chartlake-lambda, with the function that
// makes them. A call of Amazon's SDK is where its input is made (&service.GetObjectInput{}). Uses
// are found by name: those of an imported package there, methods in the function's own package.
// Whoever makes a thing of a package (New, or a literal) may be asked by others for all that it does, so then its
// exported methods are reached: rather too much than too little.
func reached(t *testing.T) map[call]string {
	t.Helper()
	g := graph{methods: map[string][]*function{}, functions: map[string]*function{}}
	for _, p := range packages(t, "chartlake/cmd/chartlake-lambda") {
		g.add(t, p)
	}
	start := g.functions["chartlake/cmd/chartlake-lambda.main"]
	if start == nil {
		t.Fatal("there is no main")
	}
	calls, seen := map[call]string{}, map[*function]bool{}
	for work := []*function{start}; len(work) > 0; {
		f := work[0]
		work = work[1:]
		if seen[f] {
			continue
		}
		seen[f] = true
		for _, c := range f.calls {
			calls[c] = f.name
		}
		for _, u := range f.uses {
			if to := g.functions[u]; to != nil {
				work = append(work, to)
			}
			work = append(work, g.methods[u]...)
		}
		for _, made := range f.made {
			for name, of := range g.methods {
				if method, ok := strings.CutPrefix(name, made+"."); ok && token.IsExported(method) {
					work = append(work, of...)
				}
			}
		}
	}
	return calls
}

// goPackage is a package with its files.
type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
}

// packages are the packages of ours that a program is made of: the program's own, and those of aws.
func packages(t *testing.T, program string) (out []goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles", program)
	cmd.Dir = filepath.Join("..", "..")
	data, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for d := json.NewDecoder(bytes.NewReader(data)); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == program || strings.HasPrefix(p.ImportPath, "chartlake/aws") {
			out = append(out, p)
		}
	}
	return out
}

// function is a function or method; its name, and those that it uses, are PACKAGE.NAME.
type function struct {
	name  string
	calls []call
	uses  []string
	made  []string // packages of which it makes things
}

type graph struct {
	methods   map[string][]*function // of several types
	functions map[string]*function
}

const sdkPath = "github.com/aws/aws-sdk-go-v2/service/"

func (g graph) add(t *testing.T, p goPackage) {
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		imports := map[string]string{}
		for _, i := range file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			as := path[strings.LastIndexByte(path, '/')+1:]
			if i.Name != nil {
				as = i.Name.Name
			}
			imports[as] = path
		}
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Body == nil {
				continue
			}
			f := &function{name: p.ImportPath + "." + decl.Name.Name}
			f.look(p.ImportPath, imports, decl.Body)
			if decl.Recv == nil {
				g.functions[f.name] = f
			} else {
				g.methods[f.name] = append(g.methods[f.name], f)
			}
		}
	}
}

// look notes what a body calls and uses.
func (f *function) look(in string, imports map[string]string, body ast.Node) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			of, _ := n.X.(*ast.Ident)
			if of == nil || imports[of.Name] == "" {
				f.uses = append(f.uses, in+"."+n.Sel.Name)
				return true
			}
			path := imports[of.Name]
			if service, ok := strings.CutPrefix(path, sdkPath); ok {
				if operation, ok := strings.CutSuffix(n.Sel.Name, "Input"); ok {
					f.calls = append(f.calls, call(service+":"+operation))
				}
			}
			f.uses = append(f.uses, path+"."+n.Sel.Name)
			if n.Sel.Name == "New" {
				f.made = append(f.made, path)
			}
			return false
		case *ast.CompositeLit:
			if of, ok := n.Type.(*ast.SelectorExpr); ok {
				if name, ok := of.X.(*ast.Ident); ok && imports[name.Name] != "" {
					f.made = append(f.made, imports[name.Name])
				}
			}
		case *ast.Ident:
			f.uses = append(f.uses, in+"."+n.Name)
		}
		return true
	})
	if strings.HasSuffix(in, "aws/healthlake") {
		f.overREST(body)
	}
}

// overREST notes calls of HealthLake's FHIR API.
func (f *function) overREST(body ast.Node) {
	get, post, path := false, false, ""
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			get, post = get || n.Sel.Name == "MethodGet", post || n.Sel.Name == "MethodPost"
		case *ast.BasicLit:
			path += n.Value
		}
		return true
	})
	switch {
	case get:
		f.calls = append(f.calls, "healthlake:read")
	case strings.Contains(path, "/_search"):
		f.calls = append(f.calls, "healthlake:search")
	case post && strings.Contains(path, "transaction-response"):
		f.calls = append(f.calls, "healthlake:transaction")
	}
}

// byAthena are what Athena does in the name of who asks (Athena User Guide, "Control access to Amazon S3
// from Athena", "Configure access to databases and tables"), and what is sealed by the key.
var byAthena = map[string]string{
	"glue:GetDatabase": "Athena", "glue:GetTable": "Athena", "glue:GetTables": "Athena", "glue:GetPartitions": "Athena",
	"s3:GetObject": "Athena reads tables and answers", "s3:PutObject": "Athena writes answers", "s3:AbortMultipartUpload": "Athena gives up an answer",
	"s3:ListBucket": "Athena finds the files of a table", "s3:GetBucketLocation": "Athena finds the bucket of answers",
	"kms:Decrypt": "tables are sealed by the key", "kms:GenerateDataKey": "answers are sealed by the key",
}

// TestPermissionsOfPeople: what smoke.sh does is what the two policies for people allow, and back.
func TestPermissionsOfPeople(t *testing.T) {
	t.Parallel()
	_, tmpl := read(t)
	script, err := os.ReadFile(filepath.Join("..", "smoke.sh"))
	if err != nil {
		t.Fatal(err)
	}
	operators := map[string]string{"kms:Decrypt": "messages are sealed by the key", "kms:GenerateDataKey": "documents are sealed by the key"}
	analysts := map[string]string{}
	for a, why := range byAthena {
		analysts[a] = why
	}
	for _, m := range regexp.MustCompile(`\baws ([a-z0-9]+) ([a-z0-9-]+)`).FindAllStringSubmatch(string(script), -1) {
		action := m[1] + ":" + camel(m[2])
		if m[1] == "s3" && m[2] == "cp" {
			action = "s3:PutObject"
		}
		where := fmt.Sprintf("smoke.sh: %s", m[0])
		if m[1] == "athena" {
			analysts[action] = where
		} else {
			operators[action] = where
		}
	}
	if len(operators) < 6 {
		t.Errorf("smoke.sh is not understood: %v", operators)
	}
	compare(t, tmpl, "Operators", operators)
	compare(t, tmpl, "Analysts", analysts)
}

func camel(command string) (out string) {
	for _, part := range strings.Split(command, "-") {
		out += strings.ToUpper(part[:1]) + part[1:]
	}
	return out
}

// TestPoliciesOfResources: what the key and the buckets allow to services is for the services that
// the template has, and no other statement is there.
func TestPoliciesOfResources(t *testing.T) {
	t.Parallel()
	_, tmpl := read(t)
	// Statements with the resources of the template that need them.
	var expected []string
	for sid, types := range map[string][]string{
		"AccountAdministersItsKey":  {"AWS::KMS::Key"},
		"BucketTellsEncryptedQueue": {"AWS::S3::Bucket", "AWS::SQS::Queue"},
		"LogsAreSealed":             {"AWS::Logs::LogGroup"},
		"TrailIsSealed":             {"AWS::CloudTrail::Trail"},
		"AlarmsAreSealed":           {"AWS::CloudWatch::Alarm", "AWS::SNS::Topic"},
		"BucketTells":               {"AWS::S3::Bucket", "AWS::SQS::Queue"},
		"TrailAsksWhoseBucket":      {"AWS::CloudTrail::Trail"},
		"TrailWrites":               {"AWS::CloudTrail::Trail"},
	} {
		found := false
		statements(tmpl, func(s statement) { found = found || s.sid == sid })
		if !found {
			t.Errorf("there is no statement %s", sid)
		}
		for _, typ := range types {
			if len(tmpl.of(typ)) == 0 {
				t.Errorf("statement %s is for a %s, and there is none", sid, typ)
			}
		}
		expected = append(expected, sid)
	}
	statements(tmpl, func(s statement) {
		if s.principal != nil && s.effect == "Allow" && !slices.Contains(expected, s.sid) {
			t.Errorf("%s: statement %s is for nobody that this test knows", s.of, s.sid)
		}
	})
}
