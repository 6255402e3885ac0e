package peers

import "sync"

// keyed is a limiter for each key, made when the key first comes: what people
// write around a limiter that has no keys. Nothing is ever forgotten.
type keyed[T any] struct {
	mu       sync.RWMutex
	limiters map[string]T
	birth    func() T
}

func newKeyed[T any](birth func() T) *keyed[T] {
	return &keyed[T]{limiters: map[string]T{}, birth: birth}
}

func (k *keyed[T]) get(key string) T {
	k.mu.RLock()
	limiter, ok := k.limiters[key]
	k.mu.RUnlock()
	if ok {
		return limiter
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if limiter, ok = k.limiters[key]; !ok {
		limiter = k.birth()
		k.limiters[key] = limiter
	}
	return limiter
}

func (k *keyed[T]) Close() error { return nil }
