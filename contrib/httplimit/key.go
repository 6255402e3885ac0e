package httplimit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/throttled-go/throttled"
)

var (
	// ErrNoKey is returned for a request that has nothing of what its key is made
	// of: no such header, no session, no pattern.
	ErrNoKey = errors.New("httplimit: no key")

	// ErrBadKey is returned for a request whose key cannot be told from what it
	// has: an address that is none, a header that is there twice.
	ErrBadKey = errors.New("httplimit: bad key")
)

// MaxKeyLength is how many bytes a key has at most. A longer one is replaced by
// "sha256:" and the hash of it in 64 hexadecimal digits, which is longer than any
// key that is not, so that nobody can ask for the key of somebody else.
const MaxKeyLength = 64

// Key says whose quota a request counts to: [ClientIP], [Header], [Cookie],
// [BasicAuthUser], [Pattern], [Constant], a [KeyFunc] of your own, or several of
// them as [Join] or [FirstOf].
type Key interface {
	// compile returns the function that makes the key, or every fault of the
	// settings, over [throttled.ErrInvalidConfig].
	compile() (KeyFunc, error)
}

// KeyFunc is a [Key] made by a function, which must be safe for concurrent use. An
// error, or an empty key, refuses the request; wrap [ErrNoKey] to let [FirstOf]
// try the next.
type KeyFunc func(r *http.Request) (string, error)

// Compile returns key as a function for use by itself, to log the same key, for one:
// with [MaxKeyLength] seen to, and never with an empty key. Every fault of key is
// reported at once, over [throttled.ErrInvalidConfig].
func Compile(key Key) (KeyFunc, error) {
	if key == nil {
		return nil, configFault("the key is nil")
	}
	of, err := key.compile()
	if err != nil {
		return nil, err
	}
	return func(r *http.Request) (string, error) {
		text, err := of(r)
		if err != nil {
			return "", err
		}
		return bounded(text)
	}, nil
}

func bounded(text string) (string, error) {
	switch {
	case text == "":
		return "", fmt.Errorf("%w: it is empty", ErrNoKey)
	case len(text) > MaxKeyLength:
		sum := sha256.Sum256([]byte(text))
		return "sha256:" + hex.EncodeToString(sum[:]), nil
	}
	return text, nil
}

func configFault(format string, args ...any) error {
	return fmt.Errorf("%w: httplimit: "+format, append([]any{throttled.ErrInvalidConfig}, args...)...)
}

func (f KeyFunc) compile() (KeyFunc, error) {
	if f == nil {
		return nil, configFault("a KeyFunc is nil")
	}
	return f, nil
}

// Constant is a [Key] that all requests have: one quota for everybody.
type Constant string

func (c Constant) compile() (KeyFunc, error) {
	if c == "" {
		return nil, configFault("a Constant is empty; give it a text, such as \"all\"")
	}
	return func(*http.Request) (string, error) { return string(c), nil }, nil
}

// Header is a [Key]: the value of the field of that name, in any case of letters, of a
// request. Without it, or with an empty one, a request has no key, and with more
// than one a bad key. Its sender chooses it: use a header that something before
// the middleware has verified, or Join it with what the sender cannot choose.
type Header string

func (h Header) compile() (KeyFunc, error) {
	name := http.CanonicalHeaderKey(string(h))
	switch {
	case !isToken(name):
		return nil, configFault("a Header is %.80q, which is no name of a field", string(h))
	case name == "Host":
		return nil, configFault("a Header is Host, which net/http keeps elsewhere; take Request.Host with a KeyFunc")
	}
	return func(r *http.Request) (string, error) {
		return single("field "+name, r.Header[name], func(value string) string { return value })
	}, nil
}

// Cookie is a [Key]: the value of the cookie of that name, whose letters count. Without
// it, or with an empty one, a request has no key, and with more than one a bad
// key. Its sender chooses it, as that of a Header.
type Cookie string

func (c Cookie) compile() (KeyFunc, error) {
	if !isToken(string(c)) {
		return nil, configFault("a Cookie is %.80q, which is no name of a cookie", string(c))
	}
	return func(r *http.Request) (string, error) {
		return single("cookie "+string(c), r.CookiesNamed(string(c)), func(cookie *http.Cookie) string { return cookie.Value })
	}, nil
}

