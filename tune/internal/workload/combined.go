package workload

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// combined is the common and the combined format, as Apache and nginx write
// them, and vhost_combined, where the site stands before all:
//
//	[site:port] host ident user [day/month/year:hour:minute:second zone] "request" status bytes "referer" "agent" "forwarded"
//
// The common format ends after bytes. Many logs have another quoted field after
// the agent, which is then what X-Forwarded-For was. Anything else is ignored.
type combined struct {
	site   bool // vhost_combined
	places []int
}

// combinedFields are the fields of access, in its order.
var combinedFields = []string{
	FieldSite, FieldHost, "ident", FieldUser, fieldTime, "request", FieldStatus, FieldBytes, "referer", FieldAgent, FieldForwarded,
}

// access is the fields of a line, in the order of combinedFields.
type access [11]string

// The places of fields in access.
const (
	atSite = iota
	atHost
	atIdent
	atUser
	atTime
	atRequest
	atStatus
	atBytes
	atReferer
	atAgent
	atForwarded
)

func (c *combined) name() string {
	if c.site {
		return "vhost_combined"
	}
	return "combined"
}

func (c *combined) want(field string) error {
	field = strings.TrimPrefix(field, "$")
	switch field {
	case FieldPath:
		field = "request"
	case "http_x_forwarded_for":
		field = FieldForwarded
	}
	place := slices.Index(combinedFields, field)
	if place < 0 || place == atSite && !c.site {
		have := append(slices.Clone(combinedFields), FieldPath)
		if !c.site {
			have = have[1:]
		}
		return missing(c.name(), field, have)
	}
	c.places = append(c.places, place)
	return nil
}

func (c *combined) split(line string, into []string) ([]string, bool, error) {
	var a access
	if err := a.parse(line, c.site); err != nil {
		return into, false, err
	}
	for _, place := range c.places {
		into = append(into, a[place])
	}
	return into, true, nil
}

func (a *access) parse(line string, site bool) error {
	// A user may have blanks in the name, so the time is looked for by its bracket.
	who, rest, found := strings.Cut(line, " [")
	if !found {
		return errors.New("there is no time in brackets")
	}
	if site {
		a[atSite], who, found = strings.Cut(who, " ")
		if !found {
			return errors.New("it does not begin with the site and who asked")
		}
	}
	if err := a.parseWho(who); err != nil {
		return err
	}
	a[atTime], rest, found = strings.Cut(rest, "] ")
	if !found {
		return errors.New("nothing follows the time in brackets")
	}
	var err error
	if a[atRequest], rest, err = cutQuoted(rest); err != nil {
		return fmt.Errorf("the request: %w", err)
	}
	return a.parseSent(rest)
}

// parseWho reads host, ident and user.
func (a *access) parseWho(text string) error {
	host, rest, found := strings.Cut(text, " ")
	if !found || host == "" {
		return errors.New("it does not begin with host, ident and user")
	}
	ident, user, found := strings.Cut(rest, " ")
	if !found || user == "" {
		return errors.New("host, ident and user do not stand before the time")
	}
	a[atHost], a[atIdent], a[atUser] = host, ident, user
	return nil
}

// parseSent reads status and bytes, and what is quoted behind them.
func (a *access) parseSent(text string) error {
	status, rest, _ := strings.Cut(strings.TrimPrefix(text, " "), " ")
	if n, err := strconv.ParseUint(status, 10, 16); err != nil || n < 100 || n > 999 {
		return fmt.Errorf("the status %q is no number of three digits", status)
	}
	sent, rest, _ := strings.Cut(rest, " ")
	if n, err := strconv.ParseInt(sent, 10, 64); sent != "-" && (err != nil || n < 0) {
		return fmt.Errorf("the number of bytes %q is neither a number nor -", sent)
	}
	a[atStatus], a[atBytes] = status, sent
	for place := atReferer; place <= atForwarded; place++ {
		field, after, err := cutQuoted(rest)
		if err != nil {
			return nil //nolint:nilerr // a line in the common format ends here, or goes on with fields of its own
		}
		a[place], rest = field, strings.TrimPrefix(after, " ")
	}
	return nil
}

// cutQuoted cuts a quoted field off text. In it a backslash keeps the next
// character from ending the field. The field is returned as it was written:
// as a key it need only be the same each time.
func cutQuoted(text string) (field, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		return "", text, errors.New("it does not begin with a quote")
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[1:i], text[i+1:], nil
		}
	}
	return "", text, errors.New("its quote does not end")
}

// hasSite reports whether a line in brackets has the site before the client:
// then what follows the first field is an address, or a name that "-" follows
// where the other formats have the user.
func hasSite(line string) bool {
	who, _, _ := strings.Cut(line, " [")
	fields := strings.Fields(who)
	if len(fields) < 4 {
		return false
	}
	_, err := netip.ParseAddr(fields[1])
	return err == nil || fields[1] != "-" && fields[2] == "-"
}
