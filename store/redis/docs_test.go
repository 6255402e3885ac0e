package redis_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/internal/hashslot"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
)

// permissions are the lines of docs/redis.md that create the user, in their order
// there, each without the words up to the name.
type permissions struct{ server, database, underSentinel, sentinel, cluster []string }

func documented(t *testing.T) permissions {
	text, err := os.ReadFile("../../docs/redis.md")
	require.NoError(t, err)
	var lines [][]string
	for line := range strings.Lines(string(text)) {
		if words, ok := strings.CutPrefix(line, "ACL SETUSER limiter "); ok {
			lines = append(lines, strings.Fields(words))
		}
	}
	require.Len(t, lines, 5)
	return permissions{lines[0], lines[1], lines[2], lines[3], lines[4]}
}

// The ACL rules in the documentation are enough, and each is needed: with all of
// them nothing is refused, and without any one of them something is.

func TestDocumentedPermissionsAtOneServer(t *testing.T) {
	t.Parallel()
	may := documented(t)
	server := redistest.Start(t, redistest.WithUser("limiter", "secret"))
	p := &permitted{url: server.URL() + "/1", data: []*redistest.Server{server}}
	p.judge(t, p.data, slices.Concat(may.server, may.database))
}

func TestDocumentedPermissionsUnderSentinel(t *testing.T) {
	t.Parallel()
	may := documented(t)
	set := redistest.StartSentinel(t, redistest.WithUser("limiter", "secret"))
	p := &permitted{url: set.URL(), data: set.Servers(), sentinels: set.Sentinels()}
	p.grant(t, p.sentinels, may.sentinel)
	p.judge(t, p.data, slices.Concat(may.server, may.underSentinel))
	p.judge(t, p.sentinels, may.sentinel)
}

func TestDocumentedPermissionsInCluster(t *testing.T) {
	t.Parallel()
	may := documented(t)
	cluster := redistest.StartCluster(t, redistest.WithUser("limiter", "secret"))
	slot := int(hashslot.Of("throttled:token_bucket:1/h burst 2:user:42"))
	owner := cluster.Owner(t, slot)
	for _, node := range cluster.Masters(t) {
		if node != owner {
			cluster.BeginMigration(t, slot, node) // all new keys of the slot are redirected by ASK
			break
		}
	}
	p := &permitted{url: cluster.URL(), data: cluster.Nodes(), cluster: true}
	p.judge(t, p.data, slices.Concat(may.server, may.cluster))
}

// permitted is a Redis whose user limiter may do no more than it is granted.
type permitted struct {
	url             string
	data, sentinels []*redistest.Server
	cluster         bool
}

// judge grants rules at servers: all of them, and then all but one, for each.
func (p *permitted) judge(t *testing.T, servers []*redistest.Server, rules []string) {
	p.grant(t, servers, rules)
	require.NoError(t, p.use(t))
	require.Empty(t, p.refused(t))
	for i, rule := range rules {
		if strings.ContainsAny(rule[:1], "+&~") {
			p.grant(t, servers, slices.Delete(slices.Clone(rules), i, i+1))
			if p.use(t) == nil {
				require.Eventually(t, func() bool { return p.refused(t) != nil }, 10*time.Second, time.Millisecond,
					"nothing is refused without %s", rule)
			}
		}
	}
	p.grant(t, servers, rules)
}

func (p *permitted) grant(t *testing.T, servers []*redistest.Server, rules []string) {
	for _, s := range servers {
		s.Do(t, append([]string{"ACL", "SETUSER", "limiter"}, rules...)...)
	}
	for _, s := range slices.Concat(p.data, p.sentinels) {
		s.Do(t, "ACL", "LOG", "RESET")
	}
}

// refused returns what the servers have refused the user since the last grant.
func (p *permitted) refused(t *testing.T) (all []any) {
	for _, s := range slices.Concat(p.data, p.sentinels) {
		all = append(all, s.Do(t, "ACL", "LOG").([]any)...)
	}
	return all
}

// use does all that a store can do, at a Redis that knows no script yet.
func (p *permitted) use(t *testing.T) error {
	for _, s := range p.data {
		s.Do(t, "SCRIPT", "FLUSH")
	}
	if err := p.useOnce(redis.Options{}); err != nil || !p.cluster {
		return err
	}
	return p.useOnce(redis.Options{Client: func(o *rueidis.ClientOption) {
		o.ClusterOption.PreferClusterShards = true // as the client does by itself at Redis 8
	}})
}

func (p *permitted) useOnce(options redis.Options) error {
	s, err := redis.Open(p.url, options)
	if err != nil {
		return err
	}
	defer s.Close()
	limiter, err := sync.New(throttled.Config{Quota: throttled.PerHour(1).WithBurst(2), Store: s})
	if err != nil {
		return err
	}
	ctx := context.Background()
	for _, call := range []func() error{
		func() error { return limiter.Reset(ctx, "user:42") },
		func() error { _, err := limiter.Limit(ctx, "user:42"); return err },
		func() error { _, err := limiter.Refund(ctx, "user:42", 1); return err },
		func() error { _, err := limiter.WaitN(ctx, "user:42", 2); return err },
		func() error { return giveUp(limiter) },
		func() error { return crowd(s) },
		func() error { _, err := limiter.Peek(ctx, "user:42"); return err },
	} {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

// crowd makes so many calls at once, at two keys of one slot, that some are sent
// together.
func crowd(s *redis.Store) error {
	limiter, err := async.New(throttled.Config{Quota: throttled.PerHour(1).WithBurst(2), Store: s})
	if err != nil {
		return err
	}
	const calls = 400
	answers := make(chan throttled.Outcome, calls)
	for i := range calls {
		limiter.LimitTo(context.Background(), []string{"{user:42}", "{user:42}:other"}[i%2], 1, answers)
	}
	for range calls {
		err = errors.Join(err, (<-answers).Err)
	}
	return err
}

// giveUp takes a place in line and cancels it.
func giveUp(limiter *sync.Limiter) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := limiter.Wait(ctx, "user:42")
		ended <- err
	}()
	for {
		state, err := limiter.Peek(context.Background(), "user:42")
		if err != nil {
			return err
		}
		if state.RetryAfter > time.Hour { // the place is taken
			cancel()
			<-ended
			return nil
		}
	}
}
