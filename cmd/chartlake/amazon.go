package main

import (
	"context"

	"chartlake/aws"
	"chartlake/aws/comprehendmedical"
	"chartlake/aws/kms"
	"chartlake/aws/textract"
	"chartlake/clinical"
	"chartlake/envelope"
	"chartlake/pipeline"
	"chartlake/reader"
)

// amazon are the engines of Amazon that take the place of ours. Region, credentials and addresses
// are Amazon's own settings (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL ...).
type amazon struct {
	ReadBy     string `help:"Who reads pages without a text layer: own, or textract (Amazon Textract; the pages leave this machine)." enum:"own,textract" default:"own" env:"CHARTLAKE_READ_BY"`
	AnnotateBy string `help:"Who finds clinical mentions: own, or comprehend-medical (Amazon Comprehend Medical; the text leaves this machine)." enum:"own,comprehend-medical" default:"own" env:"CHARTLAKE_ANNOTATE_BY"`
}

// readPages is Textract over the text layers of our reader.
func (a amazon) readPages(ctx context.Context, r *reader.Reader) (pipeline.Reader, error) {
	c, err := aws.Load(ctx, aws.Config{})
	if err != nil {
		return nil, err
	}
	return textract.New(textract.Config{AWS: c, First: r}), nil
}

// readText is Comprehend Medical beside the assertions of our engine.
func (a amazon) readText(ctx context.Context, c *clinical.Engine) (pipeline.Annotator, error) {
	config, err := aws.Load(ctx, aws.Config{})
	if err != nil {
		return nil, err
	}
	return comprehendmedical.New(config, c), nil
}

// sealer seals the master keys of a data folder by a key of KMS; nil where none is named.
func sealer(ctx context.Context, key string) (envelope.Sealer, error) {
	if key == "" {
		return nil, nil
	}
	c, err := aws.Load(ctx, aws.Config{})
	if err != nil {
		return nil, err
	}
	return kms.New(c, key), nil
}
