package redisurl

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The parameters, as they are written in messages; see parseURL.
const (
	paramClientName       = "clientName"
	paramDatabase         = "database"
	paramDB               = "db"
	paramSentinelMasterID = "sentinelMasterId"
	paramSentinelPassword = "sentinelPassword"
	paramSentinelUsername = "sentinelUsername"
	paramTimeout          = "timeout"
)

// parameters lists those that f knows, in the order of the alphabet.
func (f form) parameters() []string {
	known := []string{paramClientName, paramDatabase, paramDB}
	if f.topology == Sentinel {
		known = append(known, paramSentinelMasterID, paramSentinelPassword, paramSentinelUsername)
	}
	return append(known, paramTimeout)
}

// query reads the parameters.
func (r *reader) query(p pieces) error {
	known := r.form.parameters()
	seen := map[string]bool{}
	for i, text := range strings.Split(p.query, "&") {
		if text == "" {
			continue
		}
		written, value, _ := strings.Cut(text, "=")
		at := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, written) })
		if at < 0 {
			// Behind a login of the sentinels it may be the rest of a password with an &.
			hide := seen[paramSentinelPassword] || seen[paramSentinelUsername]
			return r.unknown(i+1, written, hide)
		}
		name := known[at]
		if seen[name] {
			return fault("parameter %s stands twice", name)
		}
		seen[name] = true
		value, err := percentDecode("parameter "+name, value)
		if err != nil {
			return err
		}
		if err := r.parameter(name, value); err != nil {
			return err
		}
	}
	return nil
}

// unknown refuses the parameter at a place, counted from 1. It shows the name
// only if it is one.
func (r *reader) unknown(at int, name string, hide bool) error {
	known := strings.Join(r.form.parameters(), ", ")
	if hide || name == "" || len(name) > 40 || strings.ContainsFunc(name, notInHosts) {
		return fault("parameter %d is unknown; %s:// knows %s; in a value & is written %%26", at, r.form.name, known)
	}
	return fault("parameter %q is unknown; %s:// knows %s", name, r.form.name, known)
}

// parameter reads one, whose value is decoded. Only the logins may be empty:
// they mean none.
func (r *reader) parameter(name, value string) (err error) {
	from := "parameter " + name
	switch name {
	case paramSentinelUsername:
		r.watch.user = value
		return nil
	case paramSentinelPassword:
		r.watch.password = value
		return nil
	}
	if value == "" {
		return fault("%s has no value", from)
	}
	switch name {
	case paramDatabase, paramDB:
		return r.database(from, value)
	case paramSentinelMasterID:
		return r.master(from, value)
	case paramTimeout:
		r.target.Timeout, err = parseTimeout(value)
		return err
	default: // paramClientName
		// Redis refuses any other, but only once the client connects.
		if strings.ContainsFunc(value, func(c rune) bool { return c < '!' || c > '~' }) {
			return fault("%s has a blank or a character that is not printable ASCII", from)
		}
		r.target.clientName = value
		return nil
	}
}

// parseTimeout reads a timeout as lettuce writes it, except that what lettuce
// ignores is an error here, and so is 0, which it takes for "no timeout".
func parseTimeout(text string) (time.Duration, error) {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(text)
	}
	unit, ok := unitOf(text[end:])
	if end == 0 || !ok {
		return 0, fault("parameter timeout is no whole number with one of the units ns, us, ms, s, m, h, d, " +
			"as in 10s or 500ms; without a unit it is in ms")
	}
	number, err := strconv.ParseInt(text[:end], 10, 64)
	switch {
	case err != nil || number > math.MaxInt64/int64(unit): // only a number out of range is an err
		return 0, fault("parameter timeout is longer than 2562047h")
	case number == 0:
		return 0, fault("parameter timeout is 0; leave it out for the default")
	}
	return time.Duration(number) * unit, nil
}

func unitOf(text string) (time.Duration, bool) {
	switch strings.ToLower(text) {
	case "ns":
		return time.Nanosecond, true
	case "us":
		return time.Microsecond, true
	case "ms", "":
		return time.Millisecond, true
	case "s":
		return time.Second, true
	case "m":
		return time.Minute, true
	case "h":
		return time.Hour, true
	case "d":
		return 24 * time.Hour, true
	}
	return 0, false
}
