package workload

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRecord: line by line the fields are those that a reader of the whole
// file finds.
func FuzzRecord(f *testing.F) {
	f.Add("time,key", "1,a")
	f.Add(`"t ""1""",key,cost`, `1,"a,b",3`)
	f.Add("a,b", `1,"open`)
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, line := range []string{first, second} {
			if strings.TrimSpace(line) == "" || strings.ContainsAny(line, "\r\n") {
				return // not a line
			}
		}
		whole := csv.NewReader(strings.NewReader(first + "\n" + second + "\n"))
		wanted, err := whole.Read()
		byLine := newRecord(',')
		got, gotErr := byLine.parse(first)
		if gotErr != nil {
			return // a quote without an end has spoilt the rest of the whole
		}
		require.NoError(t, err)
		require.Equal(t, wanted, got)
		wanted, err = whole.Read()
		got, gotErr = byLine.parse(second)
		require.Equal(t, err == nil, gotErr == nil, "%v, %v", err, gotErr)
		if err == nil {
			require.Equal(t, wanted, got)
		}
	})
}

func TestARecordWithoutAnEndSpoilsOnlyItself(t *testing.T) {
	r := newRecord(',')
	for range 2 {
		fields, err := r.parse(`1,"a, b"`)
		require.NoError(t, err)
		require.Equal(t, []string{"1", "a, b"}, fields)
		_, err = r.parse(`1,"a`)
		require.EqualError(t, err, `extraneous or missing " in quoted-field`)
		_, err = r.parse(`1,a,b`)
		require.EqualError(t, err, "it has 3 fields, the header 2")
	}
}
