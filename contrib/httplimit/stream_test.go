package httplimit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
)

// sizes notes the sizes of what goes through it.
type sizes struct {
	io.Reader
	io.Writer
	seen []int
}

func (s *sizes) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.seen = append(s.seen, n)
	return n, err
}

func (s *sizes) Write(p []byte) (int, error) {
	s.seen = append(s.seen, len(p))
	return s.Writer.Write(p)
}

func TestAStreamIsPaced(t *testing.T) {
	text := strings.Repeat("x", 100)
	for _, c := range []struct {
		name      string
		quota     throttled.Quota
		algorithm throttled.Algorithm
		most      int           // that goes together
		took      time.Duration // of 100 bytes
	}{
		{"a bucket", throttled.PerSecond(10).WithBurst(25), throttled.TokenBucket, 25, 7500 * time.Millisecond},
		{"the smaller of two", throttled.PerSecond(10).WithBurst(25).And(throttled.PerHour(1000).WithBurst(200)), throttled.GCRA, 25, 7500 * time.Millisecond},
		{"the smaller of two, listed last", throttled.PerHour(36000).WithBurst(200).And(throttled.PerSecond(10).WithBurst(25)), throttled.GCRA, 25, 7500 * time.Millisecond},
		{"a queue, which turns away what has no room", throttled.PerSecond(10).WithBurst(25), throttled.LeakyBucket, 25, 10 * time.Second},
		{"a window", throttled.PerSecond(25).WithBurst(7), throttled.FixedWindow, 25, 3 * time.Second},
		{"all at once", throttled.PerSecond(1000), throttled.TokenBucket, 100, 0},
	} {
		for _, way := range []string{"read", "write"} {
			synctest.Test(t, func(t *testing.T) {
				limiter := newLimiter(t, throttled.Config{Quota: c.quota, Algorithm: c.algorithm})
				begin := time.Now()
				var out bytes.Buffer
				pieces := &sizes{Reader: strings.NewReader(text), Writer: &out}
				if way == "read" {
					n, err := io.Copy(&out, httplimit.NewReader(t.Context(), pieces, limiter, "alice"))
					require.NoError(t, err)
					assert.EqualValues(t, 100, n)
				} else {
					n, err := httplimit.NewWriter(t.Context(), pieces, limiter, "alice").Write([]byte(text))
					require.NoError(t, err)
					assert.Equal(t, 100, n)
				}
				assert.Equal(t, text, out.String())
				for _, n := range pieces.seen {
					assert.LessOrEqual(t, n, c.most, c.name)
				}
				took := time.Since(begin)
				if c.algorithm == throttled.LeakyBucket { // the last piece is let out before it has leaked
					took += 2500 * time.Millisecond
				}
				assert.Equal(t, c.took, took, "%s: %s", c.name, way)
			})
		}
	}
}

func TestAReaderReadsAsWhatIsInside(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(1 << 20)})
	text := strings.Repeat("a text ", 100)
	for _, inner := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		assert.NoError(t, iotest.TestReader(httplimit.NewReader(t.Context(), inner, limiter, "alice"), []byte(text)))
	}
	all, err := io.ReadAll(httplimit.NewReader(t.Context(), iotest.DataErrReader(strings.NewReader(text)), limiter, "alice"))
	assert.NoError(t, err)
	assert.Equal(t, text, string(all), "also where the end comes with the last bytes")
	broken := errors.New("broken")
	n, err := httplimit.NewReader(t.Context(), iotest.ErrReader(broken), limiter, "alice").Read(make([]byte, 9))
	assert.Zero(t, n)
	assert.Equal(t, broken, err)
}

func TestAStreamSharesTheQuotaOfItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(10).WithBurst(1)})
		begin := time.Now()
		done := make(chan error)
		for range 2 {
			go func() {
				_, err := httplimit.NewWriter(t.Context(), io.Discard, limiter, "alice").Write(make([]byte, 50))
				done <- err
			}()
		}
		assert.NoError(t, <-done)
		assert.NoError(t, <-done)
		assert.Equal(t, 9900*time.Millisecond, time.Since(begin))
	})
}

func TestAStreamWhoseTimeIsUp(t *testing.T) {
	for _, algorithm := range []throttled.Algorithm{throttled.TokenBucket, throttled.LeakyBucket} {
		synctest.Test(t, func(t *testing.T) {
			limiter := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(10), Algorithm: algorithm})
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer cancel()
			var out bytes.Buffer
			n, err := httplimit.NewWriter(ctx, &out, limiter, "alice").Write(make([]byte, 100))
			assert.ErrorIs(t, err, throttled.ErrLimited)
			assert.Equal(t, out.Len(), n)
			assert.Equal(t, 20, n)

			n, err = httplimit.NewReader(ctx, strings.NewReader("a text that is too long"), limiter, "alice").Read(make([]byte, 100))
			assert.ErrorIs(t, err, throttled.ErrLimited)
			assert.Zero(t, n)
		})
	}
}

func TestAStreamThatIsCancelled(t *testing.T) {
	for _, algorithm := range []throttled.Algorithm{throttled.TokenBucket, throttled.LeakyBucket} {
		synctest.Test(t, func(t *testing.T) {
			limiter := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(10), Algorithm: algorithm})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(1500*time.Millisecond, cancel)
			begin := time.Now()
			n, err := httplimit.NewWriter(ctx, io.Discard, limiter, "alice").Write(make([]byte, 100))
			assert.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, 20, n)
			assert.Equal(t, 1500*time.Millisecond, time.Since(begin))
		})
	}
}

// short writes one byte less than it is given, and says no word.
type short struct{}

func (short) Write(p []byte) (int, error) { return len(p) - 1, nil }

func TestAWriterPassesErrorsOn(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(10)})
	n, err := httplimit.NewWriter(t.Context(), short{}, limiter, "alice").Write(make([]byte, 9))
	assert.Equal(t, 8, n)
	assert.Equal(t, io.ErrShortWrite, err)

	reader, writer := io.Pipe()
	require.NoError(t, reader.Close())
	n, err = httplimit.NewWriter(t.Context(), writer, limiter, "bob").Write(make([]byte, 9))
	assert.Zero(t, n)
	assert.Equal(t, io.ErrClosedPipe, err)

	n, err = httplimit.NewWriter(t.Context(), short{}, limiter, "").Write(make([]byte, 9))
	assert.Zero(t, n)
	assert.ErrorIs(t, err, throttled.ErrInvalidKey)
}
