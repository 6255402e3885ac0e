// Package redisurl reads the URL of a Redis, one server, a set under Sentinel or a
// cluster, and gives the settings of a client for it.
//
// What a URL may say stands at Open of package redis. No error, and no way to
// print what this package returns, shows a login.
package redisurl

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/throttled-go/throttled"
)

// Parse reads the URL of a Redis.
//
// An error is [throttled.ErrInvalidConfig]. It says what is wrong and where, but
// shows nothing of the URL except the name of an unknown parameter: what is
// malformed may well be a password that was not encoded.
func Parse(text string) (Target, error) {
	p, err := cut(text)
	if err != nil {
		return Target{}, err
	}
	r := reader{form: p.form}
	r.target = Target{Topology: r.form.topology, tls: r.form.tls, network: "tcp"}
	for _, read := range []func(pieces) error{r.login, r.place, r.fragment, r.query} {
		if err := read(p); err != nil {
			return Target{}, err
		}
	}
	return r.finish()
}

// form is what a scheme says of the rest of its URL.
type form struct {
	name     string
	topology Topology
	tls      bool
	socket   bool // the path is that of a unix socket
	lettuce  bool // a login without a colon is a password
	named    bool // the path begins with the name of the master
}

var forms = []form{
	{name: "redis"},
	{name: "rediss", tls: true},
	{name: "unix", socket: true},
	{name: "redis+sentinel", topology: Sentinel, named: true},
	{name: "rediss+sentinel", topology: Sentinel, named: true, tls: true},
	{name: "redis+cluster", topology: Cluster},
	{name: "rediss+cluster", topology: Cluster, tls: true},
	{name: "redis-socket", socket: true, lettuce: true},
	{name: "redis+socket", socket: true, lettuce: true},
	{name: "redis-sentinel", topology: Sentinel, lettuce: true},
	{name: "rediss-sentinel", topology: Sentinel, lettuce: true, tls: true},
}

// pieces is a URL in its parts, none of them decoded.
type pieces struct {
	form     form
	login    string
	hosts    string
	path     string // with its first slash
	query    string
	fragment string
}

// cut takes a URL apart. It does not use [url.Parse], which knows no lists of
// hosts and prints the URL in its errors.
func cut(text string) (pieces, error) {
	if at := strings.IndexFunc(text, blankOrControl); at >= 0 {
		return pieces{}, fault("byte %d is a blank or a control character: percent-encode it, a blank as %%20", at)
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return pieces{}, fault("there is no scheme; write %s", schemes())
	}
	var p pieces
	if p.form, ok = formOf(scheme); !ok {
		return pieces{}, fault("the scheme is unknown; write %s", schemes())
	}

	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, rest = rest[:end], rest[end:]
	} else {
		rest = ""
	}
	// Before anything behind the authority is looked at, let alone shown: it
	// may be the end of a password.
	if strings.Contains(rest, "@") {
		return pieces{}, fault("an @ stands behind the hosts: percent-encode it as %%40, " +
			"and in a user or a password / as %%2F, ? as %%3F, # as %%23")
	}
	p.hosts = authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		p.login, p.hosts = authority[:at], authority[at+1:]
	}
	rest, p.fragment, _ = strings.Cut(rest, "#")
	if strings.Contains(p.fragment, "#") {
		return pieces{}, fault("there is more than one #: in a user, a password or a name it is written %%23")
	}
	p.path, p.query, _ = strings.Cut(rest, "?")
	return p, nil
}

func formOf(scheme string) (form, bool) {
	for _, f := range forms {
		if strings.EqualFold(f.name, scheme) {
			return f, true
		}
	}
	return form{}, false
}

// schemes lists what a URL may begin with.
func schemes() string {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = f.name + "://"
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func blankOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

// percentDecode undoes the percent-encoding of one part. A + stays what it is:
// only HTML forms write a blank so, and passwords in base64 have it.
func percentDecode(what, text string) (string, error) {
	decoded, err := url.PathUnescape(text)
	if err != nil { // it shows the text, so it goes no further
		return "", fault("%s: a %% is not followed by two hexadecimal digits; a %% itself is written %%25", what)
	}
	return decoded, nil
}

// fault is an error that shows nothing of the URL. Whoever passes an argument
// to it answers for that.
func fault(format string, args ...any) error {
	return fmt.Errorf("%w: Redis URL: %s", throttled.ErrInvalidConfig, fmt.Sprintf(format, args...))
}
