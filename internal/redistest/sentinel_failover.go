package redistest

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"
)

// Master returns the server that the sentinels name as the master. After a
// crash that is the old one until they have promoted the replica.
func (s *Sentinel) Master(t testing.TB) *Server {
	t.Helper()
	var master *Server
	must(t, poll(func() (err error) {
		master, err = s.named()
		return err
	}))
	return master
}

// MasterAddr returns the address of [Sentinel.Master].
func (s *Sentinel) MasterAddr(t testing.TB) string {
	t.Helper()
	return s.Master(t).Addr()
}

// KillMaster kills the master and returns it, without waiting for the
// failover; see [Sentinel.AwaitFailover].
func (s *Sentinel) KillMaster(t testing.TB) *Server {
	t.Helper()
	old := s.Master(t)
	old.Kill(t)
	return old
}

// Failover makes a sentinel promote the replica, though nothing is wrong with the
// master. It returns that master, without waiting for the replica; see
// [Sentinel.AwaitFailover]. It waits while Sentinel is busy with another
// failover.
func (s *Sentinel) Failover(t testing.TB) *Server {
	t.Helper()
	old := s.Master(t)
	must(t, poll(s.promote))
	return old
}

// AwaitFailover waits until all sentinels that are up name the same master, which
// is not old, and see that it is well. It returns the new master.
//
// Sentinels give up if the replica takes more than two seconds to become a
// master, as it may on a starved machine. If old runs and they have given up,
// AwaitFailover makes them promote the replica again.
//
// Sentinels name a new master a second before they are connected to it, and take
// it for dead meanwhile. An old master that is started again that early may be
// promoted itself.
func (s *Sentinel) AwaitFailover(t testing.TB, old *Server) *Server {
	t.Helper()
	var master *Server
	must(t, poll(func() (err error) {
		if master, err = s.settled(); err != nil {
			return err
		}
		if master == old {
			return s.insist(old)
		}
		return master.hasRole("master")
	}))
	return master
}

// insist makes the sentinels promote the replica if the master runs. It requires
// that they are calm, and always returns an error.
func (s *Sentinel) insist(master *Server) error {
	err := fmt.Errorf("redistest: %s is still the master", master.Addr())
	if len(up([]*Server{master})) == 0 {
		return err
	}
	return errors.Join(err, s.promote())
}

// Rejoin makes an old master a replica of the new one, and starts it again if it
// is down. It returns when the old master is in step: the set is then whole and
// can fail over again. Sentinels would do the same, but may take twenty seconds.
func (s *Sentinel) Rejoin(t testing.TB, old *Server) {
	t.Helper()
	master := s.AwaitFailover(t, old)
	if old.PID() == 0 {
		old.Start(t)
	}
	old.Do(t, "REPLICAOF", "127.0.0.1", strconv.Itoa(master.port))
	must(t, poll(func() error {
		if err := errors.Join(old.hasRole("slave"), old.linked()); err != nil {
			return err
		}
		return each(up(s.sentinels), func(sentinel *Server) error {
			return sentinel.sees("REPLICAS", "slave")
		})
	}))
}

// settled returns the master if all sentinels that are up name the same one
// and are calm about it.
func (s *Sentinel) settled() (*Server, error) {
	master, err := s.named()
	if err != nil {
		return nil, err
	}
	return master, each(up(s.sentinels), (*Server).calm)
}

// named returns the server that all sentinels that are up name as the master.
func (s *Sentinel) named() (*Server, error) {
	var master *Server
	for _, sentinel := range up(s.sentinels) {
		reply, err := sentinel.list("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterName)
		if err != nil {
			return nil, err
		}
		if len(reply) != 2 {
			return nil, fmt.Errorf("redistest: a sentinel named %v", reply)
		}
		server := find(s.data, net.JoinHostPort(fmt.Sprint(reply[0]), fmt.Sprint(reply[1])))
		if server == nil || master != nil && server != master {
			return nil, errors.New("redistest: the sentinels do not agree on a master")
		}
		master = server
	}
	if master == nil {
		return nil, errors.New("redistest: no sentinel is up")
	}
	return master, nil
}

// promote makes the first sentinel that is up promote the replica.
func (s *Sentinel) promote() error {
	sentinels := up(s.sentinels)
	if len(sentinels) == 0 {
		return errors.New("redistest: no sentinel is up")
	}
	_, err := sentinels[0].Command("SENTINEL", "FAILOVER", MasterName)
	return err
}

// hasRole returns nil if the server has the role, "master" or "slave".
func (s *Server) hasRole(role string) error {
	info, err := s.info("replication")
	if err == nil && info["role"] != role {
		err = fmt.Errorf("redistest: %s has the role %s", s.Addr(), info["role"])
	}
	return err
}

// find returns the server with that address, or nil.
func find(servers []*Server, addr string) *Server {
	for _, s := range servers {
		if s.Addr() == addr {
			return s
		}
	}
	return nil
}
