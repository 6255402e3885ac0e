package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// call runs the command and returns what it writes.
func call(in string, args ...string) (out, progress string, err error) {
	var o, p bytes.Buffer
	err = tuneCommand(context.Background(), args, streams{strings.NewReader(in), &o, &p})
	return o.String(), p.String(), err
}

func TestCommands(t *testing.T) {
	for _, args := range [][]string{nil, {"dance"}} {
		require.ErrorContains(t, run(t.Context(), args, streams{}), "say what to do first: load, report, tune")
	}
	require.ErrorContains(t, run(t.Context(), []string{"tune"}, streams{}), "0 workloads are given")
	require.ErrorContains(t, run(t.Context(), []string{"report"}, streams{}), "go -C bench run ./cmd/report")
}

func TestTuneUsage(t *testing.T) {
	out, usage, err := call("", "-h")
	require.NoError(t, err)
	require.Empty(t, out)
	require.Contains(t, usage, "Usage: throttled-bench tune [-quota QUOTA | -goal GOAL]")
	require.Contains(t, usage, "-key-column")
}

func TestTuneReadsEachSource(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		args []string
		want string
	}{
		"log": {
			`h - u [10/Oct/2000:12:00:00 +0000] "GET /a?b HTTP/1.1" 200 5`,
			[]string{"-log", "-", "-key", "path", "-log-cost", "bytes"},
			"Workload: standard input, 1 request of 1 client, cost 5\n",
		},
		"csv": {
			"at,who,price\n1,a,7\n2,b,1\n",
			[]string{"-csv", "-", "-time-column", "at", "-key-column", "who", "-cost-column", "price"},
			"Workload: standard input, 2 requests of 2 clients, cost 8\n",
		},
		"described": {
			"",
			[]string{"-rate", "100/s", "-keys", "3", "-zipf", "1.5", "-cost", "2-2", "-for", "1s", "-seed", "9"},
			"Workload: 100 in 1s for 1s by 3 keys (zipf 1.5) at a cost of 2 to 2, seed 9, ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := call(c.in, append([]string{"-quota", "5/s", "-passes", "0", "-sizes", "2, 3"}, c.args...)...)
			require.NoError(t, err)
			require.Contains(t, out, c.want)
			require.Contains(t, out, "\n  3        ", "a size that was asked for")
			require.Contains(t, out, "Recommendation: Use ")
		})
	}
}

// TestGoodClients: a field, a column or a list names them.
func TestGoodClients(t *testing.T) {
	list := filepath.Join(t.TempDir(), "good.txt")
	require.NoError(t, os.WriteFile(list, []byte("b\n\n 2001:db8::1\n"), 0o644))
	for name, c := range map[string]struct {
		in   string
		args []string
	}{
		"column": {"time,key,paying\n1,a,no\n2,b,yes\n3,b,\n4,2001:db8::2,true\n", []string{"-csv", "-", "-good-column", "paying"}},
		"field":  {`{"time":1,"who":"a","tier":0}{"time":2,"who":"b","tier":2}{"time":4,"who":"2001:db8::2","tier":1}`, []string{"-log", "-", "-key", "who", "-log-good", "tier"}},
		"list":   {"time,key\n1,a\n2,b\n4,2001:db8::2\n", []string{"-csv", "-", "-good", list}},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := call(strings.ReplaceAll(c.in, "}{", "}\n{"), append(c.args, "-passes", "0")...)
			require.NoError(t, err)
			require.Contains(t, out, "Good clients are those that are named so.")
			require.Contains(t, out, "0 of the 2 good clients")
		})
	}
}

func TestBadFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-rate 5/s -protect backend":                                    "-protect goes with -quota, which is not given",
		"-rate 5/s -goal nice":                                          `the goal "nice": give one or both of`,
		"-rate 5/s -quota 5/s -goal deny<=1%":                           "-quota gives a quota, and -goal says what one to look for",
		"-rate 5/s -good none.txt":                                      "open none.txt: no such file or directory",
		"-rate 5/s -good testdata/empty.txt":                            "testdata/empty.txt names no client; it has one key in each line",
		"-csv - -good-column":                                           "flag needs an argument: -good-column",
		"-quota 5/fortnight -rate 5/s":                                  `"5/fortnight"`,
		"-quota 5/s":                                                    "0 workloads are given; give one, with -log, -csv or -rate",
		"-quota 5/s -log a -csv b":                                      "2 workloads are given",
		"-quota 5/s access.log":                                         `"access.log" is no flag; give a file with -log or -csv`,
		"-quota 5/s -log a -keys 7":                                     "-keys goes with -rate, which is not given",
		"-quota 5/s -rate 5/s -key user":                                "-key goes with -log, which is not given",
		"-quota 5/s -rate 5/s -key-column user":                         "-key-column goes with -csv, which is not given",
		"-quota 5/s -log - -key colour":                                 `a line of combined has no field "colour"; it has host`,
		"-quota 5/s -log - -log-cost two":                               `a line of combined has no field "two"; it has host`,
		"-quota 5/s -log a -format haiku":                               "open a: no such file or directory",
		"-quota 5/s -log - -format haiku":                               `there is no format "haiku"`,
		"-quota 5/s -rate 5/s -ipv6-prefix 0":                           "-ipv6-prefix is 0; it must be from 1 to 128",
		"-quota 5/s -log ../throttled-bench":                            "../throttled-bench is a directory",
		"-quota 5/s -log a -protect me":                                 `-protect is "me"; it must be clients or backend`,
		"-quota 5/s -rate fast":                                         `-rate is "fast"; it must be like 20000/s`,
		"-quota 5/s -rate 5/s,6/m":                                      `-rate is "5/s,6/m"; it must be like 20000/s`,
		"-quota 5/s -rate 5/s -cost 1-":                                 `-cost is "1-"; it must be a number, or two like 1-10`,
		"-quota 5/s -rate 5/s -cost 3-1":                                "-cost is 3-1; it must be a number, or two like 1-10",
		"-quota 5/s -rate 5/s -zipf 0.5":                                "-zipf is 0.5; it must be above 1",
		"-quota 5/s -rate 5/s -zipf NaN":                                "-zipf is NaN; it must be above 1",
		"-quota 5/s -rate 5/s -deadline -1s":                            "-deadline is -1s; it must be 0 or more, like 10s",
		"-quota 5/s -rate 5/s -passes -1":                               "-passes is -1; it must be from 0 to 1000",
		"-quota 5/s -rate 5/s -sizes 8,0":                               `-sizes has "0"; give numbers from 1 to`,
		"-quota 5/s -rate 5/s -sizes many":                              `-sizes has "many"`,
		"-quota 5/s -rate 5/s -for soon":                                `invalid value "soon" for flag -for`,
		"-quota 5/s -csv testdata/none":                                 "none: no such file or directory",
		"-quota 5/s -rate 5/s -no":                                      "flag provided but not defined: -no",
		"-quota x -protect me -passes -1 -sizes x -rate slow -cost low": `"x"`,
	} {
		t.Run(args, func(t *testing.T) {
			_, _, err := call("", strings.Fields(args)...)
			require.ErrorContains(t, err, want)
		})
	}
	_, _, err := call("", "-quota", "x", "-protect", "me", "-passes", "-1", "-sizes", "x", "-rate", "slow", "-cost", "low")
	for _, want := range []string{"invalid quota", "-protect is", "-passes is", "-sizes has", "-rate is", "-cost is"} {
		require.ErrorContains(t, err, want, "everything at once")
	}
}
