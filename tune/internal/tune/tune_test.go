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

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/progress"
	"github.com/throttled-go/throttled/tune/internal/tune"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

var update = flag.Bool("update", false, "write the golden file anew")

func readLog(r io.Reader) (*workload.Workload, error) {
	return workload.ReadLog(r, "", workload.Fields{Key: []string{"host"}})
}

func shop() tune.Options {
	return tune.Options{
		Source: "shop.log",
		Load:   tune.FromFile("testdata/shop.log", nil, readLog),
		Quota:  throttled.MustParseQuota("30/m; 200/h"),
		Goal:   advice.Clients,
	}
}

// TestTextOfTheShippedLog compares all but what is measured with
// testdata/shop.golden. Write that anew with -update.
func TestTextOfTheShippedLog(t *testing.T) {
	var text bytes.Buffer
	require.NoError(t, tune.Run(t.Context(), shop(), &text, io.Discard))
	if *update {
		require.NoError(t, os.WriteFile("testdata/shop.golden", text.Bytes(), 0o644))
	}
	golden, err := os.ReadFile("testdata/shop.golden")
	require.NoError(t, err)
	require.Equal(t, string(golden), text.String())
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

	require.Equal(t, 5, strings.Count(page, "<svg"), "a timeline for each algorithm")
	require.Equal(t, 5, strings.Count(page, "</svg>"))
	for _, algorithm := range []string{"token_bucket", "leaky_bucket", "gcra", "fixed_window", "sliding_window"} {
		require.Contains(t, page, `aria-label="requests over time with `+algorithm+`"`)
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