// single returns the text of the one value there is.
func single[T any](what string, values []T, text func(T) string) (string, error) {
	switch {
	case len(values) == 0:
		return "", fmt.Errorf("%w: the request has no %s", ErrNoKey, what)
	case len(values) > 1:
		return "", fmt.Errorf("%w: the request has more than one %s", ErrBadKey, what)
	case text(values[0]) == "":
		return "", fmt.Errorf("%w: the %s is empty", ErrNoKey, what)
	}
	return text(values[0]), nil
}

// BasicAuthUser is a [Key]: the user of HTTP basic authentication, whose password is
// not looked at, so something before the middleware must have. Without one a
// request has no key.
type BasicAuthUser struct{}

func (BasicAuthUser) compile() (KeyFunc, error) {
	return func(r *http.Request) (string, error) {
		user, _, ok := r.BasicAuth()
		if !ok || user == "" {
			return "", fmt.Errorf("%w: the request has no user of basic authentication", ErrNoKey)
		}
		return user, nil
	}, nil
}

// Pattern is a [Key]: the pattern of the http.ServeMux that the request matched. It is
// known inside the ServeMux, so wrap its handlers and not the ServeMux itself,
// around which no request has a key.
type Pattern struct{}

func (Pattern) compile() (KeyFunc, error) {
	return func(r *http.Request) (string, error) {
		if r.Pattern == "" {
			return "", fmt.Errorf("%w: the request has no pattern; wrap the handlers of a ServeMux, and not the ServeMux", ErrNoKey)
		}
		return r.Pattern, nil
	}, nil
}

// Join is a [Key] of several: requests share a quota where all of them are equal. Keys
// are joined by "|", which is escaped in each, so no two lists give one key. What
// has no key, or a bad one, for one of them has none for all.
type Join []Key

func (j Join) compile() (KeyFunc, error) {
	parts, err := compileAll("Join", j)
	if err != nil {
		return nil, err
	}
	return func(r *http.Request) (string, error) {
		texts := make([]string, len(parts))
		for i, part := range parts {
			text, err := part(r)
			if err != nil {
				return "", err
			}
			if text == "" {
				return "", fmt.Errorf("%w: part %d is empty", ErrNoKey, i)
			}
			texts[i] = escaper.Replace(text)
		}
		return strings.Join(texts, "|"), nil
	}, nil
}

// escaper leaves no "|" and no two texts alike.
var escaper = strings.NewReplacer("%", "%25", "|", "%7C")

// FirstOf is a [Key]: the first that the request has, where those before it give
// [ErrNoKey] or an empty key. A bad key is an error and no reason to go on. Each
// begins with its place in the list, so no two of them meet.
type FirstOf []Key

func (f FirstOf) compile() (KeyFunc, error) {
	choices, err := compileAll("FirstOf", f)
	if err != nil {
		return nil, err
	}
	return func(r *http.Request) (string, error) {
		for i, choice := range choices {
			text, err := choice(r)
			if err != nil && !errors.Is(err, ErrNoKey) {
				return "", err
			}
			if err == nil && text != "" {
				return strconv.Itoa(i) + ":" + text, nil
			}
		}
		return "", fmt.Errorf("%w: the request has none of %d", ErrNoKey, len(choices))
	}, nil
}

// compileAll compiles keys and returns the faults of all.
func compileAll(of string, keys []Key) ([]KeyFunc, error) {
	if len(keys) == 0 {
		return nil, configFault("a %s is empty", of)
	}
	compiled := make([]KeyFunc, len(keys))
	var faults []error
	for i, key := range keys {
		if key == nil {
			faults = append(faults, configFault("%s[%d] is nil", of, i))
			continue
		}
		var err error
		compiled[i], err = key.compile()
		faults = append(faults, err)
	}
	return compiled, errors.Join(faults...)
}

// isToken reports whether text is a token of RFC 9110, such as the name of a field.
func isToken(text string) bool {
	for i := range len(text) {
		if !tokenChar(text[i]) {
			return false
		}
	}
	return text != ""
}

func tokenChar(c byte) bool {
	return lower(c) || upper(c) || digit(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
