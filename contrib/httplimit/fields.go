package httplimit

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/throttled-go/throttled"
)

// Fields says which fields tell a client of its quota. Join several with |.
type Fields uint8

// The sets of fields. The zero value of [Options].Fields means FieldsDraft11. All
// are written before the handler runs, so that a streamed answer has them too,
// and Retry-After is sent with every denial but one that lasts for ever.
const (
	// FieldsDraft11 are RateLimit-Policy, which tells every rate of the quota, and
	// RateLimit, which tells what is left of the one that binds, as lists of
	// RFC 9651: draft-ietf-httpapi-ratelimit-headers-11. Where several
	// middlewares are around a handler, each adds its own items.
	FieldsDraft11 Fields = 1 << iota

	// FieldsDraft06 are RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset,
	// the last in seconds from now, as drafts 00 to 06 had them and many clients
	// know them. Of several middlewares the innermost has its say.
	FieldsDraft06

	// FieldsX are X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset,
	// the last in seconds since the Unix epoch, as most who send them do. Of
	// several middlewares the innermost has its say.
	FieldsX

	// FieldsNone is for none of these.
	FieldsNone

	fieldsEnd
)

// The names of the fields, in the canonical form of net/http.
const (
	fieldPolicy = "Ratelimit-Policy"
	fieldLimit  = "Ratelimit"
)

var (
	draft06      = [3]string{"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset"}
	unregistered = [3]string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"}
)

// teller writes the fields. It is immutable.
type teller struct {
	fields    Fields
	algorithm throttled.Algorithm
	policies  []policy // one for each rate of the quota
	list      string   // RateLimit-Policy
}

// policyOf returns the policy that binds, or nil if the answer has none: because the
// quota was not looked at, or because it is the answer of somebody else.
func (t *teller) policyOf(res throttled.Result) *policy {
	if i := res.Rate(); res.Checked() && i >= 0 && i < len(t.policies) {
		return &t.policies[i]
	}
	return nil
}

// tell writes what res says into h.
func (t *teller) tell(h http.Header, res throttled.Result) {
	if !res.Allowed {
		if wait := retryAfter(res); wait > 0 {
			h.Set("Retry-After", strconv.FormatInt(wait, 10))
		}
	}
	p := t.policyOf(res)
	if p == nil || t.fields == FieldsNone {
		return
	}
	left, wait := p.remaining(res), t.wait(p, res)
	if t.fields&FieldsDraft11 != 0 {
		t.tellDraft11(h, p, left, wait)
	}
	if t.fields&FieldsDraft06 != 0 {
		tellThree(h, &draft06, p.capacity, left, wait)
	}
	if t.fields&FieldsX != 0 {
		tellThree(h, &unregistered, p.capacity, left, instant(wait, time.Now()))
	}
}

// wait returns t of the policy that binds: the whole seconds that what remains is for or,
// where nothing does, until there is more; 0 means that it is not told.
func (t *teller) wait(p *policy, res throttled.Result) int64 {
	r, only := p.remaining(res), len(t.policies) == 1
	switch {
	case r == 0 && !res.Allowed:
		return retryAfter(res)
	case r > 0 && !windowed(t.algorithm):
		return p.pace(r)
	case r == 0 && t.algorithm == throttled.SlidingWindow:
		// When its window has passed, all of it may still count, until one unit of it
		// has left.
		return seconds(p.untilNextWindow(res, only) + p.leaks(1, true))
	case windowed(t.algorithm):
		return seconds(p.untilNextWindow(res, only))
	}
	// The request took the last unit. The answer does not tell how long a request after
	// it would wait, but how long at most.
	var longest time.Duration
	for i := range t.policies {
		longest = max(longest, t.policies[i].untilNextUnit(res))
	}
	return seconds(longest)
}

// tellDraft11 adds an item to RateLimit and those of the quota to RateLimit-Policy.
func (t *teller) tellDraft11(h http.Header, p *policy, left, wait int64) {
	var room [96]byte // most items fit, so that only the string is allocated
	item := append(room[:0], p.item...)
	item = strconv.AppendInt(item, left, 10)
	if wait > 0 {
		item = append(item, ";t="...)
		item = strconv.AppendInt(item, wait, 10)
	}
	values := &[2]string{t.list, string(item)} // one allocation for both fields
	add(h, fieldPolicy, values[0:1:1])
	add(h, fieldLimit, values[1:2:2])
}

// add adds value to the field of that canonical name. It may keep value.
func add(h http.Header, name string, value []string) {
	if before := h[name]; len(before) > 0 {
		value = append(before, value...)
	}
	h[name] = value
}

// tellThree sets the three fields of one of the older forms. Reset 0 is not told.
func tellThree(h http.Header, names *[3]string, limit, left, reset int64) {
	values := &[3]string{strconv.FormatInt(limit, 10), strconv.FormatInt(left, 10), strconv.FormatInt(reset, 10)}
	for i, name := range names {
		h[name] = values[i : i+1 : i+1]
	}
	if reset == 0 {
		delete(h, names[2])
	}
}

// instant returns the Unix time so many seconds from now, rounded up, and 0 for 0.
func instant(wait int64, now time.Time) int64 {
	if wait > 0 {
		if wait += now.Unix(); now.Nanosecond() > 0 {
			wait++
		}
	}
	return wait
}

// newTeller requires names and a unit that were checked.
func newTeller(fields Fields, quota throttled.Quota, algorithm throttled.Algorithm, names []string, unit string) teller {
	t := teller{fields: fields, algorithm: algorithm}
	var items []string
	for i, rate := range quota.Rates() {
		p := newPolicy(names[i], algorithm, rate)
		t.policies = append(t.policies, p)
		items = append(items, p.policyField(unit))
	}
	t.list = strings.Join(items, ", ")
	return t
}

// textsOf returns the rates of a quota as a person writes them, which are the names of
// its policies where nobody gave others.
func textsOf(quota throttled.Quota) []string {
	var texts []string
	for _, rate := range quota.Rates() {
		texts = append(texts, throttled.NewQuota(rate).String())
	}
	return texts
}
