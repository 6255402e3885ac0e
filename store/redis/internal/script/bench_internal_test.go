package script

import (
	"context"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// BenchmarkScripts has 16 callers at one bucket and reports, as redis-µs/op, the
// time that a call takes inside Redis.
func BenchmarkScripts(b *testing.B) {
	s := startServer(b)
	for _, a := range everyAlgorithm {
		for name, quota := range map[string]string{"one": "1000000000/m", "two": "1000000000/m; 10000000000/h"} {
			l := planOfText(b, a, quota)
			b.Run(a.String()+"/"+name+"/allowed", func(b *testing.B) { s.bench(b, l.Operation(throttled.Request{Cost: 1})) })
			b.Run(a.String()+"/"+name+"/denied", func(b *testing.B) { s.bench(b, l.Operation(throttled.Request{Cost: l.capacity})) })
		}
		l := planOfText(b, a, "1000000000/m")
		b.Run(a.String()+"/wait", func(b *testing.B) {
			s.bench(b, l.Operation(throttled.Request{Op: throttled.OpWait, Cost: 1, Within: time.Hour}))
		})
	}
	l := planOfText(b, throttled.TokenBucket, "1000000000/m")
	b.Run("peek", func(b *testing.B) { s.bench(b, l.Operation(throttled.Request{Op: throttled.OpPeek, Cost: 1})) })
	b.Run("refund", func(b *testing.B) { s.bench(b, l.Operation(throttled.Request{Op: throttled.OpRefund, Cost: 1})) })
	for name, keys := range map[string]int{"64 on one key": 1, "32 on 32 keys": 32} {
		var operations []Operation
		for i := range max(keys, 64-32*min(1, keys-1)) {
			operations = append(operations, l.Operation(throttled.Request{Key: strconv.Itoa(i % keys), Cost: 1}))
		}
		b.Run(name, func(b *testing.B) { s.bench(b, operations...) })
	}
}

var scriptStats = regexp.MustCompile(`cmdstat_evalsha:calls=(\d+),usec=(\d+)`)

// bench carries out operations in one call, again and again.
func (s *server) bench(b *testing.B, operations ...Operation) {
	require.NoError(b, s.do(s.client.B().Flushall().Build()).Error())
	require.NoError(b, s.do(s.client.B().ConfigResetstat().Build()).Error())
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c := NewCall(operations...)
			reply, err := s.client.Do(context.Background(), c.Evalsha(s.client.B())).ToMessage()
			if err != nil {
				b.Error(err)
				return
			}
			if err := c.Answers(reply)[0].Err; err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	info, err := s.do(s.client.B().Info().Section("commandstats").Build()).ToString()
	require.NoError(b, err)
	found := scriptStats.FindStringSubmatch(info)
	calls, err := strconv.ParseFloat(found[1], 64)
	require.NoError(b, err)
	spent, err := strconv.ParseFloat(found[2], 64)
	require.NoError(b, err)
	b.ReportMetric(spent/calls, "redis-µs/op")
}
