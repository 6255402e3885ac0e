package tune_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/progress"
	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/tune"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

var update = flag.Bool("update", false, "write the golden file anew")

func readLog(r io.Reader) (*workload.Workload, error) {
	return workload.ReadLog(r, "", workload.Fields{Key: []string{"host"}})
}

func shop() tune.Options {
	return tune.Options{
		Source:   "shop.log",
		Load:     tune.FromFile("testdata/shop.log", nil, readLog),
		Quota:    throttled.MustParseQuota("30/m; 200/h"),
		Goal:     advice.Clients,
		Sought:   quota.NoGoal,
		Deadline: 10 * time.Second,
	}
}

// TestTextOfTheShippedLog compares all but what is measured with the golden
// files: for a quota that is given, and for one that is looked for. Write them
// anew with -update.
func TestTextOfTheShippedLog(t *testing.T) {
	for file, quota := range map[string]string{"testdata/shop.golden": "30/m; 200/h", "testdata/which_quota.golden": ""} {
		options := shop()
		options.Quota = throttled.Quota{}
		if quota != "" {
			options.Quota = throttled.MustParseQuota(quota)
		}
		var text bytes.Buffer
		require.NoError(t, tune.Run(t.Context(), options, &text, io.Discard))
		if *update {
			require.NoError(t, os.WriteFile(file, text.Bytes(), 0o644))
		}
		golden, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(golden), text.String())
	}
}

// TestPageOfAQuotaThatWasFound has the picture to read it off.
func TestPageOfAQuotaThatWasFound(t *testing.T) {
	options := shop()
	options.Quota, options.Page = throttled.Quota{}, filepath.Join(t.TempDir(), "tune.html")
	require.NoError(t, tune.Run(t.Context(), options, io.Discard, io.Discard))
	page, err := os.ReadFile(options.Page)
	require.NoError(t, err)
	require.Contains(t, string(page), "345 quotas by what they deny to good clients and what they leave to the backend; advised is 5/s; 20/m, the knee is 25/10m")
	require.Contains(t, string(page), "Limit each client to 5/s; 20/m by fixed_window")
	require.NotContains(t, string(page), "NaN")
}

// TestNamedGoodClients: who is named good is not denied by what is found.
func TestNamedGoodClients(t *testing.T) {
	options := shop()
	options.Quota, options.Good = throttled.Quota{}, []string{"192.0.2.7", "203.0.113.66"}
	var text bytes.Buffer
	require.NoError(t, tune.Run(t.Context(), options, &text, io.Discard))
	require.Contains(t, text.String(), "- Good clients are those that are named so.\n")
	require.Contains(t, text.String(), "- It denies something to 0 of the 2 good clients (0.0%), 0 requests in all, and to ")
	options.Good = []string{"nobody"}
	require.ErrorContains(t, tune.Run(t.Context(), options, io.Discard, io.Discard), `none of the 1 clients named good is in the workload; a client of it is "192.0.2.7"`)
}

// TestEachFormatGetsTheSameAdvice: the same traffic, as each server would have
// logged it, makes the same report but for its name.
func TestEachFormatGetsTheSameAdvice(t *testing.T) {
	const dir = "../workload/testdata/formats/"
	formats := map[string]string{
		"nginx_log_format.log": `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time "$http_x_forwarded_for"`,
	}
	report := func(file string) string {
		options := shop()
		options.Quota = throttled.MustParseQuota("6/m")
		options.Load = tune.FromFile(dir+file, nil, func(r io.Reader) (*workload.Workload, error) {
			return workload.ReadLog(r, formats[file], workload.Fields{Key: []string{"host"}})
		})
		var text bytes.Buffer
		require.NoError(t, tune.Run(t.Context(), options, &text, io.Discard))
		return regexp.MustCompile("\nFormat: .*\n").ReplaceAllString(text.String(), "\n")
	}
	want := report("combined.log")
	require.Contains(t, want, "Recommendation: Use ")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 11)
	for _, file := range files {
		require.Equal(t, want, report(file.Name()), file.Name())
	}
}

