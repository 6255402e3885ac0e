package waits

import (
	"context"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

const ourModule = "github.com/throttled-go/throttled"

var syncWait = Waiter{
	Name: "throttled-go-sync", What: "sync.Limiter.Wait over store.Memory", Module: ourModule, Cancels: true,
	New: func(every time.Duration) (Line, error) {
		memory, err := store.NewMemory(store.Options{})
		if err != nil {
			return nil, err
		}
		limiter, err := sync.New(throttled.Config{Quota: throttled.Per(1, every), Store: memory, Key: "line"})
		return syncLine{limiter, memory}, err
	},
}

type syncLine struct {
	limiter *sync.Limiter
	store   *store.Memory
}

func (l syncLine) Wait(ctx context.Context) error {
	_, err := l.limiter.Wait(ctx, "")
	return err
}

func (l syncLine) Close() error { return l.store.Close() }
