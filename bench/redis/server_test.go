package redis_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m).Run()) }

// command has the server carry out a command on a connection of its own.
func command(b *testing.B, args ...string) any {
	b.Helper()
	reply, err := redistest.Shared(b).Command(args...)
	if err != nil {
		b.Fatal(err)
	}
	return reply
}

// spent is what commands have cost since CONFIG RESETSTAT.
type spent struct {
	calls, microseconds float64
}

// spentOn returns what the commands of these names have cost. What a script
// calls is counted by its own name too, and in the time of the script.
func spentOn(b *testing.B, names []string) (sum spent) {
	b.Helper()
	for line := range strings.Lines(fmt.Sprint(command(b, "INFO", "commandstats"))) {
		for _, name := range names {
			var s spent
			n, _ := fmt.Sscanf(line, "cmdstat_"+name+":calls=%g,usec=%g,", &s.calls, &s.microseconds)
			if n == 2 {
				sum.calls += s.calls
				sum.microseconds += s.microseconds
			}
		}
	}
	return sum
}

// openClient returns a client with the very settings of the one that redis.Open
// makes.
func openClient(b *testing.B) rueidis.Client {
	b.Helper()
	var settings rueidis.ClientOption
	store := openStore(b, redis.Options{Client: func(o *rueidis.ClientOption) { settings = *o }})
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	client, err := rueidis.NewClient(settings)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.Close)
	return client
}

func openStore(b *testing.B, options redis.Options) *redis.Store {
	b.Helper()
	store, err := redis.Open(redistest.Shared(b).URL(), options)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return store
}