func TestSpread(t *testing.T) {
	options := shop()
	options.Spread = true
	var text bytes.Buffer
	require.NoError(t, tune.Run(t.Context(), options, &text, io.Discard))
	require.Contains(t, text.String(), "the requests of a second were spread evenly over it")
}

func TestPage(t *testing.T) {
	options := shop()
	options.Source = "<shop> & log"
	options.Page = filepath.Join(t.TempDir(), "tune.html")
	var progress bytes.Buffer
	require.NoError(t, tune.Run(t.Context(), options, io.Discard, &progress))
	require.Contains(t, progress.String(), "wrote "+options.Page)
	bytes, err := os.ReadFile(options.Page)
	require.NoError(t, err)
	page := string(bytes)

	require.Equal(t, 2*4, strings.Count(page, "<svg"), "the uses, and a timeline for each three that answered alike, in two widths")
	require.Equal(t, 2*4, strings.Count(page, "</svg>"))
	require.Equal(t, 2*4, strings.Count(page, `<svg role="img" aria-label="`))
	for _, label := range []string{
		"requests over time with token_bucket, leaky_bucket, gcra: 348 of 2,263 requests denied", "requests over time with fixed_window",
		"the greatest use of each client in any 1m, the busiest first: 150, 70, 19, 19, 18, and less",
	} {
		require.Contains(t, page, `aria-label="`+label)
	}
	require.Contains(t, page, "&lt;shop&gt; &amp; log")
	require.Contains(t, page, "Algorithm: throttled.SlidingWindow")

	// Nothing is fetched: no script, and no address but the names of the formats.
	require.NotContains(t, page, "<script")
	require.NotRegexp(t, `(?i)(src|href)="?(https?:|//)|url\(|@import`, regexp.MustCompile(`xmlns(:xlink)?="[^"]*"`).ReplaceAllString(page, ""))
	require.NotContains(t, page, "<?xml")
	require.NotContains(t, page, "NaN")
}

func TestOneRequest(t *testing.T) {
	options := shop()
	options.Load = func(context.Context, *progress.Progress) (*workload.Workload, error) {
		return workload.ReadCSV(strings.NewReader("time,key,cost\n5.5,\"\x1b[1m<b>a client whose name is long</b>\",1\n"), workload.Columns{Time: "time", Key: []string{"key"}})
	}
	options.Page = filepath.Join(t.TempDir(), "tune.html")
	var text bytes.Buffer
	require.NoError(t, tune.Run(t.Context(), options, &text, io.Discard))
	require.Contains(t, text.String(), "It denied nothing")
	require.NotContains(t, text.String(), "\x1b", "a key may not speak to the terminal")
	require.Contains(t, text.String(), ` "\x1b[1m<b>a client who… `)
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	for want, change := range map[string]func(o *tune.Options){
		"testdata/none: no such file or directory": func(o *tune.Options) { o.Load = tune.FromFile("testdata/none", nil, readLog) },
		"standard input: none of the 1 lines is a request; line 1, \"what\"": func(o *tune.Options) {
			o.Load = tune.FromFile("-", strings.NewReader("what"), readLog)
		},
		"-spread is for times in whole seconds; those of shop.log are finer": func(o *tune.Options) {
			o.Spread = true
			o.Load = func(context.Context, *progress.Progress) (*workload.Workload, error) {
				return workload.Described{Keys: 1, Requests: 1, Per: 1, For: 10}.Generate()
			}
		},
		"none/tune.html: no such file or directory": func(o *tune.Options) { o.Page = "none/tune.html" },
		"invalid quota": func(o *tune.Options) { o.Quota = throttled.PerSecond(-1) },
	} {
		options := shop()
		change(&options)
		require.ErrorContains(t, tune.Run(t.Context(), options, io.Discard, io.Discard), want)
	}
}
