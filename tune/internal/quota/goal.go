package quota

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/words"
)

// Goal is what a quota is to keep.
type Goal struct {
	// Deny is the greatest share of the good clients that may be denied anything.
	// Nil: none is asked for, and limits are sought that deny nobody.
	Deny *big.Rat

	Backend Backend
}

// Backend is what all clients together may get.
type Backend struct {
	Span time.Duration // a second or a minute
	Most int64         // in any such span; -1: none is asked for
}

// NoGoal asks for nothing, and looks at minutes.
var NoGoal = Goal{Backend: Backend{Span: time.Minute, Most: -1}}

// Of returns what the backend has to stand in the span of the goal.
func (b Backend) Of(p Point) int64 {
	if b.Span == time.Second {
		return p.Second
	}
	return p.Minute
}

// Given reports whether anything is asked for.
func (g Goal) Given() bool { return g.Deny != nil || g.Backend.Most >= 0 }

// mostDenied returns how many of the good clients may be denied.
func (g Goal) mostDenied(good Good) int {
	if g.Deny == nil {
		return 0
	}
	of := new(big.Rat).Mul(g.Deny, new(big.Rat).SetInt64(int64(good.Count)))
	return int(new(big.Int).Quo(of.Num(), of.Denom()).Int64())
}

// metBy reports whether a point keeps all that is asked for.
func (g Goal) metBy(p Point, good Good) bool {
	return (g.Deny == nil || p.GoodClients <= g.mostDenied(good)) && (g.Backend.Most < 0 || g.Backend.Of(p) <= g.Backend.Most)
}

// String tells the goal as it can be given.
func (g Goal) String() string {
	var parts []string
	if g.Deny != nil {
		percent := new(big.Rat).Mul(g.Deny, big.NewRat(100, 1)).FloatString(6)
		parts = append(parts, "deny ≤ "+strings.TrimRight(strings.TrimRight(percent, "0"), ".")+"% of clients")
	}
	if g.Backend.Most >= 0 {
		parts = append(parts, fmt.Sprintf("≤ %s per %s on the backend", humanize.Comma(g.Backend.Most), words.Period(g.Backend.Span)))
	}
	return strings.Join(parts, ", ")
}

var (
	denyPart    = regexp.MustCompile(`^den(?:y|ied)\s*(?:≤|<=|at most)?\s*(\d+(?:\.\d+)?)\s*%(?:\s*of)?(?:\s*(?:the\s*)?(?:good\s*)?clients?)?(?:\s*within)?$`)
	backendPart = regexp.MustCompile(`^(?:backend\s*)?(?:≤|<=|at most)?\s*(\d.*?)(?:\s*on\s*(?:the\s*)?backend)?$`)
)

const goalForm = `give one or both of "deny <= 0.1% of clients" and "<= 50/s on the backend"`

// ParseGoal reads a goal: "deny <= 0.1% of clients, <= 50/s on the backend".
func ParseGoal(text string) (Goal, error) {
	g := NoGoal
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		var err error
		if match := denyPart.FindStringSubmatch(part); match != nil {
			err = g.parseDeny(match[1])
		} else if match := backendPart.FindStringSubmatch(part); match != nil {
			err = g.parseBackend(match[1])
		} else {
			err = errors.New(goalForm)
		}
		if err != nil {
			return NoGoal, fmt.Errorf("the goal %q: %w", part, err)
		}
	}
	return g, nil
}

func (g *Goal) parseDeny(percent string) error {
	share, ok := new(big.Rat).SetString(percent)
	if !ok || share.Cmp(big.NewRat(100, 1)) > 0 {
		return errors.New("a share is from 0% to 100%")
	}
	g.Deny = share.Quo(share, big.NewRat(100, 1))
	return nil
}

func (g *Goal) parseBackend(text string) error {
	quota, err := throttled.ParseQuota(text)
	rates := quota.Rates()
	if err != nil || len(rates) != 1 || rates[0].Burst != 0 || rates[0].Period != time.Second && rates[0].Period != time.Minute {
		return fmt.Errorf("%q is not like 50/s or 2000/m; %s", text, goalForm)
	}
	g.Backend = Backend{Span: rates[0].Period, Most: rates[0].Limit}
	return nil
}
