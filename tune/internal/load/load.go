package load

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Settings are one way to set a limiter and to drive it.
type Settings struct {
	Quota     throttled.Quota
	Callers   int
	DenyCache int // keys; 0: none. Of Redis only
}

// Options say what to drive, and how.
type Options struct {
	Workload  *workload.Workload
	Store     string // memory, actor, or the URL of a Redis
	Algorithm throttled.Algorithm
	Settings  []Settings // one run for each
	Pace      Pace
	MaxSize   int    // of the stores in memory
	Prefix    string // of the keys

	// Confirm is asked before keys are written among others that have the prefix
	// already, and will be deleted with them.
	Confirm func(question string) error
	// Step is told now and then how many more requests were sent.
	Step func(n int)
}

// Run is what came of one of the settings.
type Run struct {
	Settings
	Outcome
	Evictions int64  // of the stores in memory
	Redis     *Redis // nil for the stores in memory
}

// Redis is what it cost the server.
type Redis struct {
	Calls    int64 // of scripts, by anybody meanwhile
	Micros   int64 // that it was inside these
	KeyBytes int64 // the mean of what a key takes
}

// Do drives the store once with each of the settings, each time from nothing, and
// deletes the keys that it wrote, also when ctx ends.
func Do(ctx context.Context, o Options) (runs []Run, err error) {
	if !strings.Contains(o.Store, "://") {
		for _, s := range o.Settings {
			run, err := o.inMemory(ctx, s)
			if err != nil {
				return nil, err
			}
			runs = append(runs, run)
		}
		return runs, nil
	}
	watching, err := o.watch()
	if err != nil {
		return nil, err
	}
	defer watching.client.Close()
	if err := o.mayWrite(ctx, watching); err != nil {
		return nil, err
	}
	defer func() {
		if fault := watching.clear(context.WithoutCancel(ctx), o.Prefix); fault != nil {
			err = errors.Join(err, fault)
		}
	}()
	for _, s := range o.Settings {
		if err := watching.clear(ctx, o.Prefix); err != nil {
			return nil, err
		}
		run, err := o.inRedis(ctx, s, watching)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// watch opens a client beside that of the store.
func (o *Options) watch() (server, error) {
	var settings rueidis.ClientOption
	s, err := redis.Open(o.Store, redis.Options{Client: func(c *rueidis.ClientOption) { settings = *c }})
	if err != nil {
		return server{}, err
	}
	if err := s.Close(); err != nil {
		return server{}, err
	}
	settings.ForceSingleClient = false
	client, err := rueidis.NewClient(settings)
	return server{client}, err
}

// mayWrite asks if there are keys of the prefix already.
func (o *Options) mayWrite(ctx context.Context, s server) error {
	const many = 1000
	keys, err := s.keys(ctx, o.Prefix, many)
	if err != nil || len(keys) == 0 {
		return err
	}
	count := fmt.Sprint(len(keys))
	if len(keys) == many {
		count = "at least " + count
	}
	return o.Confirm(fmt.Sprintf("this Redis has %s keys of the prefix %q already, like %q; they would be deleted", count, o.Prefix, keys[0]))
}

func (o *Options) inMemory(ctx context.Context, s Settings) (run Run, err error) {
	var driven throttled.Store
	var stats func() store.Stats
	switch o.Store {
	case "memory":
		memory, err := store.NewMemory(store.Options{MaxSize: o.MaxSize})
		if err != nil {
			return run, err
		}
		driven, stats = memory, memory.Stats
	case "actor":
		actor, err := store.NewActor(store.Options{MaxSize: o.MaxSize})
		if err != nil {
			return run, err
		}
		driven, stats = actor, actor.Stats
	default:
		return run, fmt.Errorf("-store is %q; it must be memory, actor or the URL of a Redis, like redis://localhost:6379", o.Store)
	}
	run, err = o.run(ctx, s, driven)
	run.Evictions = stats().Evictions
	return run, errors.Join(err, driven.Close())
}

func (o *Options) inRedis(ctx context.Context, s Settings, watching server) (run Run, err error) {
	driven, err := redis.Open(o.Store, redis.Options{DenyCacheSize: s.DenyCache})
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, driven.Close()) }()
	before, err := watching.commands(ctx)
	if err != nil {
		return run, err
	}
	if run, err = o.run(ctx, s, driven); err != nil {
		return run, err
	}
	after, err := watching.commands(ctx)
	if err != nil {
		return run, err
	}
	run.Redis = &Redis{Calls: after.calls - before.calls, Micros: after.micros - before.micros}
	run.Redis.KeyBytes, err = watching.bytesPerKey(ctx, o.Prefix)
	return run, err
}

func (o *Options) run(ctx context.Context, s Settings, driven throttled.Store) (Run, error) {
	l, err := sync.New(throttled.Config{Quota: s.Quota, Algorithm: o.Algorithm, Store: driven, Prefix: o.Prefix})
	if err != nil {
		return Run{}, err
	}
	outcome, err := drive(ctx, l, o.Workload, s.Callers, o.Pace, o.Step)
	if err == nil && outcome.Decisions() == 0 {
		err = fmt.Errorf("not one of %d requests was answered: %w", outcome.Errors, outcome.FirstError)
	}
	return Run{Settings: s, Outcome: outcome}, err
}
