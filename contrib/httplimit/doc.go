// Package httplimit limits what comes into an HTTP server and what goes out of a
// client.
//
//	limiter, err := sync.New(throttled.Config{Quota: throttled.PerMinute(100)})
//	...
//	limit, err := httplimit.New(limiter, httplimit.Options{})
//	...
//	http.ListenAndServe(":8080", limit(mux))
//
// [New] gives a middleware that sends the fields RateLimit and RateLimit-Policy of
// draft-ietf-httpapi-ratelimit-headers-11, answers a denial with 429, Retry-After
// and a problem document (RFC 9457), and takes the client's address for the key.
// Behind a proxy the address is that of the proxy until [ClientIP] is told whom
// to trust. [NewChecker] gives the same as a call, for frameworks whose handlers
// are not those of net/http.
//
// [Transport] holds outgoing requests to a quota and obeys what the server says
// of its own. [NewReader] and [NewWriter] hold a stream to bytes per second.
package httplimit
