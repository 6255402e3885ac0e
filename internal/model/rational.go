package model

import "math/big"

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
func quo(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }

func maxRat(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}

// floor rounds down. It panics where the result is no int64: no instant or cost
// that a model within the bounds of a quota meets is that large.
func floor(x *big.Rat) int64 {
	// A denominator is positive, and there Euclid's division rounds down.
	q := new(big.Int).Div(x.Num(), x.Denom())
	if !q.IsInt64() {
		panic("model: out of range: " + x.String())
	}
	return q.Int64()
}

func ceil(x *big.Rat) int64 {
	return -floor(new(big.Rat).Neg(x))
}
