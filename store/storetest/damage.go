package storetest

import (
	"context"
	"slices"
	"testing"

	"chartlake/store"
)

// OpenHarmed makes an empty store and gives a way to change its database behind its back.
type OpenHarmed func(t testing.TB) (s store.Store, harm func(sql string, args ...any))

// Damage plants damage of every kind that Inspect knows, and holds it to finding each one, to
// touching nothing unless asked, and to leaving what is sound after a repair. texts are the tables
// of the index that texts stand in.
func Damage(t *testing.T, open OpenHarmed, texts ...string) {
	type damage struct {
		name, sql string
		want      []string // codes, each once
		stays     bool     // cannot be repaired
	}
	list := []damage{
		{name: "nothing", sql: `UPDATE document SET pages=pages`},
		{name: "index row lost", sql: `DELETE FROM token WHERE rid=(SELECT max(rid) FROM token)`, want: []string{store.IndexMissing}},
		{name: "date rows lost", sql: `DELETE FROM date`, want: []string{store.IndexMissing}},
		{name: "references lost", sql: `DELETE FROM reference`, want: []string{store.IndexMissing}},
		{name: "compartment lost", sql: `DELETE FROM compartment`, want: []string{store.IndexMissing}},
		{name: "composites lost", sql: `DELETE FROM composite`, want: []string{store.IndexMissing}},
		{name: "index row too much", sql: `INSERT INTO token (p, c, s, rid) SELECT p, c+1, s, rid FROM token WHERE rid=(SELECT max(rid) FROM token)`,
			want: []string{store.IndexExtra}},
		{name: "index rows of nobody", sql: `INSERT INTO uri (p, v, rid) SELECT min(p), 'http://nobody', 99999 FROM param`, want: []string{store.IndexExtra}},
		{name: "index row changed", sql: `UPDATE date SET lo=lo+86400000`, want: []string{store.IndexExtra, store.IndexMissing}},
		{name: "names lost", sql: `DELETE FROM system`, want: []string{store.IndexMissing}},
		{name: "several values forgotten", sql: `UPDATE param SET multi=0`, want: []string{store.ParamSingle}},
		{name: "row of a resource lost", sql: `DELETE FROM resource WHERE rid=(SELECT max(rid) FROM version)`, want: []string{store.ResourceMissing}},
		{name: "row of a resource behind", sql: `UPDATE resource SET version=1, seq=(SELECT min(v.seq) FROM version v WHERE v.rid=resource.rid) WHERE version=2`,
			want: []string{store.IndexExtra, store.IndexMissing, store.ResourceBehind}},
		{name: "version lost", sql: `DELETE FROM version WHERE version=1 AND rid IN (SELECT rid FROM resource WHERE version=2)`,
			want: []string{store.VersionGap}, stays: true},
		{name: "body damaged", sql: `UPDATE version SET body=substr(body, 2) WHERE seq=(SELECT max(seq) FROM version)`, want: []string{store.BodyDamaged}, stays: true},
		{name: "body of another", sql: `UPDATE version SET dict=(SELECT w.dict FROM version w WHERE w.seq=1), body=(SELECT w.body FROM version w WHERE w.seq=1)
			WHERE seq=(SELECT max(seq) FROM version)`, want: []string{store.BodyDamaged}, stays: true},
		{name: "id changed", sql: `UPDATE resource SET id='another' WHERE rid=(SELECT w.rid FROM version w WHERE w.seq=(SELECT max(x.seq) FROM version x))`,
			want: []string{store.BodyOther}, stays: true},
	}
	for _, table := range texts {
		list = append(list, damage{name: table + " lost", sql: `DELETE FROM ` + table, want: []string{store.IndexMissing}})
	}
	for _, tt := range list {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, harm := open(t)
			ctx := context.Background()
			fill(t, s)
			before := everything(t, s)
			inspect := func(repair bool) (codes []string, repaired int) {
				t.Helper()
				err := s.Inspect(ctx, repair, func(d store.Damage) {
					codes = append(codes, d.Code)
					if d.Repaired {
						repaired++
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				return codes, repaired
			}
			harm(tt.sql)
			for range 2 { // looking changes nothing
				codes, repaired := inspect(false)
				slices.Sort(codes)
				if codes = slices.Compact(codes); !slices.Equal(codes, tt.want) || repaired > 0 {
					t.Errorf("found %v, want %v; %d repaired without being asked", codes, tt.want, repaired)
				}
			}
			// What is repaired first is not found wrong by what is compared after it.
			codes, repaired := inspect(true)
			if (len(codes) == 0) != (len(tt.want) == 0) || !tt.stays && repaired != len(codes) || tt.stays && repaired > 0 {
				t.Errorf("repaired %d of %v", repaired, codes)
			}
			if tt.stays {
				if s.Check(ctx) == nil {
					t.Error("damage that stays is not told any more")
				}
				return
			}
			if codes, _ := inspect(false); len(codes) > 0 {
				t.Errorf("after the repair: %v", codes)
			}
			if err := s.Check(ctx); err != nil {
				t.Error(err)
			}
			if after := everything(t, s); !slices.Equal(before, after) {
				t.Errorf("found after the repair:\n%q\nbefore:\n%q", after, before)
			}
			// What comes next gets numbers and index rows as ever.
			do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","birthDate":"1999-01-01"}`)},
				store.Create{Resource: parse(t, `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`)})
			if err := s.Check(ctx); err != nil {
				t.Errorf("after a further write: %v", err)
			}
		})
	}
}

