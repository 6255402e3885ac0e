package workload_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/tune/internal/workload"
)

const second = int64(time.Second)

var columns = workload.Columns{Time: "time", Key: []string{"key"}}

func readCSV(text string) (*workload.Workload, error) {
	return workload.ReadCSV(strings.NewReader(text), columns)
}

func TestReadCSV(t *testing.T) {
	w, err := readCSV("\ufeffKey, cost ,time,note\r\n" +
		"a,2,10,\r\n" +
		"\r\n" +
		"\"b, c\",0,11.5,x\r\n" +
		"a,1,1970-01-01T00:00:09Z,late\r\n" +
		"a,7,10,no end of the line")
	require.NoError(t, err)
	require.Equal(t, &workload.Workload{
		Keys: []string{"a", "b, c"},
		Requests: []workload.Request{
			{At: 9 * second, Cost: 1, Key: 0},
			{At: 10 * second, Cost: 2, Key: 0},
			{At: 10 * second, Cost: 7, Key: 0},
			{At: 11*second + second/2, Cost: 0, Key: 1},
		},
		Reordered: 2,
		Format:    "CSV",
	}, w)
	require.Equal(t, int64(10), w.Cost())
	first, last := w.Span()
	require.Equal(t, []int64{9 * second, 11*second + second/2}, []int64{first, last})
	require.False(t, w.WholeSeconds())
}

func TestReadCSVColumns(t *testing.T) {
	const text = "user,at,price\nu,5,3\n"
	w, err := workload.ReadCSV(strings.NewReader(text), workload.Columns{Time: "AT", Key: []string{"user"}, Cost: "price"})
	require.NoError(t, err)
	require.Equal(t, []workload.Request{{At: 5 * second, Cost: 3}}, w.Requests)

	w, err = workload.ReadCSV(strings.NewReader(text), workload.Columns{Time: "at", Key: []string{"user"}})
	require.NoError(t, err)
	require.Equal(t, []workload.Request{{At: 5 * second, Cost: 1}}, w.Requests, "without a column named cost, each is 1")

	_, err = workload.ReadCSV(strings.NewReader(text), workload.Columns{Time: "when", Key: []string{"who"}, Cost: "what"})
	for _, want := range []string{
		`the header "user, at, price" has no column "when"; name the one that it has with -time-column`, "-key-column", "-cost-column",
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestBadLinesAreCountedAndTheFirstAreKept(t *testing.T) {
	w, err := readCSV("time,key,cost\n" +
		"soon,a,1\n" + "1,a,1\n" + "1,a\n" + "1,,1\n" + "1,a,-1\n" + "1,a,1.5\n" + "1,\"a,1\n" + "1,a,281474976710656\n" + "99999999999,a,1\n")
	require.NoError(t, err)
	require.Len(t, w.Requests, 1)
	require.Equal(t, workload.Faults{Count: 8, First: []workload.Fault{
		{2, "soon,a,1", `the time "soon" is not like 2006-01-02T15:04:05Z, 2006-01-02 15:04:05 (in UTC), 10/Oct/2000:13:55:36 -0700 or a Unix time in seconds, ms, µs or ns`},
		{4, "1,a", "it has 2 fields, the header 3"},
		{5, "1,,1", "the key is empty"},
		{6, "1,a,-1", "the cost is -1; it must be from 0 to 281474976710655"},
		{7, "1,a,1.5", `the cost "1.5" is no whole number`},
	}}, w.Unreadable)
}

func TestALineThatIsTooLongDoesNotEndTheReading(t *testing.T) {
	w, err := readCSV("time,key\n1,a\n2," + strings.Repeat("é", 1<<20) + "\n3,b\n")
	require.NoError(t, err)
	require.Len(t, w.Requests, 2)
	require.Equal(t, 1, w.Unreadable.Count)
	fault := w.Unreadable.First[0]
	require.Equal(t, 3, fault.Line)
	require.Equal(t, "it is longer than 1048576 bytes", fault.Why)
	require.Equal(t, "2,"+strings.Repeat("é", 49)+"…", fault.Text)
}

func TestCostsThatWouldOverflowAreRefused(t *testing.T) {
	var text strings.Builder
	text.WriteString("time,key,cost\n")
	const most = 1<<48 - 1
	for range 1<<14 + 1 {
		fmt.Fprintf(&text, "1,a,%d\n", int64(most))
	}
	w, err := readCSV(text.String())
	require.NoError(t, err)
	require.Equal(t, 1, w.Unreadable.Count)
	require.Contains(t, w.Unreadable.First[0].Why, "add up to more than 2^62")
	require.Equal(t, int64(1<<14)*most, w.Cost())
}

func TestNothingToRead(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "it has no header: EOF",
		"\n\n":                 "it has no header: EOF",
		"\"time,key\n":         `the header "\"time,key"`,
		"time,key\n":           "there is no request in it",
		"time,key\nx,a\n1,,\n": `none of the 2 lines is a request; line 2, "x,a"`,
	} {
		_, err := readCSV(text)
		require.ErrorContains(t, err, want)
	}
}

func TestReadAccessLog(t *testing.T) {
	const log = `192.0.2.1 - u [10/Oct/2000:12:00:01 +0000] "GET /a HTTP/1.1" 200 10 "-" "x"
rubbish
192.0.2.2 - - [10/Oct/2000:13:00:00 +0100] "GET /a HTTP/1.1" 304 - "-" "x"
`
	noon := time.Date(2000, time.October, 10, 12, 0, 0, 0, time.UTC).UnixNano()
	w, err := workload.ReadLog(strings.NewReader(log), "", workload.Fields{Key: []string{"host"}})
	require.NoError(t, err)
	require.Equal(t, []string{"192.0.2.1", "192.0.2.2"}, w.Keys)
	require.Equal(t, []workload.Request{{At: noon, Cost: 1, Key: 1}, {At: noon + second, Cost: 1, Key: 0}}, w.Requests)
	require.Equal(t, 1, w.Reordered)
	require.Equal(t, []workload.Fault{{2, "rubbish", "there is no time in brackets"}}, w.Unreadable.First)
	require.True(t, w.WholeSeconds())

	w, err = workload.ReadLog(strings.NewReader(log), "", workload.Fields{Key: []string{"user"}, Cost: "bytes"})
	require.NoError(t, err)
	require.Equal(t, []workload.Request{{At: noon + second, Cost: 10}}, w.Requests)
	require.Equal(t, 2, w.Unreadable.Count, "a request without a user has no key")
}

func TestGzip(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte("time,key\n1,a\n"))
	require.NoError(t, err)
	require.NoError(t, z.Close())

	w, err := workload.ReadCSV(bytes.NewReader(packed.Bytes()), columns)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, w.Keys)

	_, err = workload.ReadCSV(bytes.NewReader(packed.Bytes()[:packed.Len()-6]), columns)
	require.ErrorContains(t, err, "unexpected EOF")
	_, err = workload.ReadCSV(strings.NewReader("\x1f\x8bno"), columns)
	require.ErrorContains(t, err, "it begins like gzip, but:")
}

func TestSpread(t *testing.T) {
	w, err := readCSV("time,key\n1,a\n1,b\n1,a\n1,a\n2,a\n4,a\n4,a\n")
	require.NoError(t, err)
	w.Spread()
	var at []int64
	for _, r := range w.Requests {
		at = append(at, r.At/int64(time.Millisecond))
	}
	require.Equal(t, []int64{1000, 1250, 1500, 1750, 2000, 4000, 4500}, at)
}
