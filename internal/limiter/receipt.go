package limiter

import "context"

// Receipt tells what a call was charged. That is not always what was asked for:
// a hook may have changed the key or the cost, or answered by itself.
type Receipt struct {
	Key  string
	Cost int64
}

type receiptKey struct{}

// WithReceipt returns a context for a call with hooks, and what the call was
// charged, once it is answered. A hook that goes on with a context of another
// descent leaves the receipt empty.
func WithReceipt(ctx context.Context) (context.Context, *Receipt) {
	receipt := new(Receipt)
	return context.WithValue(ctx, receiptKey{}, receipt), receipt
}
