package redisurl

import (
	"strconv"
	"strings"
)

// inPath says in a message where something stands.
const inPath = "the path"

// reader gathers a target from the pieces of a URL. Each method reads what its
// name says.
type reader struct {
	form   form
	target Target
	data   login // at the nodes
	watch  login // at the sentinels

	databaseFrom string // where the database was named, "" while it was not
	masterFrom   string
}

// login reads who the client is. The colon is looked for before anything is
// decoded, so that a user may have one too.
func (r *reader) login(p pieces) error {
	// A comma parts hosts. Were it read as part of a login, then in
	// a:b@h1,a:b@h2 the password would be b@h1,a:b, and h1 gone without a word.
	_, more, _ := strings.Cut(p.login, "@")
	if strings.Contains(more, ",") || r.form.topology != Standalone && strings.Contains(p.login, ",") {
		return fault("a comma stands before the last @: a login stands once, before the first host, " +
			"and in a user or a password a comma is written %%2C, an @ %%40")
	}
	user, password, colon := strings.Cut(p.login, ":")
	if !colon && r.form.lettuce {
		user, password = "", p.login
	}
	var err error
	if r.data.user, err = percentDecode("the user", user); err != nil {
		return err
	}
	if r.data.password, err = percentDecode("the password", password); err != nil {
		return err
	}
	r.watch = r.data
	return nil
}

// place reads where Redis is: the hosts and the path.
func (r *reader) place(p pieces) error {
	if r.form.socket {
		return r.socket(p)
	}
	var err error
	if r.target.addresses, err = parseHosts(p.hosts, r.form); err != nil {
		return err
	}
	database := strings.TrimPrefix(p.path, "/")
	if r.form.named {
		var master string
		master, database, _ = strings.Cut(database, "/")
		if err := r.decoded(inPath, master, r.master); err != nil {
			return err
		}
	}
	return r.decoded(inPath, database, r.database)
}

// decoded hands a part of the URL to take, decoded, unless it is empty.
func (r *reader) decoded(from, text string, take func(from, text string) error) error {
	if text == "" {
		return nil
	}
	text, err := percentDecode(from, text)
	if err != nil {
		return err
	}
	return take(from, text)
}

// socket reads the path of a unix socket.
func (r *reader) socket(p pieces) error {
	if p.hosts != "" {
		return fault("%s:// has no host: three slashes, or a login with its @, stand before the path of the socket, "+
			"as in %s:///run/redis.sock", r.form.name, r.form.name)
	}
	path, err := percentDecode(inPath, p.path)
	switch {
	case err != nil:
		return err
	case strings.Trim(path, "/") == "":
		return fault("there is no path; write %s:///run/redis.sock", r.form.name)
	case strings.ContainsRune(path, 0):
		return fault("the path has a zero byte")
	}
	r.target.network = "unix"
	r.target.addresses = []string{path}
	return nil
}

// fragment reads what stands behind the #.
func (r *reader) fragment(p pieces) error {
	if p.fragment != "" && r.form.topology != Sentinel {
		return fault("a # names the master of a Sentinel, which %s:// has not; in a user or a password it is written %%23",
			r.form.name)
	}
	return r.decoded("the fragment", p.fragment, r.master)
}

// database takes a database from one of the places it may stand in.
func (r *reader) database(from, text string) error {
	number, err := strconv.ParseUint(text, 10, 31)
	switch {
	case err != nil && r.form.named && from == inPath:
		return fault("the path is /master/database, with a database from 0 to 2147483647")
	case err != nil && r.form.topology == Sentinel:
		return fault("%s has no database from 0 to 2147483647; the master is named by #master, "+
			"or in the path of redis+sentinel://", from)
	case err != nil:
		return fault("%s has no database from 0 to 2147483647", from)
	case r.databaseFrom != "" && int(number) != r.target.database:
		return fault("%s and %s name different databases", r.databaseFrom, from)
	case r.form.topology == Cluster && number != 0:
		return fault("%s names a database other than 0, and a cluster has no other", from)
	}
	r.target.database, r.databaseFrom = int(number), from
	return nil
}

// master takes the name of the master from one of the places it may stand in.
func (r *reader) master(from, name string) error {
	if r.masterFrom != "" && name != r.target.master {
		return fault("%s and %s name different masters", r.masterFrom, from)
	}
	r.target.master, r.masterFrom = name, from
	return nil
}

// finish looks at the whole.
func (r *reader) finish() (Target, error) {
	t := r.target
	switch {
	case t.Topology != Sentinel:
		r.watch = login{} // nobody to use it
	case t.master == "" && r.form.named:
		return Target{}, fault("no master is named; write %s://host/master", r.form.name)
	case t.master == "":
		return Target{}, fault("no master is named; write %s://host#master", r.form.name)
	}
	t.logins = &logins{data: &r.data, sentinel: &r.watch}
	return t, nil
}
