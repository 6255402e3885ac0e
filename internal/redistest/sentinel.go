package redistest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// MasterName is the name by which sentinels know their master.
const MasterName = "mymaster"

// Sentinel is a master, a replica of it and three sentinels, which promote the
// replica when the master has been gone for half a second. A failover takes one
// to three seconds. All methods are safe for concurrent use.
type Sentinel struct {
	settings
	data      []*Server
	sentinels []*Server
}

// StartSentinel starts a set, which is stopped when the test ends. It is ready
// for a failover: the replica is in step, and the sentinels know each other.
func StartSentinel(t testing.TB, opts ...Option) *Sentinel {
	t.Helper()
	return forTest(t, startSentinel, opts)
}

func startSentinel(opts []Option) (*Sentinel, error) {
	return launched(opts, func(set settings) (*Sentinel, error) { return &Sentinel{settings: set}, nil })
}

// launch starts the master, then the replica, and when that is in step the
// sentinels: so each finds what it looks for at its first try.
func (s *Sentinel) launch() error {
	master, err := s.add()
	if err != nil {
		return err
	}
	replica, err := s.add(fmt.Sprintf("replicaof 127.0.0.1 %d", master.port))
	if err != nil {
		return err
	}
	if err := poll(replica.linked); err != nil {
		return err
	}
	if err := s.hire(); err != nil {
		return err
	}
	if err := each(s.sentinels, (*Server).launch); err != nil {
		return err
	}
	if err := s.introduce(); err != nil {
		return err
	}
	return poll(s.ready)
}

// add starts a server that holds data.
func (s *Sentinel) add(lines ...string) (*Server, error) {
	server, err := newServer(s.settings, lines...)
	if err != nil {
		return nil, err
	}
	s.data = append(s.data, server)
	err = server.launch()
	return server, err
}

// linked returns nil if the replica is in step with its master.
func (s *Server) linked() error {
	info, err := s.info("replication")
	if err == nil && info["master_link_status"] != "up" {
		err = fmt.Errorf("redistest: replica %s has no link to its master", s.Addr())
	}
	return err
}

// hire starts the three sentinels.
func (s *Sentinel) hire() error {
	for range 3 {
		sentinel, err := reserve(s.settings)
		if err != nil {
			return err
		}
		sentinel.sentinel = true
		s.sentinels = append(s.sentinels, sentinel)
		if err := sentinel.write(sentinel.lists(s.visitors()), s.duties()); err != nil {
			return err
		}
	}
	return nil
}

// duties returns the directives that say which master a sentinel watches, and
// how.
func (s *Sentinel) duties() []string {
	return []string{
		fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 2", MasterName, s.data[0].port),
		fmt.Sprintf("sentinel down-after-milliseconds %s 500", MasterName),
		fmt.Sprintf("sentinel failover-timeout %s 2000", MasterName),
		fmt.Sprintf("sentinel auth-user %s %s", MasterName, s.admin.name),
		fmt.Sprintf("sentinel auth-pass %s %s", MasterName, s.admin.password),
		"sentinel sentinel-user " + s.admin.name,
		"sentinel sentinel-pass " + s.admin.password,
	}
}

// introduce sends every sentinel the hello of every other. They also send it
// themselves, through the master, but only every two seconds.
func (s *Sentinel) introduce() error {
	for _, from := range s.sentinels {
		id, err := from.text("SENTINEL", "MYID")
		if err != nil {
			return err
		}
		hello := fmt.Sprintf("127.0.0.1,%d,%s,0,%s,127.0.0.1,%d,0", from.port, id, MasterName, s.data[0].port)
		for _, to := range s.sentinels {
			if to == from {
				continue
			}
			if _, err := to.Command("PUBLISH", "__sentinel__:hello", hello); err != nil {
				return err
			}
		}
	}
	return nil
}

// ready returns nil if every sentinel could lead a failover.
func (s *Sentinel) ready() error {
	return each(s.sentinels, func(sentinel *Server) error {
		if _, err := sentinel.Command("SENTINEL", "CKQUORUM", MasterName); err != nil {
			return err
		}
		return errors.Join(sentinel.calm(), sentinel.sees("REPLICAS", "slave"), sentinel.sees("SENTINELS", "sentinel"))
	})
}

// calm returns nil if the sentinel is connected to the master, sees no fault
// with it and does not fail over.
func (s *Server) calm() error {
	reply, err := s.Command("SENTINEL", "MASTER", MasterName)
	if err != nil {
		return err
	}
	if m := pairs(reply); m["flags"] != "master" {
		return fmt.Errorf("redistest: a sentinel sees the master as %s", m["flags"])
	}
	return nil
}

// sees returns nil if the sentinel is connected to all on its list and sees no
// fault with them.
func (s *Server) sees(list, flags string) error {
	entries, err := s.list("SENTINEL", list, MasterName)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("redistest: a sentinel knows no %s", list)
	}
	for _, entry := range entries {
		if m := pairs(entry); m["flags"] != flags {
			return fmt.Errorf("redistest: a sentinel sees %s as %s", m["name"], m["flags"])
		}
	}
	return nil
}

// pairs reads an array in which names and values alternate.
func pairs(reply any) map[string]string {
	m := map[string]string{}
	values, _ := reply.([]any)
	for i := 0; i+1 < len(values); i += 2 {
		m[fmt.Sprint(values[i])] = fmt.Sprint(values[i+1])
	}
	return m
}

// URL returns the redis+sentinel:// or rediss+sentinel:// URL of the set.
func (s *Sentinel) URL() string {
	u := url.URL{
		Scheme: s.scheme() + "+sentinel",
		User:   s.credentials(),
		Host:   strings.Join(s.Addrs(), ","),
		Path:   "/" + MasterName,
	}
	if s.sentinelUser != nil {
		query := url.Values{
			"sentinelUsername": {s.sentinelUser.name},
			"sentinelPassword": {s.sentinelUser.password},
		}.Encode()
		u.RawQuery = strings.ReplaceAll(query, "+", "%20") // a + stands for a blank only in an HTML form
	}
	return u.String()
}

// Addrs returns the addresses of the sentinels.
func (s *Sentinel) Addrs() []string { return addrs(s.sentinels) }

// Sentinels returns the three sentinels.
func (s *Sentinel) Sentinels() []*Server { return s.sentinels }

// Servers returns the two servers that hold data, whatever their roles are.
func (s *Sentinel) Servers() []*Server { return s.data }

func addrs(servers []*Server) []string {
	list := make([]string, len(servers))
	for i, s := range servers {
		list[i] = s.Addr()
	}
	return list
}

func (s *Sentinel) close() error {
	return errors.Join(each(s.sentinels, (*Server).close), each(s.data, (*Server).close))
}
