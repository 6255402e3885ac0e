// Package precheck is what every store asks of a request before it carries it
// out.
package precheck

import (
	"fmt"

	"github.com/throttled-go/throttled"
)

// ErrNoPlan is the error of a request that is not Planned.
var ErrNoPlan = fmt.Errorf("%w: the request has no Plan; Config.Plan makes one", throttled.ErrInvalidConfig)

// Planned reports whether req has a Plan that Config.Plan made, as every request
// of a limiter has.
func Planned(req *throttled.Request) bool { return req.Plan != nil && req.Plan.Name() != "" }
