package throttled_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/throttled-go/throttled"
)

func FuzzParseQuota(f *testing.F) {
	for _, text := range []string{
		"", ";", "100/s", "100/s burst 200", "10 per 2 minutes", "10/s burst 20; 1000/h", "5/500ms", "10/1h30m", "10/1.5h",
		"10per minute", "10 / 2 m", "1/s,2/m;3/h|4/d", "1/s,2/s,3/s,4/s,5/s,6/s,7/s,8/s,9/s", "7/3µs", "7/.5w", "7/1.s",
		"281474976710655/576460752303423488ns", "1/s burst 1152921504", "1/s burst 0", "-1/s", "1e3/s", "1_000/s", "5/ms",
		"99999999999999999999/s", "1/99999999999999999999w", "1/0.00000000000000001w", "1/9223372036854775807ns1ns", "1/\xff", "١/s",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := throttled.ParseQuota(text)
		if err != nil {
			if !errors.Is(err, throttled.ErrInvalidQuota) || !strings.HasPrefix(err.Error(), "throttled: invalid quota ") {
				t.Fatalf("%q: the error is %v", text, err)
			}
			if len(q.Rates()) != 0 {
				t.Fatalf("%q: %v beside an error", text, q)
			}
			return
		}
		canonical := q.String()
		again, err := throttled.ParseQuota(canonical)
		if err != nil {
			t.Fatalf("%q: its canonical text does not parse: %v", text, err)
		}
		if !reflect.DeepEqual(again, q) {
			t.Fatalf("%q: %v, but %v from its canonical text %q", text, q.Rates(), again.Rates(), canonical)
		}
		if again.String() != canonical {
			t.Fatalf("%q: %q, then %q", text, canonical, again)
		}
		if marshaled, err := q.MarshalText(); err != nil || string(marshaled) != canonical {
			t.Fatalf("%q: marshals to %q, %v", text, marshaled, err)
		}
	})
}
