package redis_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis"
)

// candidate is a limiter, with the commands that it sends.
type candidate struct {
	name  string
	make  maker
	sends []string
}

// candidates are what is measured. The commands of throttled/v2 lack the GET
// that goes with each TIME in one round trip: it cannot be told from those of
// its script.
var candidates = []candidate{
	{"throttled", ours(redis.Options{}), scripts},
	{"throttled+deny-cache", ours(redis.Options{DenyCacheSize: 4096}), scripts},
	{"redis_rate", redisRate, scripts},
	{"ulule", ululeLimiter, scripts},
	{"throttled-v2", throttledV2, []string{"time", "eval", "setnx", "expire"}},
}

var scripts = []string{"evalsha", "eval"}

// BenchmarkDecision: one call at one key of so many, by so many callers at
// once.
func BenchmarkDecision(b *testing.B) {
	for _, keys := range []int{1, 1000} {
		for _, callers := range []int{1, 16, 256} {
			l := newLoad(keys, callers)
			b.Run("INCRBY-rueidis/"+l.name, func(b *testing.B) { l.run(b, increment(b), []string{"incrby"}) })
			b.Run("INCRBY-go-redis/"+l.name, func(b *testing.B) { l.run(b, incrementByGoRedis(b), []string{"incrby"}) })
			for _, c := range candidates {
				b.Run(c.name+"/allowed/"+l.name, func(b *testing.B) {
					told := l.run(b, c.make(b, generous), c.sends)
					if told.allowed+told.failed < int64(b.N) {
						b.Errorf("of %d calls %d were allowed", b.N, told.allowed)
					}
				})
				b.Run(c.name+"/denied/"+l.name, func(b *testing.B) {
					if told := l.run(b, c.make(b, mean), c.sends); told.allowed > 0 {
						b.Errorf("of %d calls %d were allowed", b.N, told.allowed)
					}
				})
			}
		}
	}
}

// load is a crowd with a name.
type load struct {
	name string
	crowd
}

func newLoad(keys, callers int) load {
	l := load{fmt.Sprintf("keys=%d/callers=%d", keys, callers), crowd{callers: callers}}
	for i := range keys {
		l.keys = append(l.keys, fmt.Sprintf("user:%d", i))
	}
	return l
}

// run has the crowd ask b.N times and reports what a decision took, beside
// INCRBY just before and just after. Calls that failed are no decisions.
func (l load) run(b *testing.B, ask decide, sends []string) tally {
	b.Helper()
	command(b, "FLUSHALL")
	baseline := increment(b)
	for _, each := range []decide{ask, baseline} { // the second of two calls at a key may be answered from memory
		crowd{64, l.keys}.ask(2*max(64, len(l.keys)), each)
	}
	n := l.baselineCalls(b.N)
	before := l.ask(n, baseline)
	command(b, "CONFIG", "RESETSTAT")
	b.ReportAllocs()
	b.ResetTimer()
	cpu := cpuTime()
	told := l.ask(b.N, ask)
	b.StopTimer()
	cpu = cpuTime() - cpu
	spent := spentOn(b, sends)
	after := l.ask(n, baseline)

	decisions := float64(int64(b.N) - told.failed)
	b.ReportMetric(told.perSecond(b.N), "decisions/s")
	b.ReportMetric(told.perSecond(b.N)/(float64(2*n)/(before.elapsed+after.elapsed).Seconds()), "xINCRBY")
	b.ReportMetric(cpu.Seconds()*1e6/decisions, "cpu-µs/op")
	b.ReportMetric(told.latency(0.5), "p50-µs")
	b.ReportMetric(told.latency(0.99), "p99-µs")
	b.ReportMetric(spent.microseconds/decisions, "redis-µs/op")
	b.ReportMetric(spent.calls/decisions, "trips/op")
	if told.failed > 0 {
		b.ReportMetric(float64(told.failed)/float64(b.N), "failed/op")
	}
	return told
}

// baselineCalls is half as many as are measured, but no more than a fraction of
// a second is filled with: denials from memory are far more than that.
func (l load) baselineCalls(n int) int {
	return min(max(1, n/2), 2000*min(l.callers, 32))
}

// BenchmarkGranted: the share of what was due that an exhausted key was still
// granted, in %, with the deny cache and without. What is due is the burst, and
// what the rate gives in the time that it took.
func BenchmarkGranted(b *testing.B) {
	const burst = 10
	for _, perSecond := range []int64{100, 10_000} {
		quota := throttled.PerSecond(perSecond).WithBurst(burst)
		for _, callers := range []int{1, 16, 256} {
			l := newLoad(1, callers)
			b.Run(fmt.Sprintf("throttled/rate=%d/%s", perSecond, l.name), func(b *testing.B) {
				l.grants(b, newLimiter(b, quota, redis.Options{}).Limit, float64(perSecond), burst)
			})
			b.Run(fmt.Sprintf("throttled+deny-cache/rate=%d/%s", perSecond, l.name), func(b *testing.B) {
				l.grants(b, newLimiter(b, quota, redis.Options{DenyCacheSize: 4096}).Limit, float64(perSecond), burst)
			})
		}
	}
}

func (l load) grants(b *testing.B, limit func(context.Context, string) (throttled.Result, error), perSecond, burst float64) {
	b.Helper()
	command(b, "FLUSHALL")
	command(b, "CONFIG", "RESETSTAT")
	b.ResetTimer()
	told := l.ask(b.N, func(ctx context.Context, key string) (bool, error) {
		res, err := limit(ctx, key)
		return res.Allowed, err
	})
	b.StopTimer()
	if told.failed > 0 {
		b.Errorf("of %d calls %d failed", b.N, told.failed)
	}
	due := perSecond*told.elapsed.Seconds() + burst
	b.ReportMetric(100*float64(told.allowed)/due, "granted-%")
	b.ReportMetric(told.perSecond(b.N), "decisions/s")
	b.ReportMetric(spentOn(b, scripts).calls/float64(b.N), "trips/op")
}
