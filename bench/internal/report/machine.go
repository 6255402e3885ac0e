package report

import (
	"runtime"
	"runtime/debug"

	"github.com/klauspost/cpuid/v2"

	"github.com/throttled-go/throttled/bench/peers"
)

// Machine is what the figures hold for. It names no host.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Go    string `json:"go"`
}

func machine() Machine {
	cpu := cpuid.CPU.BrandName
	if cpu == "" {
		cpu = "not told by the processor"
	}
	return Machine{CPU: cpu, Cores: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()}
}

// peerList returns what is measured, with the versions that are built in.
func peerList() (list []Peer) {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			versions[module.Path] = module.Version
			if module.Replace != nil {
				versions[module.Path] = "this checkout"
			}
		}
	}
	for _, peer := range peers.All() {
		list = append(list, Peer{
			Name: peer.Name, What: peer.What, Module: peer.Module, Version: versions[peer.Module],
			Law: string(peer.Law), Bound: peer.Bound, Bounded: peer.Bounded,
		})
	}
	return list
}