// fill writes resources with values of every search type.
func fill(t *testing.T, s store.Store) {
	t.Helper()
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","birthDate":"1961-11-02","identifier":[{"system":"http://h","value":"1"}],
		"name":[{"family":"Fairweather","given":["Ada with a name that is a good deal longer than what stands in the key of the index"]}]}`)})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o","status":"final","subject":{"reference":"Patient/p"},
		"code":{"coding":[{"system":"http://loinc.org","code":"2951-2"}],"text":"Sodium"},"effectiveDateTime":"2019-05-05",
		"valueQuantity":{"value":140,"system":"http://unitsofmeasure.org","code":"mmol/L"},
		"component":[{"code":{"coding":[{"system":"http://h","code":"a"}]},"valueCodeableConcept":{"coding":[{"system":"http://h","code":"b"}]}}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/q"},
		"period":{"start":"2020-01-01","end":"2020-01-02"}}`)},
		store.Update{Resource: parse(t, `{"resourceType":"ActivityDefinition","id":"a","status":"active","url":"http://h/a",
		"useContext":[{"code":{"system":"http://h","code":"age"},"valueQuantity":{"value":7}}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"AllergyIntolerance","id":"r","patient":{"reference":"Patient/p"},
		"reaction":[{"onset":"2020-01-01","manifestation":[{"text":"x"}]},{"onset":"2020-02-01","manifestation":[{"text":"x"}]}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Basic","id":"gone","code":{"text":"x"}}`)})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"ActivityDefinition","id":"a","status":"retired","url":"http://h/a",
		"useContext":[{"code":{"system":"http://h","code":"age"},"valueQuantity":{"value":8}}]}`)},
		store.Delete{Key: store.Key{Type: "Basic", ID: "gone"}})
}

// everything is what searches over the filled store find.
func everything(t *testing.T, s store.Store) (found []string) {
	t.Helper()
	for _, q := range []string{"Patient?birthdate=1961-11-02", "Patient?name=fairw", "Patient?name=fairweather", "Patient?family:exact=Fairweather", "Patient?birthdate=le1961-11", "Patient?identifier=http://h|1", "Patient?given:contains=longer",
		"Observation?subject=Patient/p", "Observation?code=http://loinc.org|2951-2", "Observation?date=2019-05-05", "Observation?value-quantity=140",
		"Observation?code-value-quantity=http://loinc.org|2951-2$140", "Observation?component-code-value-concept=http://h|a$http://h|b", "Encounter?subject=Patient/q", "ActivityDefinition?url=http://h/a",
		"ActivityDefinition?status=active", "ActivityDefinition?context-type-quantity=http://h|age$8", "AllergyIntolerance?onset=2020-02-01"} {
		found = append(found, q)
		found = append(found, all(t, s, anna, q)...)
	}
	confined := store.Actor{ID: "user:ben", Patients: []string{"p"}}
	found = append(found, all(t, s, confined, "Observation")...)
	return append(found, all(t, s, anna, "Basic?_id=gone")...)
}
