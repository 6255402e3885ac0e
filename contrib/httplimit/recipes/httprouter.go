package recipes

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"github.com/throttled-go/throttled/contrib/httplimit"
)

// HTTPRouter holds a handle of httprouter to a quota.
func HTTPRouter(checker *httplimit.Checker, next httprouter.Handle) httprouter.Handle {
	return func(w http.ResponseWriter, r *http.Request, params httprouter.Params) {
		if checker.Check(w, r) {
			next(w, r, params)
		}
	}
}
