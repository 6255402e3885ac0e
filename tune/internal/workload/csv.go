package workload

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Columns are the names of the columns of a CSV file, as its header has them.
// Letter case does not matter.
type Columns struct {
	Time string
	Key  []string // several: a key of all of them together
	Cost string   // empty: the column "cost" if there is one, else each request costs 1

	Good string // says yes for a request of a good client; empty: nothing does

	Addresses Addresses
}

// ReadCSV reads a CSV file with a header, which may be compressed by gzip. Each
// record is one line; what separates its fields, a comma, a semicolon or a tab, is
// what the header has. A time is as RFC 3339 has it, or a Unix time in seconds
// (with decimals, if wanted), milliseconds, microseconds or nanoseconds, told
// apart by their size.
func ReadCSV(r io.Reader, columns Columns) (*Workload, error) {
	lines, err := newLines(r)
	if err != nil {
		return nil, err
	}
	header, err := lines.next()
	if err != nil {
		return nil, fmt.Errorf("it has no header: %w", err)
	}
	record := newRecord(separator(header))
	names, err := record.parse(header)
	if err != nil {
		return nil, fmt.Errorf("the header %q: %w", shorten(header), err)
	}
	at, err := columns.places(names)
	if err != nil {
		return nil, err
	}
	b := newBuilder()
	err = lines.each(b, func(text string) error {
		fields, err := record.parse(text)
		if err != nil {
			return err
		}
		return at.add(b, fields)
	})
	if err != nil {
		return nil, err
	}
	b.Format = "CSV"
	return b.finish()
}

// separator returns what separates the fields of a header: of a comma, a semicolon
// and a tab the one that it has most of outside of quotes.
func separator(header string) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range header {
		if quoted = quoted != (r == '"'); !quoted {
			counts[r]++
		}
	}
	best := ','
	for _, r := range ";\t" {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

// record parses the fields of one line at a time, so that a quote without an
// end spoils its own line and not all that follow.
type record struct {
	line   *strings.Reader
	reader *csv.Reader
}

func newRecord(separator rune) *record {
	line := strings.NewReader("")
	reader := csv.NewReader(line)
	reader.Comma = separator
	reader.ReuseRecord = true
	return &record{line, reader}
}

// parse returns the fields of a line, which must be as many as the first had.
func (r *record) parse(text string) ([]string, error) {
	r.line.Reset(text)
	fields, err := r.reader.Read()
	if fault, ok := errors.AsType[*csv.ParseError](err); ok {
		if errors.Is(err, csv.ErrFieldCount) {
			return nil, fmt.Errorf("it has %d fields, the header %d", len(fields), r.reader.FieldsPerRecord)
		}
		return nil, fault.Err // its line number is not that of the file
	}
	return fields, err
}

// places are those of the columns in a record; cost and good are -1 if there is
// none.
type places struct {
	time      int
	key       []int
	cost      int
	good      int
	addresses Addresses
}

func (c Columns) places(header []string) (at places, err error) {
	find := func(name string) int {
		return slices.IndexFunc(header, func(have string) bool { return strings.EqualFold(strings.TrimSpace(have), name) })
	}
	must := func(flag, name string) int {
		place := find(name)
		if place < 0 {
			err = errors.Join(err, fmt.Errorf("the header %q has no column %q; name the one that it has with -%s", strings.Join(header, ", "), name, flag))
		}
		return place
	}
	at = places{time: must("time-column", c.Time), cost: find("cost"), good: -1, addresses: c.Addresses}
	for _, key := range c.Key {
		at.key = append(at.key, must("key-column", key))
	}
	if c.Cost != "" {
		at.cost = must("cost-column", c.Cost)
	}
	if c.Good != "" {
		at.good = must("good-column", c.Good)
	}
	return at, err
}

// add adds the request of a record.
func (at places) add(b *builder, fields []string) error {
	instant, err := parseTime(strings.TrimSpace(fields[at.time]))
	if err != nil {
		return err
	}
	cost := int64(1)
	if at.cost >= 0 {
		text := strings.TrimSpace(fields[at.cost])
		if cost, err = strconv.ParseInt(text, 10, 64); err != nil {
			return fmt.Errorf("the cost %q is no whole number", text)
		}
	}
	parts := make([]string, len(at.key))
	for i, place := range at.key {
		parts[i] = at.addresses.one(fields[place])
	}
	if err := b.add(instant, joinKey(parts), cost); err != nil {
		return err
	}
	if at.good >= 0 {
		b.good(truthy(fields[at.good]))
	}
	return nil
}
