package tagger

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"sort"

	"github.com/klauspost/compress/zstd"
)

//go:embed model.zst
var shipped []byte

// Shipped is the model that make train made. It is unpacked at each call.
func Shipped() (*Model, error) { return Load(shipped) }

// Model is a trained tagger: a table of weights by feature, and the transitions between
// labels. It is safe for many goroutines.
type Model struct {
	table      []place  // open addressing
	some       []uint64 // a bit for each of the keys' upper bits: most features that are asked for are not there
	weights    []byte   // of each feature: how many, then label and weight of each
	last       int      // where the weights of the newest feature begin
	shift      int      // of a key, for its first place
	features   int
	unit       float32
	powers     []float64 // the exponential of each count of steps of unit below zero
	start      []float64 // exponentials
	transition []float64
	writing    map[uint32][registers]int8 // logarithms of how often a word stands in each register, × 16
}

// quantum is the number of steps of a weight each side of zero.
const quantum = 127

// row is a feature and its weights.
type row struct {
	key     uint32
	weights [labelCount]int8
}

// model rounds the weights to 8 bits and drops those below least and features without any.
func (t *trainer) model(least float32) *Model {
	top := float32(0)
	for _, w := range t.weight {
		top = max(top, float32(math.Abs(float64(w))))
	}
	unit := top / quantum
	var kept []row
	for key, id := range t.index {
		r := row{key: key}
		for y, w := range t.weight[int(id)*labelCount : (int(id)+1)*labelCount] {
			if w >= least || w <= -least {
				r.weights[y] = int8(math.Round(float64(w / unit)))
			}
		}
		if r.weights != [labelCount]int8{} {
			kept = append(kept, r)
		}
	}
	sort.Slice(kept, func(i, j int) bool { return kept[i].key < kept[j].key })
	start, transition := t.exponentials()
	m := newModel(unit, start, transition, kept)
	m.writing = t.writing
	return m
}

func newModel(unit float32, start, transition []float64, rows []row) *Model {
	m := &Model{unit: unit, start: start, transition: transition}
	m.room(len(rows))
	for _, r := range rows {
		m.put(r.key)
		for y, w := range r.weights {
			if w != 0 {
				m.weight(y, byte(w))
			}
		}
	}
	return m
}

// room makes room for n features.
func (m *Model) room(n int) {
	m.powers = make([]float64, 1+int(-hopeless/math.Max(float64(m.unit), 1e-3)))
	for k := range m.powers {
		m.powers[k] = math.Exp(-float64(k) * float64(m.unit))
	}
	size := bits.Len(uint(n + n/3)) // at most three quarters full
	m.shift = 32 - size
	m.table, m.weights, m.features = make([]place, 1<<size), []byte{0}, n
	m.some = make([]uint64, 1<<max(0, size+someBits-6))
}

// someBits is the logarithm of how many bits there are for each place of the table: with eight,
// one feature in twelve that is not there is looked for in vain.
const someBits = 3

// bit gives the bit that is set where a feature may be there.
func (m *Model) bit(key uint32) (word *uint64, bit uint64) {
	at := key >> max(0, m.shift-someBits)
	return &m.some[at>>6&uint32(len(m.some)-1)], 1 << (at & 63)
}

// put begins a feature, which weight then gives its weights. In ascending order of the keys,
// which begin the search for a place with their upper bits, the table is filled from its begin.
func (m *Model) put(key uint32) {
	at := key >> m.shift
	for m.table[at].first != 0 {
		at = (at + 1) & uint32(len(m.table)-1)
	}
	m.table[at] = place{key, uint32(len(m.weights))}
	word, bit := m.bit(key)
	*word |= bit
	m.weights = append(m.weights, 0)
	m.last = len(m.weights) - 1
}

func (m *Model) weight(label int, w byte) {
	m.weights = append(m.weights, byte(label), w)
	m.weights[m.last]++
}

// place is where the weights of a feature begin; 0 where there is none.
type place struct{ key, first uint32 }

// sums are the scores of a word's labels in steps of the model's unit.
type sums [labelCount]int32

func (s *sums) plus(o *sums) {
	for y, v := range o {
		s[y] += v
	}
}

// add puts the weights of features to a word's scores.
func (m *Model) add(features []uint32, to *sums) {
	mask := uint32(len(m.table) - 1)
	for _, f := range features {
		if word, bit := m.bit(f); *word&bit == 0 {
			continue
		}
		at := f >> m.shift
		for m.table[at].first != 0 && m.table[at].key != f {
			at = (at + 1) & mask
		}
		if first := m.table[at].first; first != 0 {
			n := 2 * int(m.weights[first])
			for pairs := m.weights[first+1:][:n]; len(pairs) >= 2; pairs = pairs[2:] {
				to[pairs[0]] += int32(int8(pairs[1]))
			}
		}
	}
}

