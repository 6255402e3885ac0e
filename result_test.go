package throttled_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// Past 32 bytes, or four fields in one level, the compiler keeps a Result in
// memory, and a call through face, interface and store takes nearly twice as
// long.
func TestResultTravelsInRegisters(t *testing.T) {
	result := reflect.TypeFor[throttled.Result]()
	require.LessOrEqual(t, result.Size(), uintptr(32))
	requireFewFields(t, result)
}

func requireFewFields(t *testing.T, structure reflect.Type) {
	t.Helper()
	require.LessOrEqual(t, structure.NumField(), 4, structure.Name())
	for field := range structure.Fields() {
		if field.Type.Kind() == reflect.Struct {
			requireFewFields(t, field.Type)
		}
	}
}

func TestTheZeroResultDenies(t *testing.T) {
	var zero throttled.Result
	require.False(t, zero.Allowed)
	require.Zero(t, zero.State())
}

func TestNewResultSaysWhatItWasGiven(t *testing.T) {
	for _, remaining := range []int64{0, 1, 1<<32 - 1, 1 << 32, 1<<48 - 1} {
		state := throttled.State{Limit: math.MaxInt64, Remaining: remaining, ResetAfter: time.Hour, RetryAfter: throttled.Never, Rate: 7}
		res := throttled.NewResult(true, state)
		require.True(t, res.Allowed)
		require.Equal(t, state, res.State())
		require.Equal(t, state, throttled.State{
			Limit: res.Limit(), Remaining: res.Remaining(), ResetAfter: res.ResetAfter(), RetryAfter: res.RetryAfter(), Rate: res.Rate(),
		})
	}
	require.Zero(t, throttled.NewResult(false, throttled.State{Remaining: -1}).Remaining())
	require.Equal(t, int64(1<<48-1), throttled.NewResult(false, throttled.State{Remaining: 1 << 48}).Remaining())
}

func TestChecked(t *testing.T) {
	require.False(t, throttled.Result{}.Checked())
	require.False(t, throttled.NewResult(true, throttled.State{}).Checked())
	require.True(t, throttled.NewResult(false, throttled.State{Limit: 1}).Checked())
}

func TestResultAsText(t *testing.T) {
	state := throttled.State{Limit: 10, Remaining: 3, ResetAfter: time.Minute}
	require.Equal(t, "allowed, 3 of 10 remaining, reset after 1m0s, retry after 0s", throttled.NewResult(true, state).String())
	state.RetryAfter = throttled.Never
	require.Equal(t, "denied, 3 of 10 remaining, reset after 1m0s, retry after never", throttled.NewResult(false, state).String())
	require.Equal(t, "allowed, unchecked", throttled.NewResult(true, throttled.State{}).String())
}

func TestLimitedError(t *testing.T) {
	state := throttled.State{Limit: 5, Remaining: 1, ResetAfter: 4 * time.Second, RetryAfter: 200 * time.Millisecond}
	err := fmt.Errorf("calling out: %w", &throttled.LimitedError{Key: "a\nb", Result: throttled.NewResult(false, state)})
	require.ErrorIs(t, err, throttled.ErrLimited)
	require.NotErrorIs(t, err, throttled.ErrClosed)
	limited, ok := errors.AsType[*throttled.LimitedError](err)
	require.True(t, ok)
	require.Equal(t, `throttled: limited: key "a\nb": remaining=1 reset_after=4s retry_after=200ms`, limited.Error())
}

func TestMust(t *testing.T) {
	require.Equal(t, 1, throttled.Must(1, nil))
	require.PanicsWithError(t, "throttled: store full", func() { throttled.Must(1, throttled.ErrFull) })
}
