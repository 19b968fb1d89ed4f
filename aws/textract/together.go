package textract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/textract"
	"github.com/aws/aws-sdk-go-v2/service/textract/types"

	"chartlake/aws"
	"chartlake/document/textract"
	"chartlake/fault"
	"chartlake/reader"
)

// batchesMax bounds the answers of one analysis: 3,000 pages of some thousand blocks, 1,000 in each.
const batchesMax = 20_000

// together has the whole file analysed where it lies in S3. The analysis is named after the file
// and its place, so that a second run, or a second process, asks for the same one and pays once.
// Pages that it leaves out stay in f.at. Its blocks come page by page and are not kept.
func (f *reading) together(ctx context.Context, at Place) error {
	object := &types.S3Object{Bucket: &at.Bucket, Name: &at.Key}
	if at.Version != "" {
		object.Version = &at.Version
	}
	// Textract refuses a name that was used for an object elsewhere (IdempotentParameterMismatch).
	sum := sha256.Sum256([]byte(strings.Join([]string{f.doc.SHA256, at.Bucket, at.Key, at.Version}, "\x00")))
	job, err := f.client.StartDocumentAnalysis(ctx, &service.StartDocumentAnalysisInput{
		ClientRequestToken: sdk.String(hex.EncodeToString(sum[:])), FeatureTypes: features,
		DocumentLocation: &types.DocumentLocation{S3Object: object},
	})
	if err != nil {
		return f.instead(aws.Fault(ctx, "Textract", err))
	}
	first, err := f.wait(ctx, job.JobId)
	if err != nil || first == nil {
		return err
	}
	return f.take(ctx, job.JobId, first)
}

// instead lets pages be sent by themselves where Textract will not have the file: that costs no
// document. Everything else is an error.
func (f *reading) instead(err error) error {
	switch fault.KindOf(err) {
	case fault.Corrupt, fault.Unsupported, fault.TooLarge, fault.NotFound, fault.Invalid:
		return nil
	}
	return err
}

// wait asks for an analysis until it ends; nil where it failed.
func (f *reading) wait(ctx context.Context, job *string) (*service.GetDocumentAnalysisOutput, error) {
	pause := f.Poll
	for {
		out, err := f.client.GetDocumentAnalysis(ctx, &service.GetDocumentAnalysisInput{JobId: job})
		if err != nil {
			return nil, f.instead(aws.Fault(ctx, "Textract", err))
		}
		switch out.JobStatus {
		case types.JobStatusSucceeded, types.JobStatusPartialSuccess:
			return out, nil
		case types.JobStatusInProgress:
		default:
			return nil, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		pause = min(2*pause, 16*f.Poll)
	}
}

// take takes the answers one after the other, and each page once the next one begins.
func (f *reading) take(ctx context.Context, job *string, out *service.GetDocumentAnalysisOutput) error {
	var page []textract.Block
	for n := 0; ; n++ {
		for _, b := range blocks(out.Blocks) {
			if len(page) > 0 && page[0].Page != b.Page {
				if err := f.analysed(ctx, page); err != nil {
					return err
				}
				page = nil
			}
			page = append(page, b)
		}
		if sdk.ToString(out.NextToken) == "" || n == batchesMax {
			break
		}
		var err error
		out, err = f.client.GetDocumentAnalysis(ctx, &service.GetDocumentAnalysisInput{JobId: job, NextToken: out.NextToken})
		if err != nil {
			return aws.Fault(ctx, "Textract", err)
		}
	}
	return f.analysed(ctx, page)
}

// sightWidth is enough to know the shape of a page.
const sightWidth = 200

// analysed keeps a page of an analysis, if it is one that is wanted: its PAGE block is there.
func (f *reading) analysed(ctx context.Context, page []textract.Block) error {
	whole := false
	for i := range page {
		whole = whole || page[i].BlockType == "PAGE"
	}
	if !whole {
		return nil
	}
	number := max(page[0].Page, 1) // a file of one page may have no numbers
	f.mu.Lock()
	_, wanted := f.at[number]
	f.mu.Unlock()
	if !wanted {
		return nil
	}
	img, err := f.First.Picture(ctx, f.file, f.size, reader.Sight{Password: f.options.Password, Page: number, Width: sightWidth})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	at := image.Pt(85, 110) // a letter page
	if err == nil {
		at = img.Bounds().Size()
	}
	return f.keep(ctx, arranged(number, page, at))
}
