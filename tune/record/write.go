package record

import (
	"bufio"
	"encoding/csv"
	"strconv"
	"strings"
)

// run writes the records until there will be no more.
func (r *Recorder) run() {
	defer close(r.ended)
	buffer := bufio.NewWriter(r.options.Out)
	out := csv.NewWriter(buffer)
	r.write(out, []string{"time", "key", "cost", "allowed"})
	for e := range r.records {
		r.write(out, []string{strconv.FormatInt(e.at, 10), oneLine(e.key), strconv.FormatInt(e.cost, 10), strconv.FormatBool(e.allowed)})
		if r.err == nil {
			r.written.Add(1)
		} else {
			r.dropped.Add(1)
		}
		if len(r.records) == 0 {
			r.flush(out, buffer) // who looks at the file while little happens sees it all
		}
	}
	r.flush(out, buffer)
}

// write writes a line, unless writing has failed before.
func (r *Recorder) write(out *csv.Writer, fields []string) {
	if r.err == nil {
		r.err = out.Write(fields)
	}
}

func (r *Recorder) flush(out *csv.Writer, buffer *bufio.Writer) {
	if r.err != nil {
		return
	}
	out.Flush()
	if r.err = out.Error(); r.err == nil {
		r.err = buffer.Flush()
	}
}

// oneLine returns the key as it is, or quoted as in Go if it would not stand in
// one line.
func oneLine(key string) string {
	if strings.ContainsAny(key, "\r\n") {
		return strconv.Quote(key)
	}
	return key
}
