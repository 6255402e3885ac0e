package httplimit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/dunglas/httpsfv"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/contrib/httplimit"
)

// FuzzRateLimit reads any RateLimit beside a library that knows RFC 9651.
func FuzzRateLimit(f *testing.F) {
	for _, seed := range []string{
		"", " ", `"a";r=1;t=2`, `"a";r=1, "b";r=0;t=99999999999`, `"a\"\\";pk=:YQ==:;r=1`, `"a";r=1.5`, `"a";r=1;r=2`, `"a";r=-1`, `a;r=1`, `("a");r=1`, `"a";r=1,`,
		`"a";r=1;x=?1;y=@-1;z=%"%c3%a9";*a=*b:/;t`, `"a"; r=999999999999999`, "\t\"a\";r=1", "\"a\";r=1 \t,\t\"b\";r=1 ", `limit=100, remaining=50, reset=30`, `"é";r=1`, `"a";r=1;x=-.5`, `"a";r=1;x=1.2345`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		names, numbers, ok := httplimit.ParseRateLimit(line)
		wantNames, wantNumbers, want := byTheBook(line)
		require.Equal(t, want, ok, "%q", line)
		if ok {
			require.Equal(t, wantNames, names, "%q", line)
			require.Equal(t, wantNumbers, numbers, "%q", line)
		}
	})
}

// FuzzAdvice reads any older field: it asks for a wait that is not negative.
func FuzzAdvice(f *testing.F) {
	for _, seed := range []string{"", "5", "0;w=60", "1.5", "1767225630", "1767225630500", "1e9", "6m0s", "-1", "99999999999999999999", ".5", "5.", "2026-01-01T00:00:30Z", "Thu, 01 Jan 2026 00:00:30 GMT", "9223372036.9", "292277026596y"} {
		f.Add("0", seed, seed)
	}
	f.Fuzz(func(t *testing.T, remaining, reset, after string) {
		now := time.Unix(1767225600, 0)
		for _, res := range []*http.Response{
			saying(http.StatusOK, "X-RateLimit-Remaining: "+remaining, "X-RateLimit-Reset: "+reset),
			saying(http.StatusOK, "RateLimit: remaining="+remaining+", reset="+reset),
			saying(http.StatusTooManyRequests, "Retry-After: "+after),
			saying(http.StatusTooManyRequests, "Retry-After-Ms: "+after, "Date: "+reset),
		} {
			require.GreaterOrEqual(t, httplimit.AdviceOf(res, now), time.Duration(0), "%v", res.Header)
		}
	})
}

// byTheBook parses a RateLimit by a library.
func byTheBook(line string) (names []string, numbers [][2]int64, ok bool) {
	list, err := httpsfv.UnmarshalList([]string{line})
	if err != nil || len(list) == 0 {
		return nil, nil, false
	}
	for _, member := range list {
		item, ok := member.(httpsfv.Item)
		if !ok {
			return nil, nil, false
		}
		name, ok := item.Value.(string)
		if !ok {
			return nil, nil, false
		}
		pair := [2]int64{-1, -1}
		for i, param := range []string{"r", "t"} {
			value, has := item.Params.Get(param)
			if !has {
				continue
			}
			number, whole := value.(int64)
			if !whole || number < 0 {
				return nil, nil, false
			}
			pair[i] = number
		}
		if pair[0] < 0 {
			return nil, nil, false
		}
		names, numbers = append(names, name), append(numbers, pair)
	}
	return names, numbers, true
}
