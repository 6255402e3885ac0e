package httplimit

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/throttled-go/throttled"
)

// Decision is what was decided on a request, for [Options].Observe.
type Decision struct {
	// Key is what the request counts to, "" where it has none.
	Key string

	// Cost is what was asked for.
	Cost int64

	// Result is the answer of the limiter, if Err is nil.
	Result throttled.Result

	// Err tells why there is no answer: it wraps [ErrNoKey] or [ErrBadKey], or is
	// what [Options].Key or the limiter returned.
	Err error
}

// Refusal is a request that does not go ahead, for [Options].Refuse. The fields of the
// answer, Retry-After among them, are already set.
type Refusal struct {
	Decision

	// Status is 429 for a denial; 400 where the request has no key; 503 where the
	// limiter has no answer, or the context of the request ended; 500 where
	// [Options].Cost gave a negative one.
	Status int

	// Policies has the name of the policy that denies. It is empty unless Status
	// is 429.
	Policies []string

	problem []byte
}

// Write answers with Status and a problem document: it is what is done where
// Options.Refuse is nil.
func (f Refusal) Write(w http.ResponseWriter) {
	h := w.Header()
	h.Del("Content-Length") // of what would have been the answer
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(f.Status)
	_, _ = w.Write(f.problem) // the client may be gone, and nobody is left to tell
}

// problem is a document of RFC 9457.
type problem struct {
	Type     string    `json:"type"`
	Title    string    `json:"title"`
	Status   int       `json:"status"`
	Detail   string    `json:"detail,omitempty"`
	Violated *[]string `json:"violated-policies,omitempty"`
}

// The types of the draft, which IANA is asked to register, and the one without a
// meaning of its own.
const (
	typeQuotaExceeded   = "https://iana.org/assignments/http-problem-types#quota-exceeded"
	typeReducedCapacity = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
	typeBlank           = "about:blank"
)

// What is answered where no policy denies.
var (
	reducedCapacity = document(problem{
		Type: typeReducedCapacity, Title: "Temporary Reduced Capacity", Status: http.StatusServiceUnavailable, Violated: &[]string{},
	})
	noKey = document(problem{
		Type: typeBlank, Title: "Bad Request", Status: http.StatusBadRequest, Detail: "Nothing tells whose quota this request counts to.",
	})
	badCost = document(problem{
		Type: typeBlank, Title: "Internal Server Error", Status: http.StatusInternalServerError,
	})
	unnamedQuota = document(problem{
		Type: typeQuotaExceeded, Title: "Quota Exceeded", Status: http.StatusTooManyRequests, Violated: &[]string{},
	})
)

// quotaExceeded is the document of a denial by one policy.
func quotaExceeded(policy string) []byte {
	return document(problem{
		Type: typeQuotaExceeded, Title: "Quota Exceeded", Status: http.StatusTooManyRequests, Violated: &[]string{policy},
	})
}

func document(p problem) []byte {
	text, err := json.Marshal(p)
	if err != nil { // strings and a number: there is nothing to fail
		text = []byte(`{"type":"about:blank","status":` + strconv.Itoa(p.Status) + `}`)
	}
	return append(text, '\n')
}
