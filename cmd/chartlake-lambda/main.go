// Command chartlake-lambda is Chartlake as an AWS Lambda function (provided.al2023, executable
// bootstrap): documents that are put into a bucket are filed in HealthLake or another FHIR server.
// Its settings are environment variables; docs/guide/aws.md lists them.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"chartlake/aws"
	"chartlake/aws/comprehendmedical"
	"chartlake/aws/deadletter"
	"chartlake/aws/function"
	"chartlake/aws/healthlake"
	"chartlake/aws/textract"
	"chartlake/clinical"
	"chartlake/fault"
	"chartlake/form"
	"chartlake/pipeline"
	"chartlake/reader"
)

// version is set by the build.
var version = "devel"

func main() {
	reader.ChildMain(os.Args) // does not return in the confined child
	if err := run(context.Background(), os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "chartlake-lambda:", err)
		os.Exit(1)
	}
}

// run makes the function of its settings and handles events until the runtime ends it.
func run(ctx context.Context, get func(string) string) error {
	address := get("AWS_LAMBDA_RUNTIME_API")
	if address == "" {
		return fault.New(fault.Invalid, "no_runtime", "AWS_LAMBDA_RUNTIME_API is not set: this program is started by Lambda")
	}
	f, closer, err := open(ctx, get)
	if err != nil {
		return err
	}
	defer closer()
	return function.Run(ctx, address, f.Handle)
}

// open makes the function. Its parts are Amazon's unless a setting says own.
func open(ctx context.Context, get func(string) string) (*function.Function, func(), error) {
	config, err := aws.Load(ctx, aws.Config{})
	if err != nil {
		return nil, nil, err
	}
	to := healthlake.Config{URL: get("CHARTLAKE_FHIR"), Token: get("CHARTLAKE_FHIR_TOKEN")}
	if u, err := url.Parse(to.URL); err == nil && strings.HasSuffix(u.Hostname(), ".amazonaws.com") {
		to.AWS = &config
	}
	sink, err := healthlake.New(to)
	if err != nil {
		return nil, nil, err
	}
	own := get("CHARTLAKE_READ_BY") == "own"
	pages, err := reader.Open(reader.Config{CacheDir: cacheDir(get), NoOCR: !own})
	if err != nil {
		return nil, nil, err
	}
	closer := func() { _ = pages.Close() }
	engine, err := clinical.Open()
	if err != nil {
		closer()
		return nil, nil, err
	}
	stages := &pipeline.Stages{Reader: pages, Clinical: pipeline.Own{Engine: engine}, Program: version, Mode: pipeline.Commit,
		Us: form.Us{Names: list(get("CHARTLAKE_US_NAME")), NPIs: list(get("CHARTLAKE_US_NPI")), Faxes: list(get("CHARTLAKE_US_FAX"))}}
	f := &function.Function{AWS: config, Stages: stages, Sniff: pages.Sniff, Sink: sink, Log: slog.New(slog.NewJSONHandler(os.Stderr, nil))}
	if !own {
		by := textract.New(textract.Config{AWS: config, First: pages})
		stages.Reader = by
		f.In = func(bucket, key, version string) pipeline.Reader {
			return by.At(textract.Place{Bucket: bucket, Key: key, Version: version})
		}
	}
	if queue := get("CHARTLAKE_DEAD_LETTERS"); queue != "" {
		f.Dead = deadletter.New(config, queue)
	}
	if get("CHARTLAKE_ANNOTATE_BY") == "comprehend-medical" {
		stages.Clinical = comprehendmedical.New(config, engine)
	}
	return f, closer, nil
}

// list reads a setting of several values, one a line.
func list(v string) (out []string) {
	for _, s := range strings.Split(v, "\n") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
