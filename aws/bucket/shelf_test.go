package bucket

import (
	"testing"

	"chartlake/aws/awstest"
	"chartlake/bulk/bulktest"
)

func TestBucketIsAShelf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		versions, old bool
		plan          func(int) awstest.Ill
	}{
		"plain":           {},
		"with versions":   {versions: true},
		"an old server":   {old: true},
		"through illness": {plan: awstest.Mixed(20, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := open(t, &awstest.S3{PageSize: 2, Versions: c.versions, Old: c.old}, nil, c.plan)
			bulktest.Shelf(t, s.Shelf())
		})
	}
}
