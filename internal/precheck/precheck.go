// Package precheck is what every store asks of a request before it carries it
// out.
package precheck

import (
	"fmt"

	"github.com/throttled-go/throttled"
)

// ErrNoPlan is the error of a request that whose Plan is not Planned.
var ErrNoPlan = fmt.Errorf("%w: the request has no Plan; Config.Plan makes one", throttled.ErrInvalidConfig)

// Planned reports whether plan is one that Config.Plan made, as that of every
// request of a limiter is.
func Planned(plan *throttled.Plan) bool { return plan != nil && plan.Name() != "" }
