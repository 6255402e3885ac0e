package redis

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/throttled-go/throttled"
)

// parseURL reads the URL of a Redis, as [Open] says.
//
// An error is [throttled.ErrInvalidConfig]. It tells what is wrong and where,
// but shows nothing of the URL except the name of an unknown parameter: what is
// malformed may well be a password that was not encoded.
func parseURL(text string) (target, error) {
	pieces, err := cutURL(text)
	if err != nil {
		return target{}, err
	}
	r := urlReader{form: pieces.form}
	r.target = target{topology: r.form.topology, tls: r.form.tls, network: "tcp"}
	for _, read := range []func(urlPieces) error{r.login, r.place, r.fragment, r.query} {
		if err := read(pieces); err != nil {
			return target{}, err
		}
	}
	return r.finish()
}

// urlForm is what a scheme says of the rest of its URL.
type urlForm struct {
	name     string
	topology topology
	tls      bool
	socket   bool // the path is that of a unix socket
	lettuce  bool // a login without a colon is a password
	named    bool // the path begins with the name of the master
}

var urlForms = []urlForm{
	{name: "redis"},
	{name: "rediss", tls: true},
	{name: "unix", socket: true},
	{name: "redis+sentinel", topology: sentinel, named: true},
	{name: "rediss+sentinel", topology: sentinel, named: true, tls: true},
	{name: "redis+cluster", topology: cluster},
	{name: "rediss+cluster", topology: cluster, tls: true},
	{name: "redis-socket", socket: true, lettuce: true},
	{name: "redis+socket", socket: true, lettuce: true},
	{name: "redis-sentinel", topology: sentinel, lettuce: true},
	{name: "rediss-sentinel", topology: sentinel, lettuce: true, tls: true},
}

// urlPieces is a URL in its parts, none of them decoded.
type urlPieces struct {
	form     urlForm
	login    string
	hosts    string
	path     string // with its first slash
	query    string
	fragment string
}

// cutURL takes a URL apart. It does not use [url.Parse], which knows no lists of
// hosts and prints the URL in its errors.
func cutURL(text string) (urlPieces, error) {
	if at := strings.IndexFunc(text, blankOrControl); at >= 0 {
		return urlPieces{}, urlFault("byte %d is a blank or a control character: percent-encode it, a blank as %%20", at)
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return urlPieces{}, urlFault("there is no scheme; write %s", urlSchemes())
	}
	var p urlPieces
	if p.form, ok = formOf(scheme); !ok {
		return urlPieces{}, urlFault("the scheme is unknown; write %s", urlSchemes())
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
		return urlPieces{}, urlFault("an @ stands behind the hosts: percent-encode it as %%40, " +
			"and in a user or a password / as %%2F, ? as %%3F, # as %%23")
	}
	p.hosts = authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		p.login, p.hosts = authority[:at], authority[at+1:]
	}
	rest, p.fragment, _ = strings.Cut(rest, "#")
	if strings.Contains(p.fragment, "#") {
		return urlPieces{}, urlFault("there is more than one #: in a user, a password or a name it is written %%23")
	}
	p.path, p.query, _ = strings.Cut(rest, "?")
	return p, nil
}

func formOf(scheme string) (urlForm, bool) {
	for _, f := range urlForms {
		if strings.EqualFold(f.name, scheme) {
			return f, true
		}
	}
	return urlForm{}, false
}

// urlSchemes lists what a URL may begin with.
func urlSchemes() string {
	names := make([]string, len(urlForms))
	for i, f := range urlForms {
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
		return "", urlFault("%s: a %% is not followed by two hexadecimal digits; a %% itself is written %%25", what)
	}
	return decoded, nil
}

// urlFault is an error that shows nothing of the URL. Whoever passes an argument
// to it answers for that.
func urlFault(format string, args ...any) error {
	return fmt.Errorf("%w: Redis URL: %s", throttled.ErrInvalidConfig, fmt.Sprintf(format, args...))
}
