package script

import (
	"crypto/sha1"
	_ "embed" // for the scripts
	"encoding/hex"
	"slices"
	"strings"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// The parts that scripts are put together from. Redis makes one function of a
// script, in which each part sees the local names of those before it.
var (
	//go:embed lua/clock.lua
	luaClock string
	//go:embed lua/keep.lua
	luaKeep string
	//go:embed lua/bucket.lua
	luaBucket string
	//go:embed lua/line.lua
	luaLine string
	//go:embed lua/queue.lua
	luaQueue string
	//go:embed lua/fixed_window.lua
	luaFixedWindow string
	//go:embed lua/sliding_window.lua
	luaSlidingWindow string
	//go:embed lua/one.lua
	luaOne string
	//go:embed lua/many.lua
	luaMany string
	//go:embed lua/peek.lua
	luaPeek string
	//go:embed lua/cancel.lua
	luaCancel string
	//go:embed lua/reset.lua
	luaReset string
)

// script is a Lua script and the name by which Redis knows it.
type script struct {
	text string
	sha  string
}

func newScript(parts ...string) *script {
	text := strings.Join(parts, "\n")
	sum := sha1.Sum([]byte(text))
	return &script{text: text, sha: hex.EncodeToString(sum[:])}
}

// The scripts that serve every law. Only peekScript never writes.
var (
	peekScript   = newScript(luaClock, luaPeek)
	cancelScript = newScript(luaClock, luaKeep, luaCancel)
	resetScript  = newScript(luaReset)
)

// scripts is a law under its two drivers. That for one rate, which most quotas
// have, does without the tables and loops that several need, and takes 1 µs
// less of Redis's time.
type scripts struct {
	one, many *script
}

func newScripts(law ...string) scripts {
	before := append([]string{luaClock, luaKeep}, law...)
	return scripts{
		one:  newScript(append(slices.Clip(before), luaOne)...),
		many: newScript(append(slices.Clip(before), luaMany)...),
	}
}

func (d scripts) over(rates int) *script {
	if rates == 1 {
		return d.one
	}
	return d.many
}

// The scripts that carry out decisions, two for each law. A leaky bucket has a
// meter and a queue.
var (
	bucketScripts        = newScripts(luaBucket)
	meterScripts         = newScripts(luaBucket, luaLine)
	queueScripts         = newScripts(luaQueue, luaLine)
	fixedWindowScripts   = newScripts(luaFixedWindow)
	slidingWindowScripts = newScripts(luaSlidingWindow)
)

// chargeScript returns the script that charges under a law, which for a leaky bucket
// is that of its meter.
func chargeScript(kind algorithm.Kind, rates int) *script {
	switch kind {
	case algorithm.FixedWindow:
		return fixedWindowScripts.over(rates)
	case algorithm.SlidingWindow:
		return slidingWindowScripts.over(rates)
	case algorithm.LeakyBucket:
		return meterScripts.over(rates)
	default:
		return bucketScripts.over(rates)
	}
}
