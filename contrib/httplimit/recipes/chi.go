package recipes

import (
	"net/http"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/throttled-go/throttled/contrib/httplimit"
)

// What httplimit.New returns is a middleware for chi as it is: router.Use(limit).

// ChiClientIP is a key: the address that one of chi's ClientIPFrom middlewares found,
// which must stand before this one.
var ChiClientIP = httplimit.KeyFunc(func(r *http.Request) (string, error) {
	return httplimit.ClientIP{}.Of(middleware.GetClientIPAddr(r.Context())), nil
})
