package load

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// server looks into the Redis that is driven, over a client of its own.
type server struct{ client rueidis.Client }

// commands are what Redis has carried out so far: how many calls of scripts, and
// how long it took them.
type commands struct{ calls, micros int64 }

// scriptCommands are those that the store decides by.
var scriptCommands = []string{"evalsha", "eval", "fcall"}

// commands adds up the statistics of all nodes.
func (s server) commands(ctx context.Context) (sum commands, err error) {
	for _, node := range s.client.Nodes() {
		text, err := node.Do(ctx, node.B().Info().Section("commandstats").Build()).ToString()
		if err != nil {
			return sum, err
		}
		of := parseCommands(text)
		sum.calls += of.calls
		sum.micros += of.micros
	}
	return sum, nil
}

// parseCommands reads lines like cmdstat_evalsha:calls=7,usec=99,usec_per_call=14.14.
func parseCommands(text string) (sum commands) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		name, values, found := strings.Cut(strings.TrimPrefix(lines.Text(), "cmdstat_"), ":")
		if !found || !slices.Contains(scriptCommands, name) {
			continue
		}
		for pair := range strings.SplitSeq(values, ",") {
			key, value, _ := strings.Cut(pair, "=")
			n, err := strconv.ParseInt(value, 10, 64)
			switch {
			case err != nil:
			case key == "calls":
				sum.calls += n
			case key == "failed_calls": // of a script that had to be loaded first
				sum.calls -= n
			case key == "usec":
				sum.micros += n
			}
		}
	}
	return sum
}

// keys returns the keys of a prefix, of all nodes, up to so many of them; 0: all.
func (s server) keys(ctx context.Context, prefix string, most int) ([]string, error) {
	found := map[string]bool{} // a replica has the keys of its master, and a scan may tell one twice
	for _, node := range s.client.Nodes() {
		for cursor, more := uint64(0), true; more; {
			page, err := node.Do(ctx, node.B().Scan().Cursor(cursor).Match(prefix+":*").Count(1000).Build()).AsScanEntry()
			if err != nil {
				return nil, err
			}
			for _, key := range page.Elements {
				found[key] = true
			}
			if most > 0 && len(found) >= most {
				return slices.Collect(maps.Keys(found))[:most], nil
			}
			cursor, more = page.Cursor, page.Cursor != 0
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// bytesPerKey returns what a key of the prefix takes in Redis, the mean of up to
// a thousand; 0 if there is none.
func (s server) bytesPerKey(ctx context.Context, prefix string) (int64, error) {
	const sample = 1000
	keys, err := s.keys(ctx, prefix, sample)
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	total, counted := int64(0), int64(0)
	for _, key := range keys {
		bytes, err := s.client.Do(ctx, s.client.B().MemoryUsage().Key(key).Build()).AsInt64()
		if rueidis.IsRedisNil(err) {
			continue // it has expired meanwhile
		}
		if err != nil {
			return 0, err
		}
		total += bytes
		counted++
	}
	return total / max(1, counted), nil
}

// clear deletes the keys of the prefix.
func (s server) clear(ctx context.Context, prefix string) error {
	keys, err := s.keys(ctx, prefix, 0)
	if err != nil {
		return err
	}
	for page := range slices.Chunk(keys, 1000) {
		deletes := make(rueidis.Commands, len(page))
		for i, key := range page {
			deletes[i] = s.client.B().Unlink().Key(key).Build()
		}
		for _, result := range s.client.DoMulti(ctx, deletes...) {
			if err := result.Error(); err != nil {
				return fmt.Errorf("deleting the keys of the prefix %q: %w", prefix, err)
			}
		}
	}
	return nil
}