// Features is the number of features that have weights.
func (m *Model) Features() int { return m.features }

// magic begins a model file; the number goes up with the features or the labels.
const magic = "chartlake tagger 2\n"

// Save writes the model, packed.
func (m *Model) Save(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(magic)
	b.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(m.unit)))
	for _, v := range append(append([]float64(nil), m.start...), m.transition...) {
		b.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
	}
	places := make([]place, 0, m.features)
	for _, p := range m.table {
		if p.first != 0 {
			places = append(places, p)
		}
	}
	sort.Slice(places, func(i, j int) bool { return places[i].key < places[j].key })
	b.Write(binary.AppendUvarint(nil, uint64(len(places))))
	last := uint32(0)
	var keys, masks, weights []byte // apart, so that like stands beside like and packs well
	for _, p := range places {
		keys = binary.AppendUvarint(keys, uint64(p.key-last))
		last = p.key
		mask := uint64(0)
		for i := range int(m.weights[p.first]) {
			pair := m.weights[int(p.first)+1+2*i:]
			mask |= 1 << pair[0]
			weights = append(weights, pair[1])
		}
		masks = binary.AppendUvarint(masks, mask)
	}
	b.Write(keys)
	b.Write(masks)
	b.Write(weights)
	b.Write(binary.AppendUvarint(nil, uint64(len(m.writing))))
	words := make([]uint32, 0, len(m.writing))
	for w := range m.writing {
		words = append(words, w)
	}
	slices.Sort(words)
	for _, w := range words {
		b.Write(binary.LittleEndian.AppendUint32(nil, w))
		for _, v := range m.writing[w] {
			b.WriteByte(byte(v))
		}
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if _, err := z.Write(b.Bytes()); err != nil {
		return err
	}
	return z.Close()
}

// modelMax is the most that a model file unpacks to.
const modelMax = 256 << 20

// Load reads a model that Save wrote.
func Load(packed []byte) (*Model, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(modelMax))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	data, err := z.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("tagger: unpack the model: %w", err)
	}
	r := bytes.NewReader(data)
	head := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:len(magic)]) != magic {
		return nil, errors.New("tagger: not a model of this version")
	}
	unit := math.Float32frombits(binary.LittleEndian.Uint32(head[len(magic):]))
	numbers := make([]float64, labelCount+labelCount*labelCount)
	if err := binary.Read(r, binary.LittleEndian, numbers); err != nil {
		return nil, fmt.Errorf("tagger: read the transitions: %w", err)
	}
	m := &Model{unit: unit, start: numbers[:labelCount], transition: numbers[labelCount:]}
	if err := m.load(r); err != nil {
		return nil, fmt.Errorf("tagger: read the weights: %w", err)
	}
	if m.writing, err = loadWriting(r); err != nil {
		return nil, fmt.Errorf("tagger: read the registers: %w", err)
	}
	return m, nil
}

func loadWriting(r *bytes.Reader) (map[uint32][registers]int8, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	entry := make([]byte, 4+registers)
	if n > uint64(r.Len()/len(entry)) {
		return nil, io.ErrUnexpectedEOF
	}
	out := make(map[uint32][registers]int8, n)
	for range n {
		if _, err := io.ReadFull(r, entry); err != nil {
			return nil, err
		}
		var v [registers]int8
		for i := range v {
			v[i] = int8(entry[4+i])
		}
		out[binary.LittleEndian.Uint32(entry)] = v
	}
	return out, nil
}

// load reads the features: their keys, then the labels of each, then their weights.
func (m *Model) load(r *bytes.Reader) error {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return err
	}
	if n > uint64(r.Len()) {
		return io.ErrUnexpectedEOF
	}
	keys, masks, count := make([]uint32, n), make([]uint64, n), 0
	last := uint32(0)
	for i := range keys {
		d, err := binary.ReadUvarint(r)
		if err != nil {
			return err
		}
		last += uint32(d)
		keys[i] = last
	}
	for i := range masks {
		if masks[i], err = binary.ReadUvarint(r); err != nil {
			return err
		}
		if masks[i]>>labelCount != 0 {
			return errors.New("a label that there is not")
		}
		count += bits.OnesCount64(masks[i])
	}
	weights := make([]byte, count)
	if _, err := io.ReadFull(r, weights); err != nil {
		return err
	}
	m.room(int(n))
	m.weights = slices.Grow(m.weights, int(n)+2*count)
	for i, key := range keys {
		m.put(key)
		for mask := masks[i]; mask != 0; mask &= mask - 1 {
			m.weight(bits.TrailingZeros64(mask), weights[0])
			weights = weights[1:]
		}
	}
	return nil
}
