package storetest

import (
	"time"

	"github.com/throttled-go/throttled"
)

// rateTables has quotas of two rates. Three at once, one back an hour, and five
// at once, one back a day, for the buckets; three in p and five in 24 p for the
// windows.
func rateTables(p time.Duration) []table {
	const day = 24 * hour
	rates := throttled.MustParseQuota("24/d burst 3; 7/w burst 5")
	windows := throttled.Per(3, p).And(throttled.Per(5, 24*p))
	return []table{
		{
			name: "charges both rates or none", algorithms: buckets, quota: rates, limits: []int64{3, 3, 3, 3, 3, 5, 3, 3},
			steps: []step{
				{0, peek, 1, 3, 0, 0},
				{0, take, 2, 1, 2 * day, 0},
				{0, take, 2, 1, 2 * day, hour},
				{0, take, 1, 0, 3 * day, 0},
				{0, take, 1, 0, 3 * day, hour},
				{0, take, 3, 0, 3 * day, day}, // 3 h by the first rate
				{0, take, 4, 0, 3 * day, never},
				{0, take, 6, 0, 3 * day, never}, // by both; the first has fewer left
			},
		},
		{
			name: "refund and reset are of both rates", algorithms: buckets, quota: rates, limits: []int64{3},
			steps: []step{
				{0, take, 3, 0, 3 * day, 0},
				{0, refund, 2, 2, day, 0},
				{0, take, 2, 0, 3 * day, 0},
				{0, reset, 0, 0, 0, 0},
				{0, peek, 1, 3, 0, 0},
				{0, take, 3, 0, 3 * day, 0},
			},
		},
		{
			name: "is bound by the longest wait, then the fewest left", algorithms: buckets, quota: rates,
			limits: []int64{3, 5, 5, 3, 5, 5, 5},
			steps: []step{
				{0, take, 3, 0, 3 * day, 0},
				{3 * hour, peek, 1, 2, 69 * hour, 0},
				{3 * hour, take, 3, 2, 69 * hour, 21 * hour},
				{3 * hour, take, 4, 2, 69 * hour, never},
				{3 * hour, take, 6, 2, 69 * hour, never},
				{3 * hour, take, 2, 0, 117 * hour, 0},
				{3 * hour, refund, 1, 1, 93 * hour, 0},
			},
		},
		{
			name: "is bound by the first of equals", algorithms: buckets, limits: []int64{3},
			quota: throttled.MustParseQuota("24/d burst 3; 7/w burst 4"),
			steps: []step{
				{0, take, 1, 2, day, 0},
				{hour, peek, 1, 3, 23 * hour, 0},
			},
		},
		{
			name: "is bound by the first of equals, in another order", algorithms: buckets, limits: []int64{3, 4},
			quota: throttled.MustParseQuota("7/w burst 4; 24/d burst 3"),
			steps: []step{
				{0, take, 1, 2, day, 0},
				{hour, peek, 1, 3, 23 * hour, 0},
			},
		},
		{
			name: "charges both rates or none", algorithms: fixed, quota: windows, limits: []int64{3},
			steps: []step{
				{0, take, 2, 1, 24 * p, 0},
				{0, take, 2, 1, 24 * p, p},
				{0, take, 4, 1, 24 * p, never},
				{0, take, 1, 0, 24 * p, 0},
				{0, refund, 1, 1, 24 * p, 0},
				{0, take, 1, 0, 24 * p, 0},
			},
		},
		{
			name: "is bound by the longest wait, then the fewest left", algorithms: fixed, quota: windows,
			limits: []int64{3, 5, 5, 5, 5},
			steps: []step{
				{0, take, 3, 0, 24 * p, 0},
				{hour, peek, 1, 2, 23 * p, 0},
				{hour, take, 3, 2, 23 * p, 23 * p},
				{hour, take, 2, 0, 23 * p, 0},
				{2 * hour, take, 1, 0, 22 * p, 22 * p},
			},
		},
		{
			name: "charges both rates or none", algorithms: sliding, quota: windows, limits: []int64{3},
			steps: []step{
				{0, take, 2, 1, 48 * p, 0},
				{0, take, 2, 1, 48 * p, p + p/2},
				{0, take, 1, 0, 48 * p, 0},
				{0, take, 1, 0, 48 * p, p + p/3},
				{0, take, 4, 0, 48 * p, never},
				{0, refund, 1, 1, 48 * p, 0},
			},
		},
		{
			name: "is bound by the longest wait, then the fewest left", algorithms: sliding, quota: windows,
			limits: []int64{3, 5},
			steps: []step{
				{0, take, 3, 0, 48 * p, 0},
				{2 * hour, peek, 1, 2, 46 * p, 0},
				{2 * hour, take, 3, 2, 46 * p, 30 * p}, // a third of the three is gone at 32 h
				{2 * hour, take, 2, 0, 46 * p, 0},
			},
		},
	}
}
