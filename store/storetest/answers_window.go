package storetest

import (
	"time"

	"github.com/throttled-go/throttled"
)

// fixedTables has five in every window of p, which is an hour wherever time
// passes between the steps.
func fixedTables(p time.Duration) []table {
	five := throttled.Per(5, p)
	return []table{
		{name: "charges until nothing is left", algorithms: fixed, quota: five, limits: []int64{5}, steps: []step{
			{0, peek, 1, 5, 0, 0},
			{0, take, 3, 2, p, 0},
			{0, take, 3, 2, p, p},
			{0, take, 2, 0, p, 0},
			{0, take, 0, 0, p, 0},
			{0, take, 1, 0, p, p},
			{0, take, 5, 0, p, p},
			{0, take, 6, 0, p, never},
			{0, peek, 1, 0, p, p},
		}},
		{name: "has no burst", algorithms: fixed, quota: five.WithBurst(100), limits: []int64{5}, steps: []step{
			{0, take, 6, 5, 0, never},
			{0, take, 5, 0, p, 0},
		}},
		{name: "refund gives back, at most to fresh", algorithms: fixed, quota: five, limits: []int64{5}, steps: []step{
			{0, take, 5, 0, p, 0},
			{0, refund, 0, 0, p, p},
			{0, refund, 2, 2, p, 0},
			{0, refund, 100, 5, 0, 0},
			{0, take, 5, 0, p, 0},
		}},
		{name: "reset makes fresh", algorithms: fixed, quota: five, limits: []int64{5}, steps: []step{
			{0, take, 5, 0, p, 0},
			{0, reset, 0, 0, 0, 0},
			{0, peek, 1, 5, 0, 0},
			{0, take, 5, 0, p, 0},
		}},
		{name: "has windows that start at whole periods", algorithms: fixed, quota: five, limits: []int64{5}, steps: []step{
			{40 * minute, take, 5, 0, 20 * minute, 0},
			{50 * minute, take, 1, 0, 10 * minute, 10 * minute},
			{60 * minute, take, 2, 3, hour, 0},
			{90 * minute, peek, 1, 3, 30 * minute, 0},
			{120 * minute, peek, 1, 5, 0, 0},
		}},
		{name: "refund is for the window of now", algorithms: fixed, quota: five, limits: []int64{5}, steps: []step{
			{0, take, 5, 0, hour, 0},
			{hour, refund, 5, 5, 0, 0},
			{hour, take, 4, 1, hour, 0},
			{hour, take, 2, 1, hour, hour},
			{2 * hour, take, 2, 3, hour, 0},
			{2 * hour, refund, 4, 5, 0, 0},
		}},
	}
}

// slidingTables has four in every window of p, which is an hour wherever time
// passes between the steps.
func slidingTables(p time.Duration) []table {
	four := throttled.Per(4, p)
	return []table{
		{name: "charges until nothing is left", algorithms: sliding, quota: four, limits: []int64{4}, steps: []step{
			{0, peek, 1, 4, 0, 0},
			{0, take, 3, 1, 2 * p, 0},
			{0, take, 2, 1, 2 * p, p + p/3}, // when a third of the three is gone
			{0, take, 1, 0, 2 * p, 0},
			{0, take, 0, 0, 2 * p, 0},
			{0, take, 1, 0, 2 * p, p + p/4},
			{0, take, 2, 0, 2 * p, p + p/2},
			{0, take, 4, 0, 2 * p, 2 * p},
			{0, take, 5, 0, 2 * p, never},
			{0, peek, 1, 0, 2 * p, p + p/4},
		}},
		{name: "has no burst", algorithms: sliding, quota: four.WithBurst(100), limits: []int64{4}, steps: []step{
			{0, take, 5, 4, 0, never},
			{0, take, 4, 0, 2 * p, 0},
		}},
		{name: "refund gives back, at most to fresh", algorithms: sliding, quota: four, limits: []int64{4}, steps: []step{
			{0, take, 4, 0, 2 * p, 0},
			{0, refund, 0, 0, 2 * p, p + p/4},
			{0, refund, 1, 1, 2 * p, 0},
			{0, refund, 100, 4, 0, 0},
			{0, take, 4, 0, 2 * p, 0},
		}},
		{name: "reset makes fresh", algorithms: sliding, quota: four, limits: []int64{4}, steps: []step{
			{0, take, 4, 0, 2 * p, 0},
			{0, reset, 0, 0, 0, 0},
			{0, peek, 1, 4, 0, 0},
			{0, take, 4, 0, 2 * p, 0},
		}},
		{name: "weighs the window before", algorithms: sliding, quota: four, limits: []int64{4}, steps: []step{
			{0, take, 4, 0, 120 * minute, 0},
			{60 * minute, take, 1, 0, 60 * minute, 15 * minute},
			{75 * minute, take, 1, 0, 105 * minute, 0}, // three of the four, and one
			{75 * minute, take, 1, 0, 105 * minute, 15 * minute},
			{105 * minute, peek, 1, 2, 75 * minute, 0}, // one of the four, and one
			{120 * minute, peek, 1, 3, 60 * minute, 0},
			{180 * minute, peek, 1, 4, 0, 0},
			{180 * minute, take, 4, 0, 120 * minute, 0},
		}},
		{name: "rounds no weight", algorithms: sliding, quota: four, limits: []int64{4}, steps: []step{
			{0, take, 3, 1, 120 * minute, 0},
			{79 * minute, take, 2, 1, 41 * minute, minute}, // 2.05 of the three
			{80 * minute, take, 2, 0, 100 * minute, 0},     // 2 of the three
		}},
		{name: "refund is for the window of now", algorithms: sliding, quota: four, limits: []int64{4}, steps: []step{
			{0, take, 4, 0, 120 * minute, 0},
			{60 * minute, refund, 5, 0, 60 * minute, 15 * minute},
			{90 * minute, take, 1, 1, 90 * minute, 0},
			{90 * minute, refund, 5, 2, 30 * minute, 0},
			{120 * minute, peek, 1, 4, 0, 0},
		}},
	}
}
